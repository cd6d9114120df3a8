//! What faces ask of the loop: one arm per request, answered in the same turn unless it needs the disk.

use std::sync::Arc;

use runwisp_core::words::command::Refusal;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::input::Input;
use runwisp_core::words::keeper::{AfterLeave, Ask};

use super::clock;
use super::handle::{Leave, OutputAt, Reply, Request, StatusSnapshot};
use super::main_loop::MainLoop;
use crate::store::{Read, Write};

impl MainLoop {
    pub(crate) fn handle_request(&mut self, request: Request) {
        match request {
            Request::Command { command, reply } => {
                let caller = self.callers.enter(reply);
                self.step(Input::Command { caller, command });
            }
            Request::Keyed {
                key,
                command,
                reply,
            } => self.carry_out_once(*key, command, reply),
            Request::HideRuns { runs, hide, reply } => self.hide_runs(runs, hide, reply),
            Request::Status { reply } => {
                let mut units = self.fleet.status(clock::now());
                self.sampling.fill(&mut units);
                let mut daemon = self.situation.status(self.sampling.hostname());
                if daemon.config_stale != self.situation.loaded.told_stale {
                    self.look_for_stale();
                }
                daemon.warnings.extend(self.messages.notify.troubles());
                let _ = reply.send(StatusSnapshot { daemon, units });
            }
            Request::Reload {
                only,
                plan_only,
                reply,
            } => self.reload(only, plan_only, reply),
            Request::Leave { how, reply } => self.handle_leave(how, reply),
            Request::Run { run, ended, reply } => self.rows.tell(run, ended, reply),
            Request::Output { run, from, reply } => self.handle_output(run, from, reply),
            Request::TestNotifier {
                target,
                kind,
                reply,
            } => self.test_notifier(&target, kind.as_deref(), reply),
            Request::Plugins { only, reply } => self.look_at_plugins(only, reply),
            Request::SendAgain { delivery, reply } => self.send_again(*delivery, reply),
            Request::Host { reply } => self.tell_host(reply),
            Request::Figures { reply } => {
                let _ = reply.send(Box::new(self.snapshot()));
            }
            Request::Hour { subject, reply } => self.tell_hour(&subject, reply),
            Request::ReadBell { id, read, reply } => {
                let at = clock::now().wall;
                self.journal.write(Write::Read(Read { id, at, read }));
                self.journal.flush();
                let _ = reply.send(());
            }
        }
    }

    fn handle_leave(&mut self, how: Leave, reply: Reply<Result<(), Refusal>>) {
        if self.situation.stopping && how != Leave::Stop {
            let _ = reply.send(Err(Refusal::ShuttingDown));
            return;
        }
        let _ = reply.send(Ok(()));
        match how {
            // Asked twice means: at once.
            Leave::Stop => self.shut_down(self.situation.stopping),
            Leave::Restart => self.leave(AfterLeave::Restart),
            Leave::Upgrade => self.leave(AfterLeave::Upgrade),
        }
    }

    fn handle_output(&mut self, run: RunId, from: u64, reply: Reply<OutputAt>) {
        if self.live.contains_key(&run) {
            let from = self.taps.wait(run, from, reply);
            self.keeper.ask(Ask::Watch { run, from }, Vec::new());
        } else if self.rows.is_open(run) {
            // Decided and not started yet: the keeper is asked once it has been.
            self.taps.wait(run, from, reply);
        } else {
            // Everything it printed is in its log.
            let _ = reply.send(OutputAt {
                end: u64::MAX,
                complete: true,
            });
        }
    }

    /// The plan in force has changed: tell the faces and the hands that depend on it.
    pub(crate) fn plan_changed(&mut self) {
        let plan = Arc::clone(self.fleet.plan());
        let watched: Vec<_> = super::watched_paths(&plan).collect();
        for trouble in self.watches.set(&watched) {
            tracing::warn!("{trouble}");
        }
        self.messages_apply(&plan);
        self.journal.tally.apply(&plan);
        self.end.plan.send_replace(plan);
        self.look_for_room();
        self.look_for_stale();
    }
}
