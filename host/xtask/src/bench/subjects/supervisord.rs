//! supervisord: one INI file; no size limit on logs, so that nothing is rotated while it is measured.

use std::fmt::Write;
use std::process::Child;

use super::{Fleet, Subject, first_line};
use crate::bench::install::program;
use crate::bench::place::Place;

pub(super) struct Supervisord;

impl Subject for Supervisord {
    fn name(&self) -> &'static str {
        "supervisord"
    }

    fn version(&self) -> Option<String> {
        first_line(&program("supervisord"), &["--version"])
    }

    fn prepare(&self, place: &Place, fleet: &Fleet) -> Result<(), String> {
        let mut text = format!(
            "[supervisord]\nnodaemon=true\nlogfile={}\npidfile={}\nminfds=4096\n",
            place.text("supervisord.log"),
            place.text("supervisord.pid")
        );
        for service in &fleet.services {
            let log = place.text(&format!("logs/{}.log", service.name));
            let _ = write!(
                text,
                "[program:{}]\ncommand={}\nautorestart=true\nstartsecs=0\nstartretries=1000000\nredirect_stderr=true\n\
                 stdout_logfile={log}\nstdout_logfile_maxbytes=0\n",
                service.name,
                service.argv.join(" ")
            );
        }
        place.write("supervisord.conf", &text).map(drop)
    }

    fn start(&self, place: &Place) -> Result<Child, String> {
        let mut supervisor = place.command(&program("supervisord"))?;
        supervisor
            .arg("-n")
            .arg("-c")
            .arg(place.path("supervisord.conf"));
        supervisor
            .spawn()
            .map_err(|e| format!("could not start supervisord: {e}"))
    }
}
