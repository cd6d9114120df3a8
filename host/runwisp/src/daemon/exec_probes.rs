//! Health checks that execute a command: short runs of the keeper's, with their output kept in memory.
//!
//! Invariant: at most one check per run that is checked (the machine asks for the next when the last has come back).
//! A check left over from an earlier daemon is killed and forgotten, see `recover`.
//!
//! Tests: `tests/e2e/services.rs`.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

use runwisp_core::words::ids::RunId;
use runwisp_core::words::keeper::Exit;
use runwisp_core::words::signal::Signal;

/// How much of a check's output is looked at for its last line.
const TAIL: u64 = 4096;

/// A check under way.
struct Probe {
    /// The run that is checked.
    of: RunId,
    /// What the check printed.
    output: File,
    /// Why it failed, if that is known before its end.
    verdict: Option<String>,
    /// Its result has been told; only its processes are waited for.
    told: bool,
}

/// All checks under way, by the id of the check's own run.
#[derive(Default)]
pub(crate) struct ExecProbes {
    under_way: HashMap<RunId, Probe>,
}

impl ExecProbes {
    /// A check began.
    pub(crate) fn began(&mut self, check: RunId, of: RunId, output: File) {
        self.under_way.insert(
            check,
            Probe {
                of,
                output,
                verdict: None,
                told: false,
            },
        );
    }

    /// Whether a run of the keeper's is a check.
    pub(crate) fn contains(&self, check: RunId) -> bool {
        self.under_way.contains_key(&check)
    }

    /// The check takes too long: it has failed, whatever it exits with. False when it is over already.
    pub(crate) fn timed_out(&mut self, check: RunId, after: Duration) -> bool {
        match self.under_way.get_mut(&check) {
            Some(probe) if !probe.told => {
                probe
                    .verdict
                    .get_or_insert_with(|| format!("the check took longer than {after:?}"));
                true
            }
            _ => false,
        }
    }

    /// The check's process has ended: what came of it.
    pub(crate) fn exited(
        &mut self,
        check: RunId,
        exit: &Exit,
    ) -> Option<(RunId, Result<(), String>)> {
        let probe = self.under_way.get_mut(&check)?;
        probe.told = true;
        let result = match (probe.verdict.take(), exit.code) {
            (Some(why), _) => Err(why),
            (None, Some(0)) => Ok(()),
            (None, _) => Err(match last_line(&probe.output) {
                Some(line) => format!("{}: {line}", how_it_ended(exit)),
                None => how_it_ended(exit),
            }),
        };
        Some((probe.of, result))
    }

    /// The check could not be executed; it is forgotten.
    pub(crate) fn failed(
        &mut self,
        check: RunId,
        message: &str,
    ) -> Option<(RunId, Result<(), String>)> {
        let probe = self.under_way.remove(&check)?;
        Some((
            probe.of,
            Err(format!("the check could not be started: {message}")),
        ))
    }

    /// Nothing of the check is alive; it is forgotten. True when it was one.
    pub(crate) fn gone(&mut self, check: RunId) -> bool {
        self.under_way.remove(&check).is_some()
    }
}

fn how_it_ended(exit: &Exit) -> String {
    match (exit.code, exit.signal) {
        (Some(code), _) => format!("the check exited {code}"),
        (None, Some(signal)) => format!("the check was killed by {}", Signal(signal)),
        (None, None) => "the check ended".to_owned(),
    }
}

fn last_line(output: &File) -> Option<String> {
    let length = output.metadata().ok()?.len();
    let mut tail = vec![0; usize::try_from(length.min(TAIL)).ok()?];
    let read = output
        .read_at(&mut tail, length.saturating_sub(TAIL))
        .ok()?;
    let text = String::from_utf8_lossy(&tail[..read]).into_owned();
    text.lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .map(|line| line.chars().take(200).collect())
}
