//! What a project carries: the SDK as it is here, and the interfaces.
//!
//! Invariant: every file there is, is here. Written by a golden test; `cargo xtask codegen` writes it anew.

use super::Files;

macro_rules! file {
    ($folder:literal, $path:literal) => {
        ($path, include_str!(concat!("../../../", $folder, $path)))
    };
}

/// The interfaces, for the tools of other languages.
pub(crate) const WIT: Files = &[
    file!("wit/v0.1/", "host.wit"),
    file!("wit/v0.1/", "importer.wit"),
    file!("wit/v0.1/", "notifier.wit"),
    file!("wit/v0.1/", "types.wit"),
];

/// The SDK as a crate of its own. Its manifest is `sdk-Cargo.toml`, since here it shares the workspace's.
pub(crate) const SOURCES: Files = &[
    ("Cargo.toml", include_str!("../sdk-Cargo.toml")),
    file!("plugin-sdk/", "src/clock.rs"),
    file!("plugin-sdk/", "src/describe.rs"),
    file!("plugin-sdk/", "src/export.rs"),
    file!("plugin-sdk/", "src/files.rs"),
    file!("plugin-sdk/", "src/host.rs"),
    file!("plugin-sdk/", "src/http.rs"),
    file!("plugin-sdk/", "src/lib.rs"),
    file!("plugin-sdk/", "src/log.rs"),
    file!("plugin-sdk/", "src/mail.rs"),
    file!("plugin-sdk/", "src/message/mod.rs"),
    file!("plugin-sdk/", "src/message/tests.rs"),
    file!("plugin-sdk/", "src/message/text.rs"),
    file!("plugin-sdk/", "src/message/time.rs"),
    file!("plugin-sdk/", "src/message/values.rs"),
    file!("plugin-sdk/", "src/sample.rs"),
    file!("plugin-sdk/", "src/settings/mod.rs"),
    file!("plugin-sdk/", "src/settings/reading.rs"),
    file!("plugin-sdk/", "src/template.rs"),
    file!("plugin-sdk/", "src/testing/calls.rs"),
    file!("plugin-sdk/", "src/testing/documents.rs"),
    file!("plugin-sdk/", "src/testing/files.rs"),
    file!("plugin-sdk/", "src/testing/grants.rs"),
    file!("plugin-sdk/", "src/testing/mod.rs"),
    file!("plugin-sdk/", "src/testing/recorded.rs"),
    file!("plugin-sdk/", "src/testing/schema.rs"),
    file!("plugin-sdk/", "src/wit/importer.rs"),
    file!("plugin-sdk/", "src/wit/notifier.rs"),
];
