//! The words all parts of runwisp share: plain data, no behaviour beyond making and printing it.
//!
//! Invariant: depends on nothing else in this crate.

pub mod action;
pub mod audit;
pub mod command;
pub mod diagnostic;
pub mod digest;
pub mod event;
pub mod event_kind;
pub mod glob;
pub mod ids;
pub mod input;
pub mod keeper;
pub mod log_index;
pub mod notice;
pub mod run;
#[cfg(feature = "openapi")]
mod schema;
pub mod signal;
pub mod spawn;
pub mod status;
pub mod time;
