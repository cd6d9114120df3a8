//! A new configuration, put in force: read away from the loop, checked as a whole, then applied in one turn.
//!
//! Single-flight: while one reload is under way another is refused. A refused reload changes nothing.
//!
//! Where the keeper trusts only its own loader, that loader reads the files too, and both have to have read the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use runwisp_core::config::diff::{Diff, diff};
use runwisp_core::config::plan::Plan;
use runwisp_core::words::audit::AuditEntry;
use runwisp_core::words::event::Event;
use runwisp_core::words::glob::Glob;
use runwisp_core::words::ids::UnitName;
use runwisp_core::words::input::Input;
use runwisp_core::words::keeper::Ask;

use super::configuration::Configuration;
use super::handle::{ReloadRefusal, ReloadReport, Reply};
use super::main_loop::{Back, MainLoop};
use super::trusted::{self, Reading};
use super::{clock, specs};
use crate::store::Write;
use crate::wire::codes;

/// Who wants the reload, and how.
struct Wanted {
    only: Vec<Glob>,
    plan_only: bool,
    reply: Option<Reply<Result<ReloadReport, ReloadRefusal>>>,
}

/// What was read, for whom.
pub(crate) struct Read {
    loaded: Configuration,
    wanted: Wanted,
}

/// The reload under way, if there is one.
#[derive(Default)]
pub(crate) struct Reloading {
    under_way: bool,
    /// Read and found good; waits for the keeper's loader.
    waits_for_keeper: Option<Box<Read>>,
    /// The keeper defines units itself, from what its own loader reads.
    keeper_loads: bool,
}

impl Reloading {
    /// No reload is under way.
    pub(crate) fn new(keeper_loads: bool) -> Self {
        Reloading {
            keeper_loads,
            ..Reloading::default()
        }
    }

    /// Whether the daemon may tell the keeper what to run.
    pub(crate) fn daemon_defines(&self) -> bool {
        !self.keeper_loads
    }
}

impl MainLoop {
    /// `SIGHUP`: the outcome is told to the log and the init system.
    pub(crate) fn reload_by_signal(&mut self) {
        self.begin_reload(Wanted {
            only: Vec::new(),
            plan_only: false,
            reply: None,
        });
    }

    pub(crate) fn reload(
        &mut self,
        only: Vec<Glob>,
        plan_only: bool,
        reply: Reply<Result<ReloadReport, ReloadRefusal>>,
    ) {
        self.begin_reload(Wanted {
            only,
            plan_only,
            reply: Some(reply),
        });
    }

    fn begin_reload(&mut self, wanted: Wanted) {
        let single = self.situation.options.only.is_some();
        let why = match (self.situation.stopping, self.reloading.under_way) {
            (true, _) => "the daemon is stopping",
            (false, true) => "another reload is under way",
            (false, false) if single => "this daemon is there for a single run",
            (false, false) => {
                self.reloading.under_way = true;
                if !wanted.plan_only {
                    self.init.reloading(clock::now().mono.0);
                }
                let (back, options) = (self.back.clone(), &self.situation.options);
                let (path, data) = (options.config.clone(), options.data.clone());
                let keeper_is_root = self.reloading.keeper_loads;
                tokio::task::spawn_blocking(move || {
                    let loaded = Configuration::load_judged(&path, &data, keeper_is_root);
                    let _ = back.send(Back::Loaded(Box::new(Read { loaded, wanted })));
                });
                return;
            }
        };
        let refusal = ReloadRefusal::Busy {
            why: why.to_owned(),
        };
        if wanted.reply.is_none() {
            self.signal_refused(&refusal);
        }
        refuse(wanted.reply, refusal);
    }

    /// The files have been read.
    pub(crate) fn handle_loaded(&mut self, read: Read) {
        if read.loaded.plan.is_none() {
            let refusal = ReloadRefusal::Invalid {
                findings: read.loaded.findings.clone(),
                rendered: read.loaded.rendered.clone(),
            };
            tracing::error!(
                "the new configuration is refused, the old one stays in force\n{}",
                read.loaded.rendered.clone()
            );
            return self.end_reload(read.wanted, Err(refusal));
        }
        match self.named(&read) {
            Err(pattern) => {
                self.end_reload(read.wanted, Err(ReloadRefusal::NoSuchUnit { pattern }));
            }
            Ok(only) if self.reloading.keeper_loads && !read.wanted.plan_only => {
                self.reloading.waits_for_keeper = Some(Box::new(read));
                self.keeper.ask(Ask::Load { only }, Vec::new());
            }
            Ok(_) => self.apply(read),
        }
    }

    /// The keeper's own loader has read the files.
    pub(crate) fn handle_specs_loaded(&mut self, units: Result<Vec<(UnitName, String)>, String>) {
        let Some(read) = self.reloading.waits_for_keeper.take() else {
            return;
        };
        let Some(plan) = read.loaded.plan.clone() else {
            return;
        };
        let rendered = match trusted::compare(&plan, units) {
            Reading::Same => {
                self.set_trouble("config", None);
                return self.apply(*read);
            }
            Reading::Different => "the files changed while they were read; reload again".to_owned(),
            Reading::Failed(said) => said,
        };
        self.end_reload(
            read.wanted,
            Err(ReloadRefusal::Invalid {
                findings: Vec::new(),
                rendered,
            }),
        );
    }

