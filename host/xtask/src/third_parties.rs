//! The examples of `examples/plugins`, built and tested as their READMEs tell strangers to, into target/third-parties,
//! where the end-to-end tests pick them up. What has not changed since is not built again.
//!
//! They are built in a copy of their folder, so that nothing of it lands among the sources.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Outcome, command, root, run, target_dir, works};

/// What is written beside a component once it is complete: what it was made of.
const MADE_OF: &str = "made-of";

/// Builds all of them.
pub(crate) fn build() -> Outcome {
    rust(&["ntfy", "procfile"])?;
    python("gotify", "gotify-py")?;
    javascript("discord", "discord-js")
}

fn folder() -> PathBuf {
    target_dir().join("third-parties")
}

/// Members of this workspace, whose tests run with all others. The folder is that of the bundled plugins, which have
/// compiled most of it.
fn rust(names: &[&str]) -> Outcome {
    let target = target_dir().join("bundled-plugins");
    let mut cargo = command("cargo", &["build", "--profile", "plugin"]);
    cargo.args(["--target", "wasm32-wasip2", "--target-dir"]);
    cargo.arg(&target);
    names.iter().for_each(|name| {
        cargo.args(["--package", name]);
    });
    run(&mut cargo)?;
    make(&folder())?;
    for name in names {
        let file = format!("{name}.wasm");
        let built = target.join("wasm32-wasip2/plugin").join(&file);
        let to = folder().join(&file);
        fs::copy(&built, &to).map_err(|e| format!("could not copy {}: {e}", built.display()))?;
    }
    Ok(())
}

fn python(name: &str, example: &str) -> Outcome {
    build_changed(name, example, |place| {
        let bin = target_dir().join("tools/venv/bin");
        let componentize = bin.join("componentize-py").to_string_lossy().into_owned();
        let world = ["-d", "../../../wit/v0.1", "-w", "notifier"];
        let mut bindings = command(&componentize, &world);
        run(bindings.args(["bindings", "bindings"]).current_dir(place))?;
        let mut tests = command(&bin.join("python").to_string_lossy(), &["-m", "unittest"]);
        run(tests.env("PYTHONPATH", "bindings").current_dir(place))?;
        let mut component = command(&componentize, &world);
        let file = format!("{name}.wasm");
        run(component
            .args(["componentize", "app", "-o", &file])
            .current_dir(place))
    })
}

fn javascript(name: &str, example: &str) -> Outcome {
    if !works("npm", &["--version"]) {
        return Err("npm is missing: install Node.js 20 or later".into());
    }
    build_changed(name, example, |place| {
        let npm = |words: &[&str]| run(command("npm", words).current_dir(place));
        npm(&["install", "--no-audit", "--no-fund", "--loglevel=error"])?;
        npm(&["test"])?;
        npm(&["run", "build"])
    })
}

/// Builds in a copy of the example that has the interfaces where the example expects them.
fn build_changed(name: &str, example: &str, build: impl FnOnce(&Path) -> Outcome) -> Outcome {
    let from = root().join("examples/plugins").join(example);
    let wit = root().join("wit/v0.1");
    let made_of = [text_of(&from)?, text_of(&wit)?, versions()?].concat();
    let component = folder().join(format!("{name}.wasm"));
    let stamp = folder().join(format!("{name}.{MADE_OF}"));
    if component.exists() && fs::read_to_string(&stamp).is_ok_and(|was| was == made_of) {
        return Ok(());
    }
    let copy = folder().join("copy");
    let place = copy.join("examples/plugins").join(example);
    // What a build before left there can be in the way of this one.
    if place.exists() {
        fs::remove_dir_all(&place)
            .map_err(|e| format!("could not remove {}: {e}", place.display()))?;
    }
    copy_files(&from, &place)?;
    copy_files(&wit, &copy.join("wit/v0.1"))?;
    build(&place)?;
    let built = place.join(format!("{name}.wasm"));
    fs::copy(&built, &component).map_err(|e| format!("could not copy {}: {e}", built.display()))?;
    fs::write(&stamp, made_of).map_err(|e| format!("could not write {}: {e}", stamp.display()))
}

/// The versions of what builds them, where they do not say so themselves.
fn versions() -> Result<String, String> {
    let path = root().join("tests/requirements.txt");
    fs::read_to_string(&path).map_err(|e| format!("could not read {}: {e}", path.display()))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder)
        .map_err(|e| format!("could not list {}: {e}", folder.display()))?
        .flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    Ok(files)
}

fn text_of(folder: &Path) -> Result<String, String> {
    let read = |path: &PathBuf| {
        let text = fs::read(path).map_err(|e| format!("could not read {}: {e}", path.display()))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    };
    files(folder)?.iter().map(read).collect()
}

fn copy_files(from: &Path, to: &Path) -> Outcome {
    make(to)?;
    for path in files(from)? {
        let name = path.file_name().unwrap_or_default();
        fs::copy(&path, to.join(name))
            .map_err(|e| format!("could not copy {}: {e}", path.display()))?;
    }
    Ok(())
}

fn make(folder: &Path) -> Outcome {
    fs::create_dir_all(folder).map_err(|e| format!("could not make {}: {e}", folder.display()))
}
