//! What the keeper reports, made an input of the machines.

use runwisp_core::words::ids::RunId;
use runwisp_core::words::input::Input;
use runwisp_core::words::keeper::Ask;
use runwisp_core::words::keeper::{Asked, Report};
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::Scope;

use super::failures;
use super::handle::OutputAt;
use super::main_loop::{Back, MainLoop};

impl MainLoop {
    pub(crate) fn handle_report(&mut self, report: Report) {
        match report {
            Report::Welcome { .. } => tracing::warn!("the keeper said hello twice"),
            Report::Loaded { units } => self.handle_specs_loaded(units),
            Report::Spawned {
                run,
                pid,
                mono,
                wall,
            } => {
                if self.probes.contains(run) {
                    return;
                }
                if let Some(live) = self.live.get_mut(&run) {
                    live.pid = Some(pid);
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
            } => {
                let message = failures::spawn_failed(step, errno, &about);
                self.tell_taps(
                    run,
                    OutputAt {
                        end: 0,
                        complete: true,
                    },
                );
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
            Report::Exited { run, exit } => match self.probes.exited(run, &exit) {
                Some((of, result)) => {
                    // Whatever the check left behind goes with it.
                    self.keeper.ask(
                        Ask::Signal {
                            run,
                            signal: Signal::KILL,
                            scope: Scope::All,
                        },
                        Vec::new(),
                    );
                    self.step(Input::Probed { run: of, result });
                }
                None => self.step(Input::Exited { run, exit }),
            },
            Report::Gone { run, output } => {
                self.tell_taps(
                    run,
                    OutputAt {
                        end: output.printed,
                        complete: true,
                    },
                );
                if self.probes.gone(run) {
                    self.keeper.ask(Ask::Ack { run }, Vec::new());
                } else if !self.hold_for_rules(run, output) {
                    self.step(Input::Gone { run, output });
                }
            }
            Report::Output { run, end, complete } => {
                let at = OutputAt { end, complete };
                self.scan_output(run, at);
                self.tell_taps(run, at);
            }
            Report::OutputLost { errno } => self.output_lost(errno),
            Report::LogFull { run } => self.step(Input::LogFull { run }),
            Report::Asked { what: Asked::Stop } => self.shut_down(false),
            Report::Asked {
                what: Asked::StopNow,
            } => self.shut_down(true),
            Report::Asked {
                what: Asked::Reload,
            } => self.reload_by_signal(),
            Report::Asked {
                what: Asked::ReopenLog,
            } => super::log::reopen(),
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
            self.keeper.ask(
                Ask::Signal {
                    run: check,
                    signal: Signal::KILL,
                    scope: Scope::All,
                },
                Vec::new(),
            );
        }
    }

    /// A start that failed before the keeper was asked; told as if it had been, but not in the middle of a turn.
    pub(crate) fn deferred_spawn_failure(&mut self, run: RunId, message: String) {
        let _ = self.back.send(Back::SpawnFailed(run, message));
    }
}
