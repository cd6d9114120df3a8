//! circus: one INI file; its sockets get ports of their own, away from the usual ones.

use std::fmt::Write;
use std::process::Child;

use super::{Fleet, Subject, first_line};
use crate::bench::install::program;
use crate::bench::place::Place;

pub(super) struct Circus;

impl Subject for Circus {
    fn name(&self) -> &'static str {
        "circus"
    }

    fn version(&self) -> Option<String> {
        first_line(&program("circusd"), &["--version"])
    }

    fn prepare(&self, place: &Place, fleet: &Fleet) -> Result<(), String> {
        let mut text = format!(
            "[circus]\nendpoint = ipc://{0}/circus.sock\npubsub_endpoint = ipc://{0}/circus-pub.sock\ncheck_delay = 1\n",
            place.dir().display()
        );
        for service in &fleet.services {
            let (cmd, args) = service
                .argv
                .split_first()
                .map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
            let log = place.text(&format!("logs/{}.log", service.name));
            let _ = write!(
                text,
                "[watcher:{}]\ncmd = {cmd}\nargs = {}\ncopy_env = True\nmax_retry = -1\ngraceful_timeout = 10\nwarmup_delay = 0\n\
                 stdout_stream.class = FileStream\nstdout_stream.filename = {log}\n",
                service.name,
                args.join(" ")
            );
        }
        place.write("circus.ini", &text).map(drop)
    }

    fn start(&self, place: &Place) -> Result<Child, String> {
        let mut supervisor = place.command(&program("circusd"))?;
        supervisor.arg(place.path("circus.ini"));
        supervisor
            .spawn()
            .map_err(|e| format!("could not start circusd: {e}"))
    }
}
