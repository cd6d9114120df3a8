//! The loop, and the handle through which faces reach it.

pub mod handle;
pub mod history;
pub mod options;
pub mod output;
