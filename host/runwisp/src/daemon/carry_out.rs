//! Orders of the machines, carried out: one arm per order.
//!
//! Invariant: an order never fails silently. What can't be done comes back to the machines as an input, or is a trouble
//! that status shows.

use std::fs::File;
use std::os::fd::OwnedFd;

use nix::sys::memfd::{MFdFlags, memfd_create};
use runwisp_core::config::plan::{Check, Role};
use runwisp_core::words::action::Action;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::keeper::{AfterLeave, Ask, Spawn};
use runwisp_core::words::run::{RunRecord, RunState};
use runwisp_core::words::spawn::{RunVars, fill_text};
use runwisp_core::words::time::{Mono, Now};
use serde::{Deserialize, Serialize};

use super::handle::OutputAt;
use super::main_loop::{Back, Leaving, Live, MainLoop};
use super::{probes, specs};
use crate::logs;
use crate::store::Write;

/// The name of a log that is in no directory.
const NOWHERE: &str = "nowhere";

/// What the keeper gives back with a run, so that a daemon that has just started can take the run over even when its
/// row never reached the disk.
#[derive(Serialize, Deserialize)]
pub(crate) struct Tag {
    pub(crate) row: RunRecord,
    #[serde(default)]
    pub(crate) failures: u32,
}

impl MainLoop {
    pub(crate) fn carry_out(&mut self, now: Now, action: Action) {
        match action {
            Action::Record { row, confirm } => {
                // The keeper may forget a run, and whoever waits for its end be told, only once that end is on disk.
                let confirm = confirm || row.state == RunState::Ended;
                self.rows.sent(&row, confirm);
                if row.state == RunState::Ended && !self.live.contains_key(&row.id) {
                    // It never reached the keeper, so there is no output to come.
                    self.tell_taps(
                        row.id,
                        OutputAt {
                            end: 0,
                            complete: true,
                        },
                    );
                }
                self.journal.write(Write::Run { row, confirm });
            }
            Action::Spawn {
                row,
                vars,
                failures,
            } => self.spawn(*row, vars, failures),
            Action::Signal { run, signal, scope } => self
                .keeper
                .ask(Ask::Signal { run, signal, scope }, Vec::new()),
            Action::Forget { run } => {
                self.live.remove(&run);
                self.rules.forget(run);
            }
            Action::Probe {
                run,
                unit,
                instance,
            } => self.probe(run, &unit, instance),
            Action::Remember { unit, memory } => self.journal.write(Write::Remember(unit, memory)),
            Action::Unremember { unit } => self.journal.write(Write::Unremember(unit)),
            Action::Tell(event) => self.journal.tell(now.wall, event),
            Action::Answer { caller, answer } => {
                self.keep_key(&answer);
                self.callers.answer(caller, answer);
            }
            Action::Exit { code } => self.leave(AfterLeave::Exit(code)),
        }
    }

    /// Tells the keeper what to do once this process has left, and ends the loop.
    pub(crate) fn leave(&mut self, then: AfterLeave) {
        self.keeper.ask(Ask::Leave { then }, Vec::new());
        self.leaving = Some(Leaving::Then(then));
    }

    fn spawn(&mut self, row: RunRecord, mut vars: RunVars, failures: u32) {
        let run = row.id;
        vars.push(("RUNWISP_DATA_ID".to_owned(), self.situation.data_id.clone()));
        let (log_name, fds) = match logs::create(&self.situation.options.data, &row.unit, run) {
            Ok(open) => {
                self.log_made();
                (
                    open.name,
                    vec![open.dir.into(), open.log.into(), open.index.into()],
                )
            }
            Err(error) => {
                // A full disk never keeps anything from running: the run goes on without a log.
                self.log_not_made(&row.unit, &error);
                match nowhere() {
                    Ok(fds) => (NOWHERE.to_owned(), fds),
                    Err(error) => {
                        let message = format!("could not open a log, nor do without: {error}");
                        return self.deferred_spawn_failure(run, message);
                    }
                }
            }
        };
        self.live.insert(
            run,
            Live {
                unit: row.unit.clone(),
                pid: None,
                since: Mono::default(),
            },
        );
        let unit = row.unit.clone();
        let tag = serde_json::to_string(&Tag { row, failures }).unwrap_or_default();
        let waited_for = self.taps.wanted(run);
        self.keeper.ask(
            Ask::Spawn(Spawn {
                run,
                unit,
                vars,
                log_name,
                tag,
            }),
            fds,
        );
        if let Some(from) = waited_for {
            self.keeper.ask(Ask::Watch { run, from }, Vec::new());
        }
    }

