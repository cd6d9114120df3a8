//! Lives written down: a text of what happens, and the transcript of what the fleet makes of it.
//!
//! A line at the margin is `TIME VERB …`; time runs up to it first, and whatever falls due on the way happens. Below
//! it, indented, stand the orders that followed, each with its time. Runs are numbered as they appear: `#1`.
//!
//! | verb | what happens |
//! | --- | --- |
//! | `boot` · `wait` | the daemon starts · nothing |
//! | `exit UNIT[.N] CODE` · `die UNIT[.N] SIGNAL` | its oldest main process ends |
//! | `clean UNIT` | what it left behind is gone |
//! | `manners UNIT good/stubborn/messy/undead` | how its next children take signals |
//! | `broken UNIT WHY…` | its next spawn fails |
//! | `slow` · `spawned UNIT` · `quick` | from now on spawns take their time · one is done · no longer |
//! | `start/stop/restart/run UNIT` · `stoprun #N` · `signal UNIT SIGNAL` | an operator asks |
//! | `probe UNIT ok/WHY…` · `notify UNIT READY/WATCHDOG/…` | a check comes back · it says something |
//! | `logfull UNIT` · `match UNIT PATTERN` · `touched UNIT` | its log is full · a line matched · a watched path changed |
//! | `jump MS` · `skew MS` | the wall clock is set by so much · and nobody is told |
//! | `crash` · `away` … `back` | the daemon dies and comes back, at once or later; the keeper lives |
//! | `down` … `boot` | keeper, daemon and children are gone for a while |
//! | `plan NAME` | the next daemon finds the plan of that name |
//! | `apply NAME` | the plan of that name comes into force |
//! | `shutdown` · `shutdown!` | in order · at once |
//! | `status UNIT` | what people see |

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use super::hands::Manners;
use super::plans::name;
use super::stage::Stage;
use crate::config::plan::Plan;
use crate::words::action::Action;
use crate::words::command::{Command, Done, Refusal};
use crate::words::event::Event;
use crate::words::ids::{RunId, UnitName};
use crate::words::input::{Input, Notified};
use crate::words::run::{RunState, Trigger};
use crate::words::spawn::{RunVars, Scope};

/// When every script begins: a Monday.
pub const START: &str = "2026-01-05T00:00:00Z";

/// One played life.
struct Script {
    stage: Stage,
    plans: BTreeMap<String, Arc<Plan>>,
    numbers: BTreeMap<RunId, usize>,
    transcript: String,
}

/// Plays `text` on `plan`; lines already indented are passed over. `others` are plans for `apply`. The transcript.
pub fn play(plan: Arc<Plan>, others: &[(&str, Arc<Plan>)], text: &str) -> String {
    let others = others.iter();
    let plans = others.map(|(name, plan)| ((*name).to_owned(), Arc::clone(plan)));
    let start = START.parse().expect("the start is a time");
    let mut script = Script {
        stage: Stage::new(plan, start, 0),
        plans: plans.collect(),
        numbers: BTreeMap::new(),
        transcript: String::new(),
    };
    for line in text.lines() {
        if !line.is_empty() && !line.starts_with(' ') {
            script.line(line);
        }
    }
    script.stage.hands.check_at_rest();
    script.transcript
}

/// Plays the lines at the margin of `text` and compares the whole with it.
#[track_caller]
pub fn check(plan: Arc<Plan>, others: &[(&str, Arc<Plan>)], text: &str) {
    let transcript = play(plan, others, text);
    let expected = text.trim();
    assert!(
        transcript.trim() == expected,
        "the transcript is\n\n{transcript}\nrather than\n\n{expected}\n"
    );
}

