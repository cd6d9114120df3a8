//! Everything the terminal UI knows: what the daemon said, and where the user is. Plain data; `update` changes it,
//! `view` draws it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::{Kind, RunState};
use runwisp_core::words::status::InstanceState;
use serde_json::Value;

use super::log::Log;
use super::message::{Act, Bucket, Ticket};
use crate::wire::{Firing, Notification, Reload, Run, Status, Unit};

/// What `open` is told about its surroundings.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// Where the daemon is, for people.
    pub(super) place: String,
    /// Whether quitting asks what becomes of the daemon, because it was started for this.
    pub(super) own_daemon: bool,
    /// Whether this is `runwisp demo`, whose daemon ends with it.
    pub(super) demo: bool,
    pub(super) zone: TimeZone,
    pub(super) now: Timestamp,
    pub(super) size: (u16, u16),
}

/// Everything.
#[derive(Clone, Debug)]
pub(super) struct App {
    pub(super) setting: Setting,
    pub(super) size: (u16, u16),
    pub(super) now: Timestamp,
    /// Whether there is something to draw.
    pub(super) dirty: bool,
    pub(super) link: Link,
    pub(super) status: Option<Status>,
    /// When the daemon said it: lengths in it have gone on since.
    pub(super) status_at: Timestamp,
    pub(super) asked: Asked,
    pub(super) recent: Vec<Run>,
    pub(super) side: Side,
    pub(super) focus: Focus,
    pub(super) page: Page,
    pub(super) before: Vec<Page>,
    /// Which row of a page that is a list of things is chosen.
    pub(super) home_at: usize,
    pub(super) runs: RunList,
    pub(super) bell: Bell,
    pub(super) unit: Option<UnitMore>,
    pub(super) host: Option<Value>,
    pub(super) run: Option<Run>,
    pub(super) log: Option<Log>,
    /// The log alone on the screen.
    pub(super) full: bool,
    /// What is typed at the bottom.
    pub(super) prompt: Option<Prompt>,
    pub(super) dialog: Option<Dialog>,
    pub(super) toasts: VecDeque<Toast>,
    pub(super) undo: Option<Vec<RunId>>,
    pub(super) tickets: Ticket,
    /// Whether to stop the daemon once this has ended.
    pub(super) stop_daemon: bool,
}

/// How it stands with the daemon.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Link {
    Connecting,
    Up,
    Lost { since: Timestamp, why: String },
}

/// What has been asked for and not answered, and what has to be asked for again.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) status: Poll,
    pub(super) runs: Poll,
    pub(super) bell: Poll,
    pub(super) host: Poll,
    pub(super) unit: Poll,
    pub(super) recent: Poll,
    pub(super) run: Poll,
}

/// One thing that is asked for now and then, never twice at once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Poll {
    pub(super) wanted: bool,
    pub(super) waiting: bool,
}

impl Poll {
    /// Whether to ask now.
    pub(super) fn due(&mut self) -> bool {
        let due = self.wanted && !self.waiting;
        if due {
            *self = Poll {
                wanted: false,
                waiting: true,
            };
        }
        due
    }
}

/// Which half the keys are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Focus {
    Side,
    Main,
}

/// What the main part shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Page {
    Home,
    Runs,
    Bell,
    Info,
    Unit(String),
    Run(RunId),
}

/// The sidebar.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) at: Page,
    pub(super) filter: String,
}

/// A row of the sidebar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SideRow {
    Page(Page),
    Heading(String),
}

/// A list of runs, of one unit or of all.
#[derive(Clone, Debug, Default)]
pub(super) struct RunList {
    pub(super) ticket: Ticket,
    pub(super) unit: Option<String>,
    pub(super) bucket: Bucket,
    pub(super) runs: Vec<Run>,
    pub(super) next: Option<String>,
    pub(super) at: usize,
    pub(super) selected: BTreeSet<RunId>,
    /// Whether all that match are selected, but those in `selected`.
    pub(super) all: bool,
    pub(super) loaded: bool,
}

impl RunList {
    pub(super) fn is_selected(&self, run: RunId) -> bool {
        self.selected.contains(&run) != self.all
    }

    pub(super) fn any_selected(&self) -> bool {
        self.all || !self.selected.is_empty()
    }
}

/// The bell.
#[derive(Clone, Debug, Default)]
pub(super) struct Bell {
    pub(super) rows: Vec<Notification>,
    pub(super) unread: u64,
    pub(super) at: usize,
}

/// What is known of the unit on the page beyond its status.
#[derive(Clone, Debug)]
pub(super) struct UnitMore {
    pub(super) name: String,
    pub(super) definition: Option<Value>,
    pub(super) firings: Vec<Firing>,
}

/// A line that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prompt {
    pub(super) what: Asking,
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    Filter,
    Search,
    SaveAs,
}

/// What lies over everything and takes all keys.
#[derive(Clone, Debug)]
pub(super) enum Dialog {
    Confirm {
        title: String,
        text: String,
        yes: String,
        act: Act,
    },
    Form(Form),
    Buckets {
        at: usize,
    },
    /// Text to read: help, a definition.
    Text {
        title: String,
        lines: Vec<(String, Look)>,
        top: usize,
    },
    Plan(Reload),
    Quit {
        at: usize,
    },
}

