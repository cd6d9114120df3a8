//! Every decision runwisp takes, and the words all parts share.
//!
//! Floors, lowest first: [`words`] (what is said between parts), then [`config`], [`schedule`], [`machine`]
//! and [`notify`] (what is decided), [`figures`] (what is measured and counted). A machine answers with data; it never acts.
//!
//! Invariant: nothing here reads a clock, a file or the environment, starts a thread, or draws randomness. All of
//! that comes in as arguments, so a year of a machine's life can be tested in seconds.
//!
//! Tests stand beside the code they test.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod config;
pub mod figures;
pub mod machine;
pub mod mask;
pub mod notify;
pub mod retention;
pub mod schedule;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
pub mod words;
