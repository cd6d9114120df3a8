//! Tells the daemon what is due, as far as its socket takes it.
//!
//! Nothing is queued: what is due is derived from the state (see `held`), so a daemon that does not read costs
//! nothing, and nothing is told twice to the same one.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use runwisp_core::words::keeper::{PROTOCOL, Report};

use crate::main_loop::Keeper;
use crate::poll::Token;
use crate::say::say;
use crate::{channel, clock};

/// How often the daemon is told that output can't be written, as long as that goes on.
const LOSS_EVERY: Duration = Duration::from_secs(1);

impl Keeper {
    /// Sends what is due; asks to be woken when the socket has room for what is left.
    pub(crate) fn tell(&mut self) {
        if !self.daemon.hello {
            return;
        }
        let blocked = !(self.welcome() && self.tell_of_itself() && self.tell_of_runs());
        if blocked != self.daemon.wants_write
            && let Some(channel) = &self.daemon.channel
        {
            self.daemon.wants_write = blocked;
            self.poll.want_write(channel, Token::Channel, blocked);
        }
    }

    /// Sends one report. False: try again when the socket has room.
    fn send(&mut self, report: &Report) -> bool {
        let Some(channel) = &self.daemon.channel else {
            return false;
        };
        let welcome = [self.notify.as_fd()];
        let fds = match report {
            Report::Welcome { .. } => &welcome[..],
            _ => &[],
        };
        match channel::send(channel.as_fd(), report, fds) {
            Ok(()) => true,
            Err(Errno::EAGAIN | Errno::ENOBUFS | Errno::ENOMEM) => false,
            // It has ended. What it said last may still be unread, so it is the reading side that hangs up.
            Err(Errno::EPIPE | Errno::ECONNRESET) => false,
            Err(errno) => {
                say(&format!("hung up on the daemon: {errno}"));
                self.hang_up();
                false
            }
        }
    }

    fn welcome(&mut self) -> bool {
        if self.daemon.welcomed {
            return true;
        }
        let report = Report::Welcome {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: self.started_at,
            generation: self.daemon.greeted,
            trusts_loader_only: self.options.loader.is_some(),
            runs: self.runs.values().map(|run| run.held()).collect(),
        };
        if !self.send(&report) {
            return false;
        }
        self.daemon.welcomed = true;
        // What went wrong before its time may be right by now; if not, it will hear of it.
        (self.tools.disk.failed, self.loss_told) = (None, None);
        self.daemon.greeted = self.daemon.greeted.saturating_add(1);
        self.listed.clear();
        for run in self.runs.values_mut() {
            run.mark_all_told();
            run.listed = false;
        }
        true
    }

    /// What signals asked for, and what the loader said.
    fn tell_of_itself(&mut self) -> bool {
        while let Some(what) = self.stopping.next_asked() {
            if !self.send(&Report::Asked { what }) {
                return false;
            }
            self.stopping.mark_told(what);
        }
        if let Some(units) = self.loader.answer.clone() {
            if !self.send(&Report::Loaded { units }) {
                return false;
            }
            self.loader.answer = None;
        }
        self.tell_of_loss()
    }

    /// Output could not be written. Once in a while is enough: what is lost is counted with each run.
    fn tell_of_loss(&mut self) -> bool {
        let Some(errno) = self.tools.disk.failed else {
            return true;
        };
        let now = clock::mono();
        let told = self.loss_told;
        if told.is_none_or(|told| now.since(told) >= LOSS_EVERY) {
            if !self.send(&Report::OutputLost {
                errno: errno as i32,
            }) {
                return false;
            }
            self.loss_told = Some(now);
        }
        self.tools.disk.failed = None;
        true
    }

    fn tell_of_runs(&mut self) -> bool {
        while let Some(id) = self.listed.front().copied() {
            while let Some(report) = self.runs.get(&id).and_then(|run| run.next_report()) {
                if !self.send(&report) {
                    return false;
                }
                if let Some(run) = self.runs.get_mut(&id) {
                    run.mark_told(&report);
                }
            }
            if let Some(run) = self.runs.get_mut(&id) {
                run.listed = false;
            }
            self.listed.pop_front();
        }
        true
    }
}
