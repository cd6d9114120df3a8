//! Units and runs that are always the same.

use jiff::Timestamp;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::{Kind, RunRecord, RunState, Trigger};
use runwisp_core::words::status::{InstanceState, UnitStatus};

use crate::daemon::history::{Line, Stream};

/// What the daemon of tables runs.
pub(super) const CONFIG: &str = r#"
[daemon]
timezone = "UTC"
[tasks.backup]
run = "true"
hook_tokens = ["0123456789abcdef0123456789abcdef"]
cron = "0 3 * * *"
[tasks.locked]
run = "true"
manual_trigger = false
[tasks.typed]
run = "true"
params = [{ env = "TARGET", choices = ["all", "some"], required = true }, { env = "N", type = "number", default = 1 }]
[services.web]
run = "sleep 1"
"#;

pub(super) fn unit(name: &str) -> UnitStatus {
    let service = name == "web";
    UnitStatus {
        name: UnitName::new(name).unwrap(),
        kind: if service { Kind::Service } else { Kind::Task },
        group: None,
        description: None,
        state: if service {
            InstanceState::Running
        } else {
            InstanceState::Stopped
        },
        next_run_at: None,
        standing: None,
        instances: Vec::new(),
        last_run: None,
    }
}

pub(super) fn run(n: u64, unit: &str, state: RunState) -> RunRecord {
    let kind = if unit == "web" {
        Kind::Service
    } else {
        Kind::Task
    };
    let id = RunId::from_parts(n, 0);
    let name = UnitName::new(unit).unwrap();
    let mut row = RunRecord::new(id, name, kind, Trigger::Manual, Timestamp::UNIX_EPOCH);
    row.state = state;
    row
}

/// A line of output.
pub(super) fn line(i: usize, text: &str, second: i64) -> Line {
    Line {
        n: i as u64 + 1,
        ts: Timestamp::from_second(second).unwrap(),
        stream: Stream::Stdout,
        bytes: text.as_bytes().to_vec(),
        missing: 0,
        after: 0,
        continued: false,
    }
}
