//! The terminal UI: what the daemon runs, on a screen, with keys.
//!
//! [`state`] is what it knows, [`update`] what it does next, [`view`] what it looks like; these are pure. [`hands`] join
//! them to the terminal, the clock and the daemon, through the client that every verb uses: there is nothing here that
//! `curl` can't do. [`keys`] is the one table of keys, [`log`] the window on a log.
//!
//! Invariant: the terminal is given back as it was, however this ends; what a run printed can't steer it.
//! Tests: scripts in `update/tests.rs`, pictures in `view/tests.rs`.

mod ansi;
mod hands;
mod keys;
mod log;
mod message;
mod state;
mod text;
mod update;
mod view;
#[cfg(test)]
mod world;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::client::Client;
use crate::wire::Problem;
use state::Setting;
use view::theme::{Colors, Theme};

/// How it is opened.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Whether the daemon was started for this, so that quitting asks what becomes of it.
    pub own_daemon: bool,
    /// Whether the daemon is a demo's.
    pub demo: bool,
    /// No colours.
    pub plain: bool,
}

/// How it ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Whether the daemon is to be shut down.
    pub stop_daemon: bool,
    /// How often the screen was drawn.
    pub frames: u64,
}

/// Shows it until the user leaves.
pub async fn run(client: Client, manner: Manner) -> Result<Ended, Problem> {
    let setting = Setting {
        place: client.place(),
        own_daemon: manner.own_daemon,
        demo: manner.demo,
        zone: TimeZone::system(),
        now: Timestamp::now(),
        size: (80, 24),
    };
    let colors = Colors::detect(manner.plain, &|name| std::env::var(name).ok());
    let ended = hands::run(client, setting, Theme::new(colors)).await?;
    Ok(Ended {
        stop_daemon: ended.stop_daemon,
        frames: ended.frames,
    })
}
