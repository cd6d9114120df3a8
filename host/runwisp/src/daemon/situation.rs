//! What is true of the daemon itself: since when, from what files, and what troubles it has.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use runwisp_core::notify::Heard;
use runwisp_core::words::event::Event;
use tokio::sync::watch;

use super::configuration::Configuration;
use super::handle::{DaemonStatus, Web};
use super::main_loop::MainLoop;
use super::options::Options;
use crate::access::Access;

/// Everything about the daemon that is not about its units.
pub(crate) struct Situation {
    pub(crate) options: Options,
    /// The configuration in force, as read.
    pub(crate) loaded: Configuration,
    pub(crate) keeper_pid: i32,
    /// The keeper's path of the program, as the keeper named it when it started this process: what an upgrade executes.
    pub(crate) binary: PathBuf,
    /// The random name of the data directory, in every child's environment.
    pub(crate) data_id: String,
    pub(crate) started_at: Timestamp,
    /// No daemon of this keeper came before.
    pub(crate) fresh: bool,
    pub(crate) exit_when_done: bool,
    pub(crate) stopping: bool,
    /// Where HTTP is served over TCP.
    pub(crate) web: watch::Receiver<Web>,
    pub(crate) access: Arc<Access>,
    /// Troubles that last, by part.
    pub(crate) troubles: BTreeMap<&'static str, String>,
    /// What was found at start, such as a database that had to be moved aside.
    pub(crate) notices: Vec<String>,
}

impl Situation {
    /// A new configuration is in force.
    pub(crate) fn accept(&mut self, mut loaded: Configuration) {
        loaded.keep(&self.options.data);
        if let Some(plan) = &loaded.plan {
            self.exit_when_done = self.options.exit_when_done || plan.daemon.exit_when_done;
        }
        loaded.told_stale = self.loaded.told_stale;
        self.loaded = loaded;
    }

    fn timezone(&self) -> String {
        let plan = self.loaded.plan.as_ref();
        let zone = plan.and_then(|plan| plan.daemon.timezone.iana_name());
        zone.unwrap_or("UTC").to_owned()
    }

    /// A snapshot for people.
    pub(crate) fn status(&self, hostname: &str) -> DaemonStatus {
        let config = self.loaded.warnings();
        let fallback = self.loaded.is_fallback().then(|| {
            "the configuration is broken and the last good one is in force; `runwisp validate` says what is wrong"
                .to_owned()
        });
        let warnings = self
            .troubles
            .values()
            .chain(&self.notices)
            .cloned()
            .chain(self.access.troubles())
            .chain(fallback)
            .chain(config)
            .collect();
        DaemonStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            keeper_pid: self.keeper_pid,
            daemon_pid: i32::try_from(std::process::id()).unwrap_or(0),
            started_at: self.started_at,
            loaded_at: self.loaded.loaded_at,
            timezone: self.timezone(),
            hostname: hostname.to_owned(),
            binary: self.binary.clone(),
            config: self.options.config.clone(),
            data: self.options.data.clone(),
            config_stale: self.loaded.is_stale(),
            stopping: self.stopping,
            web: self.web.borrow().clone(),
            warnings,
        }
    }
}

impl MainLoop {
    /// Whether the files of the configuration hold something else by now. Told when it changes.
    pub(crate) fn look_for_stale(&mut self) {
        let stale = self.situation.loaded.is_stale();
        if stale != self.situation.loaded.told_stale {
            self.situation.loaded.told_stale = stale;
            let at = super::clock::now().wall;
            self.journal.tell(at, Event::ConfigStale { stale });
            self.journal.flush();
        }
    }

    /// A part of the daemon's own means is in trouble, or (with none) right again. Told when it changes.
    pub(crate) fn set_trouble(&mut self, part: &'static str, message: Option<String>) {
        let changed = match &message {
            Some(message) => self
                .situation
                .troubles
                .insert(part, message.clone())
                .is_none(),
            None => self.situation.troubles.remove(part).is_some(),
        };
        if changed {
            match &message {
                Some(message) => tracing::error!(part, "{message}"),
                None => tracing::info!(part, "right again"),
            }
            self.journal.tell(
                super::clock::now().wall,
                Event::Degraded {
                    part: part.to_owned(),
                    message: message.clone(),
                },
            );
            let part = part.to_owned();
            self.hear(
                super::clock::now().wall,
                vec![Heard::Trouble { part, message }],
            );
            self.journal.flush();
        }
    }
}