/// How a line of a text is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    Title,
}

/// The parameters of a task.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Form {
    pub(super) unit: String,
    pub(super) fields: Vec<Field>,
    pub(super) at: usize,
    /// What is wrong with it.
    pub(super) trouble: Option<String>,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) required: bool,
    pub(super) choices: Vec<String>,
    pub(super) flag: bool,
    pub(super) text: String,
    /// Whether it is given at all.
    pub(super) given: bool,
}

/// A word in passing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Toast {
    pub(super) text: String,
    pub(super) bad: bool,
    pub(super) until: Timestamp,
}

/// A row of the first page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum HomeRow {
    Heading(&'static str),
    Nothing(&'static str),
    Unit(String),
    Run(RunId),
}

impl App {
    /// Before anything is known.
    pub(super) fn new(setting: Setting) -> App {
        App {
            size: setting.size,
            now: setting.now,
            status_at: setting.now,
            setting,
            dirty: true,
            link: Link::Connecting,
            status: None,
            asked: Asked::default(),
            recent: Vec::new(),
            side: Side {
                at: Page::Home,
                filter: String::new(),
            },
            focus: Focus::Side,
            page: Page::Home,
            before: Vec::new(),
            home_at: 0,
            runs: RunList::default(),
            bell: Bell::default(),
            unit: None,
            host: None,
            run: None,
            log: None,
            full: false,
            prompt: None,
            dialog: None,
            toasts: VecDeque::new(),
            undo: None,
            tickets: 0,
            stop_daemon: false,
        }
    }

    pub(super) fn units(&self) -> &[Unit] {
        self.status.as_ref().map_or(&[], |status| &status.units)
    }

    pub(super) fn unit_named(&self, name: &str) -> Option<&Unit> {
        self.units().iter().find(|unit| unit.name.as_str() == name)
    }

    /// The rows of the sidebar: the pages, then units by group, those without one first.
    pub(super) fn side_rows(&self) -> Vec<SideRow> {
        let mut rows = vec![
            SideRow::Page(Page::Home),
            SideRow::Page(Page::Runs),
            SideRow::Page(Page::Bell),
            SideRow::Page(Page::Info),
        ];
        let wanted = self.side.filter.to_lowercase();
        let mut groups: BTreeMap<Option<&str>, Vec<&Unit>> = BTreeMap::new();
        for unit in self.units() {
            if unit.name.as_str().to_lowercase().contains(&wanted) {
                groups.entry(unit.group.as_deref()).or_default().push(unit);
            }
        }
        for (group, units) in groups {
            rows.push(SideRow::Heading(group.unwrap_or("units").to_owned()));
            rows.extend(
                units
                    .iter()
                    .map(|unit| SideRow::Page(Page::Unit(unit.name.to_string()))),
            );
        }
        rows
    }

    /// The rows of the first page: what is broken, what runs, what comes, what was.
    pub(super) fn home_rows(&self) -> Vec<HomeRow> {
        let mut rows = vec![HomeRow::Heading("Needs attention")];
        let units = self.units();
        let broken: Vec<_> = units.iter().filter(|unit| needs_attention(unit)).collect();
        rows.extend(
            broken
                .iter()
                .map(|unit| HomeRow::Unit(unit.name.to_string())),
        );
        if broken.is_empty() && self.status.is_some() {
            rows.push(HomeRow::Nothing(
                "nothing: every service is as it should be, no task's last run failed",
            ));
        }
        let runs: Vec<_> = units
            .iter()
            .filter(|unit| unit.kind == Kind::Task && unit.state != InstanceState::Stopped)
            .collect();
        if !runs.is_empty() {
            rows.push(HomeRow::Heading("Tasks under way"));
            rows.extend(runs.iter().map(|unit| HomeRow::Unit(unit.name.to_string())));
        }
        let mut next: Vec<_> = units
            .iter()
            .filter(|unit| unit.next_run_at.is_some())
            .collect();
        next.sort_by_key(|unit| unit.next_run_at);
        if !next.is_empty() {
            rows.push(HomeRow::Heading("Up next"));
            rows.extend(
                next.iter()
                    .take(5)
                    .map(|unit| HomeRow::Unit(unit.name.to_string())),
            );
        }
        if !self.recent.is_empty() {
            rows.push(HomeRow::Heading("Recent runs"));
            rows.extend(self.recent.iter().map(|run| HomeRow::Run(run.id)));
        }
        rows
    }

    /// The run on the page, as far as it is known.
    pub(super) fn is_over(&self) -> bool {
        self.run
            .as_ref()
            .is_some_and(|run| run.state == RunState::Ended)
    }
}

/// Whether people should look at it.
pub(super) fn needs_attention(unit: &Unit) -> bool {
    match unit.kind {
        Kind::Service => matches!(
            unit.state,
            InstanceState::Fatal | InstanceState::Backoff | InstanceState::Unhealthy
        ),
        Kind::Task => unit
            .last_run
            .as_ref()
            .is_some_and(|run| run.outcome.is_some_and(|outcome| outcome.is_failure())),
    }
}