    fn probe(&mut self, run: RunId, name: &UnitName, instance: u32) {
        let plan = self.fleet.plan().clone();
        let health = plan.units.get(name).and_then(|unit| match &unit.role {
            Role::Service(service) => service.health.clone(),
            Role::Task(_) => None,
        });
        let back = self.back.clone();
        let Some(health) = health else {
            // The unit was redefined while the order was on its way: nothing to check is nothing wrong.
            let _ = back.send(Back::Probed(run, Ok(())));
            return;
        };
        let vars = vec![
            ("RUNWISP_UNIT".to_owned(), name.to_string()),
            ("RUNWISP_INSTANCE_INDEX".to_owned(), instance.to_string()),
            ("RUNWISP_DATA_ID".to_owned(), self.situation.data_id.clone()),
        ];
        let timeout = health.timeout;
        let check = match health.check {
            Check::Exec(_) => return self.probe_by_command(run, name, vars, timeout),
            Check::Http(url) => Check::Http(fill_text(&url, &vars)),
            Check::Tcp(address) => Check::Tcp(fill_text(&address, &vars)),
        };
        tokio::spawn(async move {
            let result = probes::check(&check, timeout).await;
            let _ = back.send(Back::Probed(run, result));
        });
    }

    fn probe_by_command(
        &mut self,
        run: RunId,
        name: &UnitName,
        vars: RunVars,
        timeout: std::time::Duration,
    ) {
        let check = super::entropy::run_id();
        let prepared = specs::health_name(name)
            .zip(memory_file(MFdFlags::empty()).ok())
            .and_then(|(unit, output)| {
                let fds = vec![
                    OwnedFd::from(File::open("/").ok()?),
                    output.try_clone().ok()?.into(),
                    no_room().ok()?,
                ];
                Some((unit, output, fds))
            });
        let Some((unit, output, fds)) = prepared else {
            let _ = self.back.send(Back::Probed(
                run,
                Err("no descriptor is left for the check".to_owned()),
            ));
            return;
        };
        self.probes.began(check, run, output);
        // An empty tag: a later daemon kills and forgets the check.
        let (log_name, tag) = (NOWHERE.to_owned(), String::new());
        self.keeper.ask(
            Ask::Spawn(Spawn {
                run: check,
                unit,
                vars,
                log_name,
                tag,
            }),
            fds,
        );
        let back = self.back.clone();
        tokio::spawn(async move {
            tokio::time::sleep(timeout).await;
            let _ = back.send(Back::ProbeTimeout(check, timeout));
        });
    }
}

/// Descriptors for a run whose output can't be kept: files without room, so the keeper counts all of it as dropped.
fn nowhere() -> std::io::Result<Vec<OwnedFd>> {
    Ok(vec![File::open("/")?.into(), no_room()?, no_room()?])
}

/// A file in memory that can't grow.
fn no_room() -> std::io::Result<OwnedFd> {
    use nix::fcntl::{FcntlArg, SealFlag, fcntl};
    let file = memory_file(MFdFlags::MFD_ALLOW_SEALING)?;
    fcntl(
        &file,
        FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL),
    )?;
    Ok(file.into())
}

fn memory_file(flags: MFdFlags) -> std::io::Result<File> {
    Ok(memfd_create(c"runwisp-output", flags | MFdFlags::MFD_CLOEXEC)?.into())
}
