//! `fail_on_output`: searching what a run prints, away from the loop, for lines that fail it.
//!
//! The log on disk is searched, not the stream, so nothing is missed while the daemon is away. A run's end waits until
//! its last line has been searched. Only units that have patterns pay.
//!
//! Tests: `logs::scanner` for the search, `tests/e2e/tasks.rs` for the whole.

use std::collections::HashMap;

use runwisp_core::words::ids::RunId;
use runwisp_core::words::input::Input;
use runwisp_core::words::keeper::{Ask, OutputTotals};

use super::handle::OutputAt;
use super::main_loop::{Back, MainLoop};
use crate::logs::OutputScanner;

/// The search of one run's output.
struct Rule {
    /// Away while it is searching.
    scanner: Option<OutputScanner>,
    /// How far the output is known to reach.
    known: OutputAt,
    /// The run's end, held back until everything is searched.
    held: Option<OutputTotals>,
}

/// All searches, by run.
#[derive(Default)]
pub(crate) struct OutputRules {
    rules: HashMap<RunId, Rule>,
}

/// A search that came back.
pub(crate) struct Scanned {
    run: RunId,
    scanner: OutputScanner,
    upto: OutputAt,
    matched: Option<String>,
}

impl OutputRules {
    /// The run is over.
    pub(crate) fn forget(&mut self, run: RunId) {
        self.rules.remove(&run);
    }
}

impl MainLoop {
    /// A run began, or was taken over: when its unit has patterns, its output is searched.
    pub(crate) fn begin_rules(&mut self, run: RunId) {
        let Some(live) = self.live.get(&run) else {
            return;
        };
        let Some(unit) = self.fleet.plan().units.get(&live.unit) else {
            return;
        };
        if unit.fail_on_output.is_empty() {
            return;
        }
        match OutputScanner::new(
            &self.situation.options.data,
            &unit.name,
            run,
            &unit.fail_on_output,
        ) {
            Ok(scanner) => {
                let known = OutputAt {
                    end: 0,
                    complete: false,
                };
                self.rules.rules.insert(
                    run,
                    Rule {
                        scanner: Some(scanner),
                        known,
                        held: None,
                    },
                );
                self.keeper.ask(Ask::Watch { run, from: 0 }, Vec::new());
            }
            Err(error) => tracing::error!(%run, %error, "could not search the output"),
        }
    }

    /// There is more output: search it, unless a search is under way.
    pub(crate) fn scan_output(&mut self, run: RunId, at: OutputAt) {
        let Some(rule) = self.rules.rules.get_mut(&run) else {
            return;
        };
        rule.known = OutputAt {
            end: rule.known.end.max(at.end),
            complete: rule.known.complete || at.complete,
        };
        let upto = rule.known;
        let Some(mut scanner) = rule.scanner.take() else {
            return;
        };
        let back = self.back.clone();
        tokio::task::spawn_blocking(move || {
            let matched = scanner
                .scan(upto.end, upto.complete)
                .unwrap_or_else(|error| {
                    tracing::error!(%run, %error, "could not search the output");
                    None
                });
            let _ = back.send(Back::Scanned(Scanned {
                run,
                scanner,
                upto,
                matched,
            }));
        });
    }

    /// Whether the run's end has to wait for its output to be searched.
    pub(crate) fn hold_for_rules(&mut self, run: RunId, output: OutputTotals) -> bool {
        let Some(rule) = self.rules.rules.get_mut(&run) else {
            return false;
        };
        rule.held = Some(output);
        let at = OutputAt {
            end: output.printed,
            complete: true,
        };
        self.scan_output(run, at);
        true
    }

    pub(crate) fn handle_scanned(&mut self, scanned: Scanned) {
        let Scanned {
            run,
            scanner,
            upto,
            matched,
        } = scanned;
        if let Some(pattern) = matched {
            self.step(Input::OutputMatched { run, pattern });
            // One match is enough; the run's end need not wait any more.
            if let Some(output) = self.rules.rules.remove(&run).and_then(|rule| rule.held) {
                self.step(Input::Gone { run, output });
            }
            return;
        }
        let Some(rule) = self.rules.rules.get_mut(&run) else {
            return;
        };
        rule.scanner = Some(scanner);
        if rule.known != upto {
            let known = rule.known;
            self.scan_output(run, known);
        } else if !upto.complete {
            self.keeper.ask(
                Ask::Watch {
                    run,
                    from: upto.end,
                },
                Vec::new(),
            );
        } else if let Some(output) = rule.held.take() {
            self.rules.forget(run);
            self.step(Input::Gone { run, output });
        }
    }
}
