//! What a project carries: the SDK as it is here, and the interfaces.
//!
//! Invariant: every source file of the SDK is named, which a test checks.

use super::Files;

macro_rules! below {
    ($folder:literal, $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../", $folder, "/", $path)))),*]
    };
}

/// The interfaces, for the tools of other languages.
pub(crate) const WIT: Files = below!(
    "wit/v0.1",
    "host.wit",
    "importer.wit",
    "notifier.wit",
    "types.wit",
);

/// The SDK as a crate of its own. Its manifest is `sdk-Cargo.toml`, since in this repository it shares the workspace's.
pub(crate) const SOURCES: Files = &[
    ("Cargo.toml", include_str!("../sdk-Cargo.toml")),
    ("src/clock.rs", include_str!("../../src/clock.rs")),
    ("src/describe.rs", include_str!("../../src/describe.rs")),
    ("src/export.rs", include_str!("../../src/export.rs")),
    ("src/files.rs", include_str!("../../src/files.rs")),
    ("src/host.rs", include_str!("../../src/host.rs")),
    ("src/http.rs", include_str!("../../src/http.rs")),
    ("src/lib.rs", include_str!("../../src/lib.rs")),
    ("src/log.rs", include_str!("../../src/log.rs")),
    ("src/mail.rs", include_str!("../../src/mail.rs")),
    (
        "src/message/mod.rs",
        include_str!("../../src/message/mod.rs"),
    ),
    (
        "src/message/tests.rs",
        include_str!("../../src/message/tests.rs"),
    ),
    (
        "src/message/text.rs",
        include_str!("../../src/message/text.rs"),
    ),
    (
        "src/message/time.rs",
        include_str!("../../src/message/time.rs"),
    ),
    (
        "src/message/values.rs",
        include_str!("../../src/message/values.rs"),
    ),
    ("src/sample.rs", include_str!("../../src/sample.rs")),
    ("src/settings.rs", include_str!("../../src/settings.rs")),
    ("src/template.rs", include_str!("../../src/template.rs")),
    (
        "src/testing/calls.rs",
        include_str!("../../src/testing/calls.rs"),
    ),
    (
        "src/testing/files.rs",
        include_str!("../../src/testing/files.rs"),
    ),
    (
        "src/testing/grants.rs",
        include_str!("../../src/testing/grants.rs"),
    ),
    (
        "src/testing/mod.rs",
        include_str!("../../src/testing/mod.rs"),
    ),
    (
        "src/testing/recorded.rs",
        include_str!("../../src/testing/recorded.rs"),
    ),
    (
        "src/testing/schema.rs",
        include_str!("../../src/testing/schema.rs"),
    ),
    (
        "src/wit/importer.rs",
        include_str!("../../src/wit/importer.rs"),
    ),
    (
        "src/wit/notifier.rs",
        include_str!("../../src/wit/notifier.rs"),
    ),
    (
        "src/testing/table.rs",
        include_str!("../../src/testing/table.rs"),
    ),
];
