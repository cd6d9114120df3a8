//! The HTTP API: one router for the Unix socket and for TCP, behind one guard ([`access`]). The CLI and the TUI are its clients too.
//!
//! Handlers translate: a request becomes a question to [`crate::daemon::handle::Handle`] or to the history, the answer
//! becomes a document of [`crate::wire`], a refusal a [`problem`]. All paths begin with [`crate::wire::PREFIX`].
//!
//! Invariant: nothing is decided here, and nothing here blocks the loop's thread: what reads a disk runs on the
//! blocking pool. Tests: `wire/tests`, against a loop and a history made of tables.

pub mod access;
pub mod caller;
pub mod choose;
pub mod follow;
pub mod listen;
pub mod openapi;
pub mod page;
pub mod problem;
pub mod query;
mod reference;
pub mod router;
pub mod routes;
pub mod sse;
pub mod stream;
pub mod tcp;
pub mod tls;
pub mod waiting;

/// The largest body of a request, bytes.
pub const MAX_BODY: usize = 64 * 1024;
