//! Why a component does not load. Each text says what to do.

use std::path::PathBuf;

use crate::load::component::Digest;

/// Why a component does not load. Texts complete "could not load NAME: …".
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LoadError {
    /// The file can't be read.
    #[error("{} can't be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word.
        why: String,
    },
    /// The file is not the one that was added.
    #[error("{} has changed since it was added (sha256 was {was}, is {is}); if you trust it, `runwisp plugin add` it again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// The digest it was added with.
        was: Digest,
        /// The digest it has.
        is: Digest,
    },
    /// More bytes than a component may have.
    #[error("it is larger than {limit} bytes, the limit")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// Some other file.
    #[error("it is no WebAssembly at all; name the `.wasm` file that the build left")]
    NotWasm,
    /// A plain module.
    #[error(
        "it is a plain WebAssembly module, not a component; build it with `--target wasm32-wasip2`"
    )]
    Module,
    /// A component that is damaged, or uses what plugins may not.
    #[error(
        "it is damaged, cut short, or uses a part of WebAssembly that plugins do not have: {0}"
    )]
    Malformed(String),
    /// A component of some other world.
    #[error(
        "it is neither a notifier nor an importer: it exports {exports}; a plugin exports `runwisp:plugin/notifier-api` or `runwisp:plugin/importer-api`"
    )]
    OtherWorld {
        /// What it exports.
        exports: String,
    },
    /// More than one kind of plugin in one component.
    #[error("it is a notifier and an importer at once; build two components")]
    TwoKinds,
    /// A version that is not served.
    #[error("it speaks version {speaks} of the interface, and this program {serves}; {help}")]
    Version {
        /// What the plugin was built for.
        speaks: String,
        /// What is served.
        serves: String,
        /// What to do.
        help: String,
    },
    /// It needs something of the host that no plugin gets, or that only a later version has.
    #[error(
        "it needs something that this program does not offer: {0}; build it against an older SDK, or update runwisp"
    )]
    Import(String),
    /// The compiler did not finish.
    #[error("it could not be compiled: {0}")]
    Compile(String),
}

impl LoadError {
    /// A stable name, for logs and JSON.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            LoadError::Unreadable { .. } => "unreadable",
            LoadError::Changed { .. } => "changed",
            LoadError::TooLarge { .. } => "too_large",
            LoadError::NotWasm => "not_wasm",
            LoadError::Module => "not_a_component",
            LoadError::Malformed(_) => "malformed",
            LoadError::OtherWorld { .. } => "other_world",
            LoadError::TwoKinds => "two_kinds",
            LoadError::Version { .. } => "version",
            LoadError::Import(_) => "import",
            LoadError::Compile(_) => "compile",
        }
    }
}
