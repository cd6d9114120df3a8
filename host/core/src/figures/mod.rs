//! Figures: what runs use, what has been counted, and how both are told.
//!
//! `usage` makes processor time and memory of what was read about processes; `series` keeps the last hour, `bucket`
//! what is written down of it for longer, `points` makes as many points of both as a chart wants. `tally` counts what
//! the loop records, with `histogram`; `exposition` tells it.
//!
//! Invariant: pure. What is read from the system, and when, comes in as arguments.

pub mod bucket;
pub mod exposition;
pub mod histogram;
pub mod look;
pub mod points;
pub mod series;
pub mod tally;
pub mod usage;

pub use crate::words::status::Usage;
