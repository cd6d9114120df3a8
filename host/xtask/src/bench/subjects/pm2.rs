//! PM2: an ecosystem file in JSON; its command line leaves once all is started, its daemon stays.

use std::process::Child;

use super::{Fleet, Subject, first_line};
use crate::bench::install::program;
use crate::bench::place::Place;
use crate::shell::run;

pub(super) struct Pm2;

impl Subject for Pm2 {
    fn name(&self) -> &'static str {
        "pm2"
    }

    fn version(&self) -> Option<String> {
        first_line(&program("pm2"), &["--version"])
    }

    fn prepare(&self, place: &Place, fleet: &Fleet) -> Result<(), String> {
        let app = |service: &super::Service| {
            let log = place.text(&format!("logs/{}.log", service.name));
            let (script, args) = service
                .argv
                .split_first()
                .map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
            format!(
                "{{\"name\":{:?},\"script\":{script:?},\"args\":{args:?},\"interpreter\":\"none\",\"exec_mode\":\"fork\",\
                 \"out_file\":{log:?},\"error_file\":{log:?},\"min_uptime\":100,\"max_restarts\":1000000,\"kill_timeout\":10000}}",
                service.name
            )
        };
        let apps: Vec<String> = fleet.services.iter().map(app).collect();
        place
            .write(
                "ecosystem.json",
                &format!("{{\"apps\":[{}]}}", apps.join(",\n")),
            )
            .map(drop)
    }

    fn start(&self, place: &Place) -> Result<Child, String> {
        let mut cli = place.command(&program("pm2"))?;
        cli.env("PM2_HOME", place.path("pm2"))
            .args(["start", "ecosystem.json"]);
        cli.spawn().map_err(|e| format!("could not start pm2: {e}"))
    }

    fn stop(&self, place: &Place, _: &Child) -> Result<(), String> {
        let mut cli = place.command(&program("pm2"))?;
        run(cli.env("PM2_HOME", place.path("pm2")).arg("kill"))
    }
}
