//! runit: a folder per service, `svlogd` for the output; `runsvdir` starts what it finds, and stops it all on SIGHUP.

use std::os::unix::fs::PermissionsExt;
use std::process::Child;

use super::{Fleet, Subject, signal};
use crate::bench::install::program;
use crate::bench::place::Place;
use crate::shell::{command, works};

pub(super) struct Runit;

impl Subject for Runit {
    fn name(&self) -> &'static str {
        "runit"
    }

    fn version(&self) -> Option<String> {
        if !works("which", &["runsvdir"]) {
            return None;
        }
        let output = command("dpkg-query", &["-W", "-f=${Version}", "runit"])
            .output()
            .ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn prepare(&self, place: &Place, fleet: &Fleet) -> Result<(), String> {
        for service in &fleet.services {
            let name = &service.name;
            let words: Vec<String> = service
                .argv
                .iter()
                .map(|word| format!("'{word}'"))
                .collect();
            let run = format!("#!/bin/sh\nexec {}\n", words.join(" "));
            script(place, &format!("service/{name}/run"), &run)?;
            let logs = place.text(&format!("logs/{name}"));
            place.write(&format!("logs/{name}/config"), "s4000000000\nn2\n")?;
            script(
                place,
                &format!("service/{name}/log/run"),
                &format!("#!/bin/sh\nexec svlogd '{logs}'\n"),
            )?;
        }
        Ok(())
    }

    fn start(&self, place: &Place) -> Result<Child, String> {
        let mut supervisor = place.command(&program("runsvdir"))?;
        supervisor.arg("-P").arg(place.path("service"));
        supervisor
            .spawn()
            .map_err(|e| format!("could not start runsvdir: {e}"))
    }

    fn stop(&self, _: &Place, child: &Child) -> Result<(), String> {
        signal("-HUP", child)
    }
}

fn script(place: &Place, name: &str, text: &str) -> Result<(), String> {
    let path = place.write(name, text)?;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&path, mode)
        .map_err(|e| format!("could not make {} executable: {e}", path.display()))
}
