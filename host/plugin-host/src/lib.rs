//! Runs plugins: WebAssembly components, with what they were granted and no more.
//!
//! Invariant: knows nothing of the daemon.
