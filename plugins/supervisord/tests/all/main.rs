//! The importer from outside: goldens, the comparison with the real parser, the host's own splitter, the manual, and
//! texts that nobody would write.
//!
//! One binary, for linking costs more than running.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod differential;
mod golden;
mod host;
mod manual;
mod odd;
mod plain;
mod render;
