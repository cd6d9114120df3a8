//! What the daemon asks, done.
//!
//! The daemon may be hijacked where it has its own user: a descriptor too many, a run that does not exist, a message
//! that is none cost it at most its connection.

use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::keeper::{Ask, PROTOCOL, decode};
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::Scope;

use crate::channel;
use crate::clock;
use crate::main_loop::Keeper;
use crate::say::say;

/// The most messages taken in one turn, so that a talkative daemon does not starve the pipes.
const ASKS_PER_TURN: usize = 256;

impl Keeper {
    /// The channel has news: messages, room for more reports, or its end.
    pub(crate) fn handle_channel(&mut self) {
        for _ in 0..ASKS_PER_TURN {
            if !self.take_ask() {
                return;
            }
        }
    }

    /// Takes what is left in the channel of a daemon that has ended.
    pub(crate) fn take_last_asks(&mut self) {
        while self.take_ask() {}
    }

    /// Takes one message; false when there is none.
    fn take_ask(&mut self) -> bool {
        let Some(channel) = &self.daemon.channel else {
            return false;
        };
        match channel::recv(channel.as_fd(), &mut self.daemon.inbox) {
            Ok(Some((json, fds))) => {
                match decode(&json) {
                    Ok(ask) => self.do_ask(ask, fds),
                    // A later version's message this one does not know.
                    Err(reason) => say(&format!("did not understand the daemon: {reason}")),
                }
                true
            }
            Err(Errno::EAGAIN) => false,
            // It ended without reading all it was told. Its own last words come after this.
            Err(Errno::ECONNRESET) => true,
            // Usually because it is ending.
            Ok(None) => {
                self.hang_up();
                false
            }
            Err(errno) => {
                say(&format!("hung up on the daemon: {errno}"));
                self.hang_up();
                false
            }
        }
    }

    fn do_ask(&mut self, ask: Ask, fds: Vec<OwnedFd>) {
        match ask {
            Ask::Hello { protocol } => {
                if protocol != PROTOCOL {
                    say(&format!(
                        "the daemon speaks protocol {protocol}, not {PROTOCOL}"
                    ));
                }
                // It says anew what its configuration asks for.
                self.tools.disk.keep = true;
                self.daemon.said_hello();
            }
            Ask::Define { unit, spec } if self.options.loader.is_none() => {
                self.specs.insert(unit, *spec);
            }
            Ask::Undefine { unit } if self.options.loader.is_none() => {
                self.specs.remove(&unit);
            }
            Ask::Define { unit, .. } | Ask::Undefine { unit } => {
                say(&format!(
                    "refused to change unit {unit}: only the loader may"
                ));
            }
            Ask::Load { only } => self.load(only),
            Ask::Spawn(spawn) => self.spawn(spawn, fds),
            Ask::Signal { run, signal, scope } => self.signal(run, signal, scope),
            Ask::Watch { run, from } => {
                if let Some(held) = self.runs.get_mut(&run) {
                    held.watch = Some(from);
                    self.list(run);
                }
            }
            Ask::KeepOutput { keep } => self.tools.disk.keep = keep,
            Ask::Ack { run } => self.forget(run),
            Ask::Alive => self.daemon.pulse.felt(clock::mono()),
            Ask::Leave { then } => self.daemon.leave = Some(then),
        }
    }

    /// Signals a run's processes. While its main process is not reaped its pid and group can't be anybody else's;
    /// after that, and for those who left the group, every process is looked up and verified first.
    pub(crate) fn signal(&mut self, id: RunId, signal: Signal, scope: Scope) {
        let Some(run) = self.runs.get_mut(&id) else {
            return;
        };
        if run.is_over() {
            return;
        }
        if scope == Scope::All && signal == Signal::KILL {
            run.facts.killing = true;
            if let Some(path) = &run.facts.cgroup {
                crate::cgroup::kill(path);
            }
        }
        if run.is_alive() {
            let pid = run.facts.pid;
            // SAFETY: the call takes numbers only; the process is ours and not reaped yet.
            let to_group = scope != Scope::Process && unsafe { libc::kill(-pid, signal.0) } == 0;
            if !to_group {
                // Also for one that has not made its group yet.
                // SAFETY: as above.
                unsafe { libc::kill(pid, signal.0) };
            }
        }
        let others = scope == Scope::All || (scope == Scope::Group && run.is_lingering());
        if others {
            self.hunt.order(id, signal, scope);
        }
    }

    /// The daemon has recorded the run's end. What is not over yet is not forgotten.
    fn forget(&mut self, id: RunId) {
        if self.runs.get(&id).is_some_and(|run| run.is_over())
            && let Some(run) = self.runs.remove(&id)
        {
            self.slots.remove(&run.slot);
        }
    }
}
