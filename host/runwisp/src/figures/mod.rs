//! Figures as they are read from the system: processes, the machine, the daemon itself.
//!
//! Invariants: called away from the loop's thread; knows the words and the pure figures, and nothing of the loop, the
//! store or the faces. What can't be read is left out, for figures are never a reason to fail.
//!
//! Tests: beside each file; the arithmetic in `runwisp_core::figures`.

mod cgroups;
mod machine;
mod processes;

use std::path::{Path, PathBuf};
use std::time::Duration;

use runwisp_core::figures::look::{Look, Own};
use runwisp_core::figures::usage::{Meter, Watched, percent};
use runwisp_core::words::time::Mono;

pub use machine::{Machine, machine};

/// Looks, and remembers from one look to the next.
#[derive(Debug)]
pub struct Looker {
    data: PathBuf,
    keeper: i32,
    meter: Meter,
    machine: Option<machine::Ticks>,
    own: Option<Duration>,
}

impl Looker {
    /// For the daemon of this data directory, whose keeper has this pid.
    pub fn new(data: &Path, keeper: i32) -> Self {
        Looker {
            data: data.to_owned(),
            keeper,
            meter: Meter::default(),
            machine: None,
            own: None,
        }
    }

    /// Reads everything there is about these runs, the machine and the daemon. `at` is now.
    pub fn look(&mut self, at: Mono, mut watched: Vec<Watched>) -> Look {
        let since = self.meter.read_at();
        let elapsed = since.map_or(Duration::ZERO, |since| at.since(since));
        let stats = processes::all();
        cgroups::fill(self.keeper, &mut watched);
        let keeper = self.keeper;
        let runs = self.meter.read(at, &stats, &watched, |process| {
            match process.parent == keeper {
                true => processes::started_for(process.pid),
                false => None,
            }
        });
        let of = |pid: i32| stats.iter().find(|process| process.pid == pid);
        let daemon = self.own(elapsed);
        let host = machine::ticks().zip(machine::host(&self.data));
        let host = host.map(|(ticks, mut host)| {
            if let Some(before) = self.machine.replace(ticks) {
                host.usage.cpu_percent = before.percent_until(ticks);
            }
            host
        });
        Look {
            since,
            at,
            runs,
            host,
            daemon,
            keeper_memory_bytes: of(keeper).map(|process| process.memory_bytes),
        }
    }

    fn own(&mut self, elapsed: Duration) -> Option<Own> {
        let mut own = processes::own()?;
        if let Some(before) = self.own.replace(own.cpu) {
            own.usage.cpu_percent = percent(before, own.cpu, elapsed);
        }
        Some(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runwisp_core::words::ids::RunId;
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    #[test]
    fn a_run_that_computes_is_seen_and_one_that_sleeps_is_not_charged() {
        let session = |script: &str| {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", script]).stdout(Stdio::piped());
            // SAFETY: setsid is async-signal-safe and touches nothing of the parent's.
            unsafe {
                command.pre_exec(|| nix::unistd::setsid().map(drop).map_err(Into::into));
            }
            command.spawn().unwrap()
        };
        let watched = |n, pid: u32| Watched {
            run: RunId::from_parts(n, 0),
            pid: pid.cast_signed(),
            since: Mono(0),
            group: None,
        };
        // It is a child of the session's leader that computes.
        let mut busy = session("sh -c 'while :; do :; done'; :");
        let mut idle = session("exec sleep 1000");
        let runs = vec![watched(1, busy.id()), watched(2, idle.id())];
        let mut looker = Looker::new(Path::new("/"), 1);
        let now = || Mono(u64::try_from(clock().as_nanos()).unwrap());
        let first = looker.look(now(), runs.clone());
        assert_eq!((first.since, first.runs.len()), (None, 0));
        // Looks until the busy one has been seen to use processor time, however busy the machine is.
        let found = loop {
            let look = looker.look(now(), runs.clone());
            match look.runs.first() {
                Some(run) if run.cpu > Duration::ZERO => break look,
                _ => std::thread::yield_now(),
            }
        };
        let pid = nix::unistd::Pid::from_raw(busy.id().cast_signed());
        nix::sys::signal::killpg(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
        idle.kill().unwrap();
        busy.wait().unwrap();
        idle.wait().unwrap();
        assert_eq!(found.runs.len(), 2);
        assert!(found.runs[0].usage.memory_bytes > found.runs[1].usage.memory_bytes);
        assert_eq!(found.runs[1].cpu, Duration::ZERO);
        let host = found.host.unwrap();
        assert!(host.usage.memory_bytes > 0 && host.usage.memory_bytes < host.memory_total_bytes);
        assert!(host.disk_free_bytes <= host.disk_total_bytes && host.disk_total_bytes > 0);
        assert!(found.daemon.unwrap().threads > 0 && found.daemon.unwrap().open_fds > 2);
    }

    fn clock() -> Duration {
        nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC)
            .unwrap()
            .into()
    }
}
