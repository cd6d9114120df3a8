//! `runwisp plugin new`: a project that builds and passes its tests at once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use runwisp_plugin_templates::{File, Kind, Language, Refusal, project};
use serde_json::json;

use crate::cli::context::{Context, io_failed};
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// What to begin, and where.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of the project; its last part is the plugin's name
    dir: PathBuf,
    /// What it is for
    #[arg(long, value_enum, default_value = "notifier")]
    kind: Wanted,
    /// What it is written in
    #[arg(long, value_enum, default_value = "rust")]
    lang: Written,
}

/// What a plugin is for.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Wanted {
    /// Tells people
    Notifier,
    /// Reads what other programs are configured with
    Importer,
}

/// What it is written in.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Written {
    Rust,
    Python,
    #[value(alias = "javascript")]
    Js,
}

/// Writes the project.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let kind = match args.kind {
        Wanted::Notifier => Kind::Notifier,
        Wanted::Importer => Kind::Importer,
    };
    let language = match args.lang {
        Written::Rust => Language::Rust,
        Written::Python => Language::Python,
        Written::Js => Language::JavaScript,
    };
    let dir = std::path::absolute(&args.dir)
        .map_err(|why| io_failed(format!("use {}", args.dir.display()), &why))?;
    let name = dir
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let files = project(kind, language, name).map_err(|refusal| refused(refusal, name))?;
    if fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(
            Problem::new("plugin.refused", format!("{} is not empty", dir.display()))
                .help("Choose another folder."),
        );
    }
    let begun = !dir.exists();
    write(&dir, &files).map_err(|why| {
        if begun {
            // Half a project helps nobody; what can't be removed is in the way of the next try, which says so.
            let _ = fs::remove_dir_all(&dir);
        }
        io_failed(format!("write {}", dir.display()), &why)
    })?;
    if context.out.json {
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        context
            .out
            .document(json!({"name": name, "dir": dir, "files": paths}))?;
    } else {
        context
            .out
            .line(&format!("wrote {} files to {}", files.len(), dir.display()))?;
        context.out.line("its README.md has the commands; `runwisp plugin test` runs its tests and checks what was built")?;
    }
    Ok(Exit::Done)
}

fn write(dir: &Path, files: &[File]) -> io::Result<()> {
    for file in files {
        let path = dir.join(&file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, &file.text)?;
    }
    Ok(())
}

fn refused(refusal: Refusal, name: &str) -> Problem {
    match refusal {
        Refusal::BadName => Problem::new(
            "request.invalid",
            format!("{name:?} can't be the name of a plugin"),
        )
        .help("A name has lower-case letters, digits and `-`, begins with a letter, and is no name of Rust's own."),
        Refusal::NoTemplate => Problem::new(
            "request.invalid",
            "there is no template for an importer in this language",
        )
        .help("Importers are begun in Rust: --lang rust."),
    }
}
