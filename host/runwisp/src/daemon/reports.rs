//! What the keeper reports, made an input of the machines.

use runwisp_core::words::ids::RunId;
use runwisp_core::words::input::Input;
use runwisp_core::words::keeper::{Ask, Asked, OutputTotals, Report, SpawnStep};
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::Scope;

use super::failures;
use super::handle::OutputAt;
use super::main_loop::{Back, MainLoop};

/// Nothing was printed, and nothing will be.
const NOTHING: OutputAt = OutputAt {
    end: 0,
    complete: true,
};

impl MainLoop {
    pub(crate) fn handle_report(&mut self, report: Report) {
        match report {
            Report::Welcome { .. } => tracing::warn!("the keeper said hello twice"),
            Report::Loaded { units } => self.handle_specs_loaded(units),
            Report::Spawned { run, .. } | Report::Exited { run, .. }
                if self.probes.contains(run) =>
            {
                self.handle_check(report);
            }
            Report::Spawned {
                run,
                pid,
                mono,
                wall,
                unlimited,
            } => {
                if let Some(why) = unlimited {
                    self.limits_do_not_hold(run, &why);
                }
                if let Some(live) = self.live.get_mut(&run) {
                    live.pid = Some(pid);
                    live.since = mono;
                }
                self.begin_rules(run);
                self.step(Input::Spawned {
                    run,
                    pid,
                    mono,
                    wall,
                });
            }
            Report::SpawnFailed {
                run,
                step,
                errno,
                about,
            } => self.handle_spawn_failed(run, step, errno, &about),
            Report::Exited { run, exit } => self.step(Input::Exited { run, exit }),
            Report::Gone { run, output } => self.handle_gone(run, output),
            Report::Output { run, end, complete } => {
                let at = OutputAt { end, complete };
                self.scan_output(run, at);
                self.tell_taps(run, at);
            }
            Report::OutputLost { errno } => self.output_lost(errno),
            Report::LogFull { run } => self.step(Input::LogFull { run }),
            Report::Asked { what } => self.handle_asked(what),
        }
    }

    /// A signal to the keeper that is ours to act on.
    fn handle_asked(&mut self, what: Asked) {
        match what {
            Asked::Stop => self.shut_down(false),
            Asked::StopNow => self.shut_down(true),
            Asked::Reload => self.reload_by_signal(),
            Asked::ReopenLog => super::log::reopen(),
        }
    }

    /// A health check's own process.
    fn handle_check(&mut self, report: Report) {
        if let Report::Exited { run, exit } = report
            && let Some((of, result)) = self.probes.exited(run, &exit)
        {
            // Whatever the check left behind goes with it.
            self.kill_all(run);
            self.step(Input::Probed { run: of, result });
        }
    }

    fn handle_spawn_failed(&mut self, run: RunId, step: SpawnStep, errno: i32, about: &str) {
        let message = failures::spawn_failed(step, errno, about);
        self.tell_taps(run, NOTHING);
        if let Some((of, result)) = self.probes.failed(run, &message) {
            self.keeper.ask(Ask::Ack { run }, Vec::new());
            self.step(Input::Probed { run: of, result });
        } else {
            self.step(Input::SpawnFailed {
                run,
                step,
                errno,
                message,
            });
        }
    }

    fn handle_gone(&mut self, run: RunId, output: OutputTotals) {
        let at = OutputAt {
            end: output.printed,
            complete: true,
        };
        self.tell_taps(run, at);
        if self.probes.gone(run) {
            self.keeper.ask(Ask::Ack { run }, Vec::new());
        } else if !self.hold_for_rules(run, output) {
            self.step(Input::Gone { run, output });
        }
    }

    fn kill_all(&mut self, run: RunId) {
        let (signal, scope) = (Signal::KILL, Scope::All);
        self.keeper
            .ask(Ask::Signal { run, signal, scope }, Vec::new());
    }

    /// A unit's cgroup limits can't be had here. It lasts until runwisp is started where they can.
    pub(crate) fn limits_do_not_hold(&mut self, run: RunId, why: &str) {
        if let Some(live) = self.live.get(&run) {
            let message = failures::unlimited(&live.unit, why);
            self.set_trouble("limits", Some(message));
        }
    }

    pub(crate) fn tell_taps(&mut self, run: RunId, at: OutputAt) {
        if let Some(from) = self.taps.told(run, at) {
            self.keeper.ask(Ask::Watch { run, from }, Vec::new());
        }
    }

    /// A check has had all its time: it has failed, and its processes are killed.
    pub(crate) fn end_probe(&mut self, check: RunId, after: std::time::Duration) {
        if self.probes.timed_out(check, after) {
            self.kill_all(check);
        }
    }

    /// A start that failed before the keeper was asked; told as if it had been, but not in the middle of a turn.
    pub(crate) fn deferred_spawn_failure(&mut self, run: RunId, message: String) {
        let _ = self.back.send(Back::SpawnFailed(run, message));
    }
}
