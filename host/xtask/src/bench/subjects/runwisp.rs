//! Ours: one TOML file; `restart_delay = "0s"` as the others restart at once too.

use std::fmt::Write;
use std::process::Child;

use super::{Fleet, OURS, Subject, first_line};
use crate::bench::place::Place;
use crate::shell::target_dir;

pub(super) struct Runwisp;

/// The program that was just built.
pub(in crate::bench) fn program() -> String {
    target_dir()
        .join("release/runwisp")
        .to_string_lossy()
        .into_owned()
}

/// The words that make a client of the daemon in this place.
pub(in crate::bench) fn client(
    place: &Place,
    words: &[&str],
) -> Result<std::process::Command, String> {
    let mut command = place.command(&program())?;
    command
        .args(words)
        .arg("--data")
        .arg(place.path("data"))
        .arg("-c")
        .arg(place.path("runwisp.toml"));
    Ok(command)
}

impl Subject for Runwisp {
    fn name(&self) -> &'static str {
        OURS
    }

    fn version(&self) -> Option<String> {
        first_line(&program(), &["version"])
    }

    fn prepare(&self, place: &Place, fleet: &Fleet) -> Result<(), String> {
        let mut text = String::from(
            "[defaults]\nrestart_delay = \"0s\"\nlog_max_size = \"4gb\"\ngraceful_stop = \"10s\"\n",
        );
        for service in &fleet.services {
            let _ = writeln!(
                text,
                "[services.{}]\nrun = {:?}\nstart_retries = 1000000",
                service.name, service.argv
            );
        }
        text.push_str(&fleet.ours);
        place.write("runwisp.toml", &text).map(drop)
    }

    fn start(&self, place: &Place) -> Result<Child, String> {
        let mut daemon = client(place, &["daemon", "--listen", "off"])?;
        daemon
            .spawn()
            .map_err(|e| format!("could not start {}: {e}", program()))
    }
}
