//! How an instance of a unit is named to people: `web`, or `web#0`, `web#1` where a service has several.

use std::collections::BTreeSet;

use runwisp_core::words::run::Kind;

use crate::client::{Client, Uri};
use crate::wire::{Run, Unit, Units};

/// The services that have several instances.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbered: BTreeSet<String>,
}

impl Names {
    /// Of these units.
    pub(super) fn of<'a>(units: impl IntoIterator<Item = &'a Unit>) -> Names {
        let several = |unit: &&Unit| unit.kind == Kind::Service && unit.instances.len() > 1;
        let numbered = units.into_iter().filter(several);
        Names {
            numbered: numbered.map(|unit| unit.name.to_string()).collect(),
        }
    }

    /// Of all units. When they can't be had, only what is not the first instance has a number.
    pub(super) async fn ask(client: &Client) -> Names {
        let units = client.get::<Units>(&Uri::new(&["units"])).await;
        units.map_or_else(|_| Names::default(), |units| Names::of(&units.units))
    }

    /// Whether any of them is told apart by number.
    pub(super) fn any(&self) -> bool {
        !self.numbered.is_empty()
    }

    /// One instance.
    pub(super) fn instance(&self, unit: &str, instance: u32) -> String {
        if instance > 0 || self.numbered.contains(unit) {
            format!("{unit}#{instance}")
        } else {
            unit.to_owned()
        }
    }

    /// Whose run it is.
    pub(super) fn run(&self, run: &Run) -> String {
        self.instance(run.unit.as_str(), run.instance)
    }
}