    /// The names, to the keeper, of the units a reload is limited to; none when it is not. Fails with a pattern that fits
    /// no unit, old or new.
    fn named(&self, read: &Read) -> Result<Vec<UnitName>, String> {
        let old = self.fleet.plan().units.keys();
        let new = read.loaded.plan.iter().flat_map(|plan| plan.units.keys());
        let units: BTreeSet<&UnitName> = old.chain(new).collect();
        let mut named = Vec::new();
        for glob in &read.wanted.only {
            let mut fits = units.iter().filter(|unit| glob.matches(unit.as_str()));
            let first = fits.next().ok_or_else(|| glob.to_string())?;
            for unit in std::iter::once(first).chain(fits) {
                named.push((*unit).clone());
                named.extend(specs::health_name(unit));
            }
        }
        Ok(named)
    }

    fn apply(&mut self, read: Read) {
        let Read { loaded, wanted } = read;
        let Some(new) = loaded.plan.clone() else {
            return;
        };
        let old = Arc::clone(self.fleet.plan());
        let differences = diff(&old, &new);
        let named = |unit: &UnitName| {
            wanted.only.is_empty() || wanted.only.iter().any(|glob| glob.matches(unit.as_str()))
        };
        let report = report(&differences, &loaded, named, !wanted.plan_only);
        if !wanted.plan_only {
            let touched: Vec<UnitName> = touched(&report);
            self.define(&new, &report);
            let only = (!wanted.only.is_empty()).then(|| touched.clone());
            self.step(Input::Apply { plan: new, only });
            self.situation.accept(loaded);
            self.plan_changed();
            self.journal
                .tell(clock::now().wall, Event::Reloaded { changed: touched });
            self.journal.flush();
        }
        self.end_reload(wanted, Ok(report));
    }

    /// Tells the keeper of new specifications. Those of units that are gone stay until their runs are over; naming them
    /// is no use to anybody by then.
    fn define(&mut self, plan: &Plan, report: &ReloadReport) {
        if self.reloading.keeper_loads {
            return;
        }
        let changed = report.changed.iter().map(|(unit, _)| unit);
        for unit in report
            .added
            .iter()
            .chain(changed)
            .filter_map(|name| plan.units.get(name))
        {
            for (unit, spec) in specs::of_unit(unit) {
                self.keeper.ask(
                    Ask::Define {
                        unit,
                        spec: Box::new(spec),
                    },
                    Vec::new(),
                );
            }
        }
    }

    fn end_reload(&mut self, wanted: Wanted, result: Result<ReloadReport, ReloadRefusal>) {
        self.reloading.under_way = false;
        if !wanted.plan_only {
            // A name that fits nothing is a fault of who named it.
            if !matches!(result, Err(ReloadRefusal::NoSuchUnit { .. })) {
                let now = clock::now().wall;
                self.journal.tally.reloaded(now, result.is_ok());
            }
            self.init.ready(&match &result {
                Ok(_) => self.summary(),
                Err(_) => "the last reload was refused; see the log".to_owned(),
            });
        }
        match (wanted.reply, result) {
            (Some(reply), result) => {
                let _ = reply.send(result);
            }
            (None, Ok(report)) => {
                self.audit_signal("ok", 200);
                tracing::info!(
                    added = report.added.len(),
                    changed = report.changed.len(),
                    removed = report.removed.len(),
                    "reloaded"
                );
            }
            (None, Err(refusal)) => {
                self.signal_refused(&refusal);
                tracing::error!(?refusal, "the reload was refused");
            }
        }
    }

    /// A reload by `SIGHUP` was refused.
    fn signal_refused(&mut self, refusal: &ReloadRefusal) {
        let row = codes::problem(match refusal {
            ReloadRefusal::Invalid { .. } => "config.invalid",
            ReloadRefusal::NoSuchUnit { .. } => "unit.unknown",
            ReloadRefusal::Busy { .. } => "reload.busy",
        });
        self.audit_signal(row.code, row.status);
    }

    /// A reload by `SIGHUP` stands in the audit log as one over HTTP does; who sent the signal is not known.
    fn audit_signal(&mut self, result: &str, status: u16) {
        self.journal.write(Write::Audit(Box::new(AuditEntry {
            at: clock::now().wall,
            kind: "signal".to_owned(),
            name: "SIGHUP".to_owned(),
            from: "signal".to_owned(),
            action: "reload".to_owned(),
            target: None,
            detail: None,
            result: result.to_owned(),
            status,
        })));
        self.journal.flush();
    }
}

fn refuse(reply: Option<Reply<Result<ReloadReport, ReloadRefusal>>>, refusal: ReloadRefusal) {
    match reply {
        Some(reply) => {
            let _ = reply.send(Err(refusal));
        }
        None => tracing::warn!(?refusal, "the reload was refused"),
    }
}

fn report(
    diff: &Diff,
    loaded: &Configuration,
    named: impl Fn(&UnitName) -> bool,
    applied: bool,
) -> ReloadReport {
    let wanted = |units: &[UnitName]| units.iter().filter(|unit| named(unit)).cloned().collect();
    let changed = diff.changed.iter().filter(|(unit, _)| named(unit));
    let under = |table: &str, keys: &[&str]| {
        keys.iter()
            .map(|key| format!("{table}.{key}"))
            .collect::<Vec<_>>()
    };
    let edges = diff.edges.iter().map(ToString::to_string);
    let settings = under("daemon", &diff.daemon)
        .into_iter()
        .chain(under("storage", &diff.storage))
        .chain(edges);
    ReloadReport {
        applied,
        added: wanted(&diff.added),
        changed: changed
            .map(|(unit, keys)| (unit.clone(), keys.iter().map(ToString::to_string).collect()))
            .collect(),
        removed: wanted(&diff.removed),
        settings: settings.collect(),
        warnings: loaded.findings.clone(),
    }
}

fn touched(report: &ReloadReport) -> Vec<UnitName> {
    let changed = report.changed.iter().map(|(unit, _)| unit);
    report
        .added
        .iter()
        .chain(changed)
        .chain(&report.removed)
        .cloned()
        .collect()
}
