//! Commands as a shell reads them, as far as an importer has to know.
//!
//! Invariant: nothing here decides what runs; a wrong guess makes a name less good, or a prefix superfluous.

mod main_command;
mod name;
mod words;

pub(crate) use main_command::{Main, folder, main_command};
pub(crate) use name::{clean, name};
pub(crate) use words::goes_on_after_failure;
