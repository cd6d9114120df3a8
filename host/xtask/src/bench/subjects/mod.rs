//! The supervisors that are compared: how each is configured with the same children, started and stopped.

mod bare;
mod circus;
mod pm2;
mod runit;
mod runwisp;
mod supervisord;

use std::process::Child;

pub(super) use runwisp::client;

use super::place::Place;
use crate::shell::{command, run};

/// The name of ours.
pub(super) const OURS: &str = "runwisp";
/// Every name, in the order of the columns.
pub(super) const NAMES: [&str; 6] = [OURS, BARE, "runit", "supervisord", "pm2", "circus"];
/// The name of the loop that supervises nothing.
pub(super) const BARE: &str = "bare loop";

/// A service that every supervisor is given.
pub(super) struct Service {
    pub(super) name: String,
    pub(super) argv: Vec<String>,
}

/// What a supervisor is given.
#[derive(Default)]
pub(super) struct Fleet {
    pub(super) services: Vec<Service>,
    /// More of a configuration, for ours alone.
    pub(super) ours: String,
}

impl Fleet {
    /// `count` services of the same kind: `argv` with `{n}` for the number.
    pub(super) fn same(count: usize, argv: &[&str]) -> Fleet {
        let service = |n: usize| Service {
            name: format!("s{n}"),
            argv: argv
                .iter()
                .map(|word| word.replace("{n}", &n.to_string()))
                .collect(),
        };
        Fleet {
            services: (0..count).map(service).collect(),
            ours: String::new(),
        }
    }
}

/// One supervisor.
pub(super) trait Subject {
    fn name(&self) -> &'static str;
    /// Its version; none when it is not installed.
    fn version(&self) -> Option<String>;
    /// Writes its configuration: not part of any figure.
    fn prepare(&self, place: &Place, fleet: &Fleet) -> Result<(), String>;
    /// Starts it; comes back as soon as there is a process.
    fn start(&self, place: &Place) -> Result<Child, String>;
    /// Asks it to stop everything and leave. Most take a signal.
    fn stop(&self, place: &Place, child: &Child) -> Result<(), String> {
        let _ = place;
        signal("-TERM", child)
    }
}

pub(super) fn signal(which: &str, child: &Child) -> Result<(), String> {
    run(&mut command("kill", &[which, &child.id().to_string()]))
}

/// Those that are installed, ours first.
pub(super) fn installed() -> Vec<Box<dyn Subject>> {
    let all: [Box<dyn Subject>; 6] = [
        Box::new(runwisp::Runwisp),
        Box::new(bare::Bare),
        Box::new(runit::Runit),
        Box::new(supervisord::Supervisord),
        Box::new(pm2::Pm2),
        Box::new(circus::Circus),
    ];
    all.into_iter()
        .filter(|subject| subject.version().is_some())
        .collect()
}

/// The first line that a program prints about itself.
fn first_line(program: &str, args: &[&str]) -> Option<String> {
    let output = command(program, args).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().map(|line| line.trim().to_owned())
}
