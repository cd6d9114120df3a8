//! `cargo xtask dist`: one archive with the program, its man pages, completions and examples, under target/dist.

use std::fs;
use std::path::Path;

use crate::say;
use crate::shell::{Outcome, cargo, command, output, root, run, target_dir};

const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

pub(crate) fn dist() -> Outcome {
    crate::setup::plugin_target()?;
    cargo(&["build", "--release", "--locked", "--package", "runwisp"])?;
    let program = target_dir().join("release/runwisp");
    let name = format!(
        "runwisp-{}-{}-linux",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH
    );
    let dist = target_dir().join("dist");
    let tree = dist.join(&name);
    let _ = fs::remove_dir_all(&tree);
    for folder in ["man", "completions", "examples"] {
        let folder = tree.join(folder);
        fs::create_dir_all(&folder)
            .map_err(|e| format!("could not make {}: {e}", folder.display()))?;
    }
    let program_name = program.to_string_lossy().into_owned();
    let man = tree.join("man").to_string_lossy().into_owned();
    output(&mut command(&program_name, &["man", "--dir", &man]))?;
    for shell in SHELLS {
        let script = output(&mut command(&program_name, &["completions", shell]))?;
        write(&tree.join(format!("completions/runwisp.{shell}")), &script)?;
    }
    copy(&program, &tree.join("runwisp"))?;
    for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        if root().join(file).exists() {
            copy(&root().join(file), &tree.join(file))?;
        }
    }
    let examples = fs::read_dir(root().join("examples"))
        .map_err(|e| format!("could not list examples: {e}"))?;
    for file in examples.flatten().filter(|file| file.path().is_file()) {
        copy(&file.path(), &tree.join("examples").join(file.file_name()))?;
    }
    let archive = dist.join(format!("{name}.tar.gz"));
    let (archive, folder) = (archive.to_string_lossy(), dist.to_string_lossy());
    run(&mut command(
        "tar",
        &["-C", &folder, "-czf", &archive, &name],
    ))?;
    say::result(&archive);
    Ok(())
}

fn write(path: &Path, text: &str) -> Outcome {
    fs::write(path, text).map_err(|e| format!("could not write {}: {e}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::copy(from, to)
        .map(drop)
        .map_err(|e| format!("could not copy {} to {}: {e}", from.display(), to.display()))
}
