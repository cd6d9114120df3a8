//! `status --json`, with names for the places that tests look at.

use serde_json::Value;

/// One document of `status --json`.
#[derive(Clone)]
pub struct Status(
    /// The document.
    pub Value,
);

impl Status {
    /// A unit; null when there is none of that name.
    pub fn unit(&self, name: &str) -> &Value {
        let units = self.0["units"].as_array().map_or(&[][..], Vec::as_slice);
        units
            .iter()
            .find(|unit| unit["name"] == name)
            .unwrap_or(&Value::Null)
    }

    /// An instance; null when there is none of that number.
    pub fn instance(&self, unit: &str, index: usize) -> &Value {
        let instances = self.unit(unit)["instances"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        instances
            .iter()
            .find(|instance| instance["index"] == index)
            .unwrap_or(&Value::Null)
    }

    /// The state of an instance; empty when there is none.
    pub fn state(&self, unit: &str, index: usize) -> &str {
        self.instance(unit, index)["state"].as_str().unwrap_or("")
    }

    /// The pid of an instance that runs.
    pub fn pid(&self, unit: &str, index: usize) -> Option<i32> {
        self.instance(unit, index)["pid"]
            .as_i64()
            .and_then(|pid| i32::try_from(pid).ok())
    }

    /// The run of an instance.
    pub fn run_id(&self, unit: &str, index: usize) -> Option<String> {
        self.instance(unit, index)["run_id"]
            .as_str()
            .map(str::to_owned)
    }

    /// The daemon's own pid.
    pub fn daemon_pid(&self) -> i32 {
        self.number("daemon_pid")
    }

    /// The keeper's pid.
    pub fn keeper_pid(&self) -> i32 {
        self.number("pid")
    }

    fn number(&self, key: &str) -> i32 {
        let number = self.0["daemon"][key]
            .as_i64()
            .and_then(|n| i32::try_from(n).ok());
        number.unwrap_or_else(|| panic!("no daemon.{key} in {:#}", self.0))
    }
}
