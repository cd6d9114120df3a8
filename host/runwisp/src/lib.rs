//! The product: everything but the keeper's and the core's work.

pub mod daemon;