impl Script {
    fn line(&mut self, line: &str) {
        let (time, rest) = line.split_once(' ').expect("TIME VERB");
        let time: jiff::SignedDuration = time.parse().expect("a length of time");
        self.run_until(Duration::try_from(time).expect("time goes on"));
        writeln!(self.transcript, "{line}").unwrap();
        let (verb, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let (unit, more) = rest.split_once(' ').unwrap_or((rest, ""));
        match verb {
            "boot" | "back" => self.act(Stage::boot),
            "wait" => {}
            "crash" => self.act(|stage| {
                stage.kill_daemon();
                stage.boot();
            }),
            "away" => self.stage.kill_daemon(),
            "slow" => self.stage.hands.slow_every = 1,
            "quick" => self.stage.hands.slow_every = 0,
            "plan" => self.stage.plan = Arc::clone(&self.plans[unit]),
            "down" => self.stage.kill_all(),
            "jump" => {
                let by_ms: i64 = unit.parse().expect("milliseconds");
                self.act(|stage| stage.jump(by_ms));
            }
            "skew" => {
                let by_ms: i64 = unit.parse().expect("milliseconds");
                self.stage.offset_ms += by_ms;
            }
            "manners" => {
                let manners = match more {
                    "good" => Manners::Good,
                    "stubborn" => Manners::Stubborn,
                    "messy" => Manners::Messy,
                    "undead" => Manners::Undead,
                    other => panic!("unknown manners {other}"),
                };
                self.stage.hands.manners.insert(name(unit), manners);
            }
            "broken" => {
                self.stage.hands.broken.insert(name(unit), more.to_owned());
            }
            "apply" => {
                self.stage.plan = Arc::clone(&self.plans[unit]);
                let plan = Arc::clone(&self.stage.plan);
                self.feed(Input::Apply { plan, only: None });
            }
            "spawned" => self.spawned(unit),
            "status" => self.show_status(unit),
            "shutdown" => self.feed(Input::Shutdown { at_once: false }),
            "shutdown!" => self.feed(Input::Shutdown { at_once: true }),
            "exit" | "die" | "clean" => self.child_does(verb, unit, more),
            "start" | "stop" | "restart" | "run" | "stoprun" | "signal" => {
                self.operator_asks(verb, unit, more);
            }
            _ => self.report(verb, unit, more),
        }
    }

    fn spawned(&mut self, unit: &str) {
        let (run, now) = (self.child_of(unit), self.stage.now());
        if let Some(report) = self.stage.hands.spawned(now, run) {
            self.feed(report);
        }
    }

    fn child_does(&mut self, verb: &str, unit: &str, more: &str) {
        let run = self.child_of(unit);
        let now = self.stage.now();
        let reports = match verb {
            "exit" => self.stage.hands.end(now, run, more.parse().ok(), None),
            "die" => {
                let signal: crate::words::signal::Signal = more.parse().expect("a signal");
                self.stage.hands.end(now, run, None, Some(signal.0))
            }
            _ => self.stage.hands.clean(run).into_iter().collect(),
        };
        for input in reports {
            self.feed(input);
        }
    }

    fn operator_asks(&mut self, verb: &str, what: &str, more: &str) {
        let command = match verb {
            "stoprun" => {
                let number: usize = what.trim_start_matches('#').parse().expect("#N");
                let run = self.numbers.iter().find(|(_, n)| **n == number);
                let run = *run.expect("a run of that number").0;
                Command::StopRun { run }
            }
            "start" => Command::Start { unit: name(what) },
            "stop" => Command::Stop { unit: name(what) },
            "restart" => Command::Restart { unit: name(what) },
            "signal" => Command::Signal {
                unit: name(what),
                signal: more.parse().expect("a signal"),
                scope: Scope::Process,
            },
            _ => Command::Run {
                unit: name(what),
                trigger: Trigger::Manual,
                params: RunVars::new(),
            },
        };
        self.feed(Input::Command { caller: 1, command });
    }

    fn report(&mut self, verb: &str, unit: &str, more: &str) {
        if verb == "touched" {
            let (unit, path) = (name(unit), more.to_owned());
            return self.feed(Input::WatchedChanged { unit, path });
        }
        let run = self.child_of(unit);
        self.feed(match verb {
            "probe" if more == "ok" => Input::Probed {
                run,
                result: Ok(()),
            },
            "probe" => Input::Probed {
                run,
                result: Err(more.to_owned()),
            },
            "notify" => Input::Notified {
                run,
                said: Notified {
                    ready: more == "READY",
                    watchdog: more == "WATCHDOG",
                    trigger: more == "TRIGGER",
                    status: more.strip_prefix("STATUS ").map(str::to_owned),
                    extend_timeout_usec: more.strip_prefix("EXTEND ").map(|n| n.parse().unwrap()),
                    ..Notified::default()
                },
            },
            "logfull" => Input::LogFull { run },
            "match" => Input::OutputMatched {
                run,
                pattern: more.to_owned(),
            },
            other => panic!("unknown verb {other}"),
        });
    }

    /// The oldest child of `UNIT` or `UNIT.INSTANCE` that is not gone.
    fn child_of(&self, what: &str) -> RunId {
        let (unit, instance) = match what.rsplit_once('.') {
            Some((unit, index)) => (unit, index.parse().ok()),
            None => (what, None),
        };
        let children = self.stage.hands.children.values().map(|child| &child.held);
        let mut fitting = children.filter(|held| {
            held.row.unit.as_str() == unit
                && instance.is_none_or(|index: u32| held.row.instance == index)
                && held.gone.is_none()
        });
        fitting.next().expect("a child of that name").row.id
    }

    fn run_until(&mut self, until: Duration) {
        while let Some(at) = self.stage.next_due().filter(|at| *at <= until) {
            self.stage.at = at;
            self.feed(Input::Tick);
        }
        self.stage.at = until;
    }

    fn feed(&mut self, input: Input) {
        self.act(|stage| stage.feed(input));
    }

    /// Does something to the stage and writes down what followed.
    fn act(&mut self, what: impl FnOnce(&mut Stage)) {
        what(&mut self.stage);
        for action in std::mem::take(&mut self.stage.log) {
            self.show(&action);
        }
    }

    fn number(&mut self, run: RunId) -> usize {
        let next = self.numbers.len() + 1;
        *self.numbers.entry(run).or_insert(next)
    }

    fn show(&mut self, action: &Action) {
        let text = match action {
            Action::Spawn { row, .. } => {
                let number = self.number(row.id);
                let trigger = row.trigger;
                let attempt = match row.attempt {
                    1 => String::new(),
                    n => format!(" attempt {n}"),
                };
                format!(
                    "spawn {}.{} #{number} {trigger:?}{attempt}",
                    row.unit, row.instance
                )
            }
            Action::Signal { run, signal, scope } => {
                format!("{signal} to #{} {scope:?}", self.number(*run))
            }
            Action::Probe { run, .. } => format!("probe #{}", self.number(*run)),
            Action::Exit { code } => format!("leave with {code}"),
            Action::Answer { answer, .. } => self.show_answer(answer),
            Action::Tell(event) => match self.show_event(event) {
                Some(text) => text,
                None => return,
            },
            Action::Unremember { unit } => format!("{unit} is forgotten"),
            Action::Record { .. } | Action::Forget { .. } | Action::Remember { .. } => return,
        };
        let at = time(self.stage.at);
        writeln!(self.transcript, "    {at} {text}").unwrap();
    }

    fn show_event(&mut self, event: &Event) -> Option<String> {
        Some(match event {
            // Files are not of this world.
            Event::ConfigStale { .. } => return None,
            Event::Run {
                run,
                unit,
                state,
                outcome,
                message,
                ..
            } => {
                let number = self.number(*run);
                let why = why(message.as_ref());
                match (state, outcome) {
                    (RunState::Ended, Some(outcome)) => {
                        format!("#{number} {unit} {}{why}", outcome.as_str())
                    }
                    (RunState::Queued, _) => format!("#{number} {unit} queued{why}"),
                    (RunState::Stopping, _) if message.is_some() => {
                        format!("#{number} {unit} stopping{why}")
                    }
                    _ => return None,
                }
            }
            Event::Instance {
                unit,
                instance,
                state,
                message,
            } => {
                let state = format!("{state:?}").to_lowercase();
                format!("{unit}.{instance} {state}{}", why(message.as_ref()))
            }
            Event::Overdue { unit, expected_by } => format!("{unit} overdue by {expected_by}"),
            Event::Reloaded { changed } => {
                let names: Vec<&str> = changed.iter().map(UnitName::as_str).collect();
                format!("reloaded {}", names.join(" "))
            }
            Event::DaemonStopping => "stopping".to_owned(),
            Event::ClockJump { .. }
            | Event::DaemonStarted { .. }
            | Event::Degraded { .. }
            | Event::Delivery { .. }
            | Event::Notification { .. } => {
                return None;
            }
        })
    }

    fn show_answer(&mut self, answer: &Result<Done, Refusal>) -> String {
        match answer {
            Ok(done) => {
                let mut text = "answer:".to_owned();
                for run in &done.runs {
                    write!(text, " #{}", self.number(*run)).unwrap();
                }
                let changed = if done.changed { " done" } else { " no change" };
                text + changed
            }
            Err(refusal) => {
                let text = serde_json::to_value(refusal).unwrap();
                format!("refused: {}", text["refusal"].as_str().unwrap())
            }
        }
    }

    fn show_status(&mut self, unit: &str) {
        let now = self.stage.now();
        let status = self
            .stage
            .fleet
            .as_ref()
            .and_then(|f| f.status_of(now, unit));
        let Some(status) = status else {
            writeln!(self.transcript, "    no such unit").unwrap();
            return;
        };
        let next = status
            .next_run_at
            .map_or(String::new(), |at| format!(", next {at}"));
        let state = format!("{:?}", status.state).to_lowercase();
        writeln!(self.transcript, "    {unit} {state}{next}").unwrap();
        for one in &status.instances {
            let state = format!("{:?}", one.state).to_lowercase();
            let mut text = format!("    .{} {state} restarts {}", one.index, one.restarts);
            if let Some(uptime) = one.uptime {
                write!(text, " up {}", time(uptime)).unwrap();
            }
            if let Some(retry) = one.retry_in {
                write!(text, " retry in {}", time(retry)).unwrap();
            }
            writeln!(self.transcript, "{text}{}", why(one.message.as_ref())).unwrap();
        }
    }
}

fn why(message: Option<&String>) -> String {
    message.map_or(String::new(), |message| format!(": {message}"))
}

/// Time since the start.
fn time(length: Duration) -> String {
    let length = jiff::SignedDuration::try_from(length).unwrap_or(jiff::SignedDuration::MAX);
    format!("{length:#}").replace(' ', "")
}
