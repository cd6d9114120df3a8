//! Configuration, compiled: text → raw tables with spans → checks, all findings at once → [`plan::Plan`] → differences.
//!
//! Invariant: a text with an error never yields a plan.

pub mod plan;
