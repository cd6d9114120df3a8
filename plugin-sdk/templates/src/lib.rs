//! The projects that `runwisp plugin new` writes, as data: paths and texts.
//!
//! A project in Rust carries the SDK in its folder `sdk`, one in Python or JavaScript carries the interfaces in `wit`. So
//! it builds for somebody who has nothing but the program, and it always fits the program that wrote it. Once the SDK is
//! published, the line in `Cargo.toml` that names `sdk` becomes a version, and the folder goes.
//!
//! Invariant: nothing is written here. Tests: `tests.rs`, which builds and tests a project of each kind.

#![forbid(unsafe_code)]

mod sdk;

/// What a plugin is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Tells people.
    Notifier,
    /// Reads what other programs are configured with.
    Importer,
}

/// What it is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust, with the SDK.
    Rust,
    /// Python, through componentize-py.
    Python,
    /// JavaScript, through componentize-js.
    JavaScript,
}

/// One file of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path from the project's folder, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// Stands in the templates for the plugin's name; with `_` for `-`, for its file's.
const NAME: &str = "plugin-name";
const FILE_NAME: &str = "plugin_name";

macro_rules! files {
    ($($path:literal => $file:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../", $file)))),*]
    };
}

type Files = &'static [(&'static str, &'static str)];

const RUST: Files = files! {
    "Cargo.toml" => "rust/Cargo.toml",
    "rust-toolchain.toml" => "rust/rust-toolchain.toml",
    ".gitignore" => "rust/gitignore",
};

const RUST_NOTIFIER: Files = files! {
    "README.md" => "rust-notifier/README.md",
    "src/lib.rs" => "rust-notifier/src/lib.rs",
};

const RUST_IMPORTER: Files = files! {
    "README.md" => "rust-importer/README.md",
    "src/lib.rs" => "rust-importer/src/lib.rs",
};

const PYTHON_NOTIFIER: Files = files! {
    "README.md" => "python-notifier/README.md",
    ".gitignore" => "python-notifier/gitignore",
    "app.py" => "python-notifier/app.py",
    "test_app.py" => "python-notifier/test_app.py",
};

const JAVASCRIPT_NOTIFIER: Files = files! {
    "README.md" => "javascript-notifier/README.md",
    ".gitignore" => "javascript-notifier/gitignore",
    "package.json" => "javascript-notifier/package.json",
    "build.js" => "javascript-notifier/build.js",
    "app.js" => "javascript-notifier/app.js",
    "notifier.js" => "javascript-notifier/notifier.js",
    "notifier.test.js" => "javascript-notifier/notifier.test.js",
};

/// Why there is no project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A plugin's name has lower-case letters, digits and `-`, and begins with a letter.
    BadName,
    /// Importers are written in Rust: reading a foreign format well wants the SDK's tests.
    NoTemplate,
}

/// The files of a new project, or why there are none.
pub fn project(kind: Kind, language: Language, name: &str) -> Result<Vec<File>, Refusal> {
    if !is_name(name) {
        return Err(Refusal::BadName);
    }
    let (parts, folder, carried): (&[Files], &str, Files) = match (kind, language) {
        (Kind::Notifier, Language::Rust) => (&[RUST, RUST_NOTIFIER], "sdk", sdk::SOURCES),
        (Kind::Importer, Language::Rust) => (&[RUST, RUST_IMPORTER], "sdk", sdk::SOURCES),
        (Kind::Notifier, Language::Python) => (&[PYTHON_NOTIFIER], "wit", sdk::WIT),
        (Kind::Notifier, Language::JavaScript) => (&[JAVASCRIPT_NOTIFIER], "wit", sdk::WIT),
        (Kind::Importer, Language::Python | Language::JavaScript) => {
            return Err(Refusal::NoTemplate);
        }
    };
    let own = parts.iter().copied().flatten().map(|(path, text)| File {
        path: (*path).into(),
        text: text
            .replace(NAME, name)
            .replace(FILE_NAME, &name.replace('-', "_")),
    });
    let carried = carried.iter().map(|(path, text)| File {
        path: format!("{folder}/{path}"),
        text: (*text).into(),
    });
    Ok(own.chain(carried).collect())
}

/// Whether this can be the name of a plugin, and of the Rust crate that it is.
fn is_name(name: &str) -> bool {
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    // `test` and the like can't be crates, and `sdk` would be two.
    let taken = [
        "test",
        "core",
        "std",
        "alloc",
        "proc-macro",
        "runwisp-plugin",
        "serde",
        "serde-json",
    ];
    name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && name.len() <= 40
        && name.chars().all(plain)
        && !name.ends_with('-')
        && !taken.contains(&name)
}

#[cfg(test)]
mod tests;
