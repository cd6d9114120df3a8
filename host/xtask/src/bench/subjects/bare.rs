//! No supervisor at all: a loop of fork and exec that reads nothing and records nothing. What a figure is here, the
//! machine takes for itself.

use std::process::Child;

use super::{BARE, Fleet, Subject};
use crate::bench::place::{Place, child};

pub(super) struct Bare;

impl Subject for Bare {
    fn name(&self) -> &'static str {
        BARE
    }

    fn version(&self) -> Option<String> {
        Some("fork and exec alone".into())
    }

    /// A line for each service, its words divided by tabs.
    fn prepare(&self, place: &Place, fleet: &Fleet) -> Result<(), String> {
        let lines: Vec<String> = fleet
            .services
            .iter()
            .map(|service| service.argv.join("\t") + "\n")
            .collect();
        place.write("bare.txt", &lines.concat()).map(drop)
    }

    fn start(&self, place: &Place) -> Result<Child, String> {
        let mut looping = place.command(&child())?;
        looping.arg("bare").arg(place.path("bare.txt"));
        looping
            .spawn()
            .map_err(|e| format!("could not start the loop: {e}"))
    }
}
