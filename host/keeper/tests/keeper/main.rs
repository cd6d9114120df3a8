//! Tests of the keeper with a real process of its own, real children, and this test as its daemon.
//!
//! Every wait is for a report or for the end of a process; the limit on it only turns a hang into a failure.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod bench;
mod capture;
mod cgroups;
mod daemon_life;
mod ends;
mod escapees;
mod spawning;
mod stopping;
mod trusted;
mod upgrades;
