//! What end-to-end tests share: a place of its own for each test, a real daemon in it, its client, and its events.
//!
//! A [`Place`] is a directory with a configuration and data; daemons come and go in it. When it is dropped, nothing
//! that was started in it may be alive: every process below it carries the place's mark in its environment.
//!
//! Invariant: the program is used as anyone uses it, by its command line, its socket and its files. Waiting is for an
//! event, bounded by [`PATIENCE`]; time that passes proves nothing.
//!
//! Tests: `tests/e2e`, which is all that uses this; the servers have their own beside them.

mod answer;
mod code;
mod daemon;
mod events;
mod exposition;
mod logs;
mod place;
mod processes;
pub mod servers;
mod status;
mod system;
mod terminal;
mod web;

use std::time::Duration;

pub use answer::Answer;
pub use daemon::Daemon;
pub use events::Events;
pub use exposition::Exposition;
pub use logs::{Counted, Line, counted, counted_raw};
pub use place::Place;
pub use processes::{alive, children_of, environment, executable, kill, start_time};
pub use status::Status;
pub use system::{
    bad_child, boot_clock, child, component, fifo, is_root, loop_disk, mount_loop, poke, program,
    promtool, python, read_when_there, skip, steal_pid, third_party, tmpfs, until, until_within,
    write_protect,
};
pub use terminal::Terminal;
pub use web::{Told, Web, fingerprint};

/// The longest any wait may take on any machine; a failed wait says what it waited for and what was true instead.
pub const PATIENCE: Duration = Duration::from_secs(30);
