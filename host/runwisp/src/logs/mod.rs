//! What runs printed: files that anyone can `cat`, and one module through which all else is read.
//!
//! The keeper writes a log and its index (`runwisp_core::words::log_index`); here both are made, read, searched,
//! compressed and removed. See [`LogReader`], [`search`](search::search), [`sweep`](sweep::sweep).
//!
//! Invariants: knows the words and nothing of the daemon. A log is whole without its index. Nothing here changes a
//! byte of what was printed: masking and decoding are for whoever shows it.
//!
//! Tests are in `tests/`, and beside what is pure.

mod assemble;
mod compress;
mod create;
mod error;
mod index;
mod line;
mod paths;
mod reader;
mod scan;
pub mod search;
mod source;
pub mod sweep;
#[cfg(test)]
mod tests;
mod walk;

pub use compress::compress;
pub use create::{OpenLog, create, free_space, remove};
pub use error::LogError;
pub use index::written;
pub use line::{From, Line, Page, Place, Stream};
pub use paths::{log_name, logs_dir};
pub use reader::{Bytes, LogReader};
pub use scan::OutputScanner;
