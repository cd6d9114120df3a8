//! The proof that what is written loads: the text is compiled as any configuration is, and what the compiler refuses
//! becomes a comment.
//!
//! The import may come from another machine, so users, files and variables are taken as given; what this machine lacks
//! is found when the configuration is loaded.
//!
//! Invariant: the text that is answered compiles without an error, or there is no live table in it.
//!
//! Tests: below.

use jiff::tz::TimeZone;
use runwisp_core::config::{Source, Surroundings, compile};
use runwisp_core::words::diagnostic::{Diagnostic, Severity};
use runwisp_core::words::spawn::RunAs;

use super::draft::{Draft, State};
use super::names::Existing;
use super::render::{Rendered, render};
use super::value;
use super::words::Kind;

/// How often single keys are taken out before whole tables are.
const GENTLE: usize = 4;

/// Keys that say what runs, when, where and as whom: without one of them it would be something else that runs.
const DECISIVE: [&str; 8] = [
    "run",
    "shell",
    "cron",
    "timezone",
    "user",
    "working_dir",
    "env_base",
    "stdin",
];

/// Renders drafts so that the text compiles beside what the configuration has. Faults are noted in the drafts.
pub(super) fn prove(
    drafts: &mut [Draft],
    remarks: &[Vec<String>],
    existing: &Existing,
) -> Rendered {
    let beside = stand_in(existing);
    for round in 0.. {
        let rendered = render(drafts, remarks);
        let found = errors(&rendered.text, &beside);
        if found.is_empty() {
            return rendered;
        }
        let live = drafts.iter().filter(|d| d.state == State::Live).count();
        if live == 0 {
            return rendered;
        }
        let mut blamed = false;
        for finding in &found {
            blamed |= blame(drafts, &rendered, finding, round >= GENTLE);
        }
        if !blamed {
            // Nothing that can be told apart: nothing of it may run.
            for draft in drafts.iter_mut() {
                inert(draft, &found[0]);
            }
        }
    }
    Rendered::default()
}

/// Takes out what a finding is about. Whether anything was there to take out.
fn blame(drafts: &mut [Draft], rendered: &Rendered, finding: &Diagnostic, whole: bool) -> bool {
    let place = finding.span.filter(|span| span.file == 0);
    let Some((draft, items)) = place.and_then(|span| rendered.at(span.start)) else {
        return false;
    };
    let Some(draft) = drafts.get_mut(draft) else {
        return false;
    };
    let decisive = |item: &usize| {
        let item = draft.items.get(*item);
        item.is_some_and(|item| DECISIVE.contains(&item.dotted().as_str()))
    };
    if items.is_empty() || whole || items.iter().any(decisive) {
        return inert(draft, finding);
    }
    let mut blamed = false;
    for item in items {
        if let Some(item) = draft.items.get_mut(item)
            && item.fault.is_none()
        {
            item.fault = Some(said(finding));
            blamed = true;
        }
    }
    blamed
}

fn inert(draft: &mut Draft, finding: &Diagnostic) -> bool {
    let live = draft.state == State::Live;
    if live {
        draft.state = State::Comment;
        draft.faults.push(said(finding));
    }
    live
}

fn said(finding: &Diagnostic) -> String {
    format!("{} ({})", finding.message, finding.code)
}

pub(super) fn errors(text: &str, beside: &str) -> Vec<Diagnostic> {
    let source = |name: &str, text: &str| Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let sources = [
        source("imported.toml", text),
        source("existing.toml", beside),
    ];
    let mut found = compile(&sources, &Anywhere).diagnostics;
    found.retain(|found| found.severity == Severity::Error);
    found
}

/// What the configuration has, so far as an import may name it.
fn stand_in(existing: &Existing) -> String {
    let mut text = String::new();
    for (name, unit) in &existing.units {
        let table = if unit.kind == Kind::Task {
            "tasks"
        } else {
            "services"
        };
        text.push_str(&format!("[{table}.{}]\nrun = 'x'\n", value::key(name)));
    }
    for name in existing.notifiers.keys() {
        text.push_str(&format!("[notifiers.{}]\ntype = 'x'\n", value::key(name)));
    }
    text
}

/// A machine that has every user, file and variable.
struct Anywhere;

impl Surroundings for Anywhere {
    fn var(&self, _name: &str) -> Option<String> {
        Some("1".to_owned())
    }
    fn read_file(&self, _path: &str, _beside: &str) -> Result<String, String> {
        Ok(String::new())
    }
    fn absolute(&self, path: &str, _beside: &str) -> String {
        format!("/{path}")
    }
    fn time_zone(&self, name: &str) -> Option<TimeZone> {
        TimeZone::get(name).ok()
    }
    fn time_zone_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn host_time_zone(&self) -> TimeZone {
        TimeZone::UTC
    }
    fn account(&self, user: &str) -> Result<RunAs, String> {
        Ok(RunAs {
            uid: 65534,
            gid: 65534,
            groups: Vec::new(),
            name: user.to_owned(),
            home: "/".to_owned(),
        })
    }
    fn may_become(&self, _account: &RunAs) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::import::draft::draft;
    use crate::import::names::{self, Unit};
    use crate::import::tests::{definition, setting};
    use crate::import::words::Definition;

    fn proved(definitions: &[Definition], existing: &Existing) -> (String, Vec<Draft>) {
        let mut drafts: Vec<Draft> = definitions.iter().map(draft).collect();
        names::assign(&mut drafts, existing);
        let remarks = vec![Vec::new(); drafts.len()];
        let rendered = prove(&mut drafts, &remarks, existing);
        assert_eq!(errors(&rendered.text, &stand_in(existing)), []);
        (rendered.text, drafts)
    }

    #[test]
    fn what_does_not_compile_is_a_comment() {
        let mut web = definition(Kind::Service, "web", "true");
        web.settings
            .push(setting(&["stop_signal"], json!("SIGFOO")));
        web.settings.push(setting(&["instances"], json!(-1)));
        web.settings
            .push(setting(&["user"], json!("nobody-has-this")));
        web.settings.push(setting(&["depends_on"], json!(["gone"])));
        web.settings.push(setting(&["health", "retries"], json!(2)));
        let mut no_run = definition(Kind::Task, "empty", "");
        no_run.settings.clear();
        no_run.settings.push(setting(&["user"], json!("root")));
        let mut after = definition(Kind::Task, "after", "true");
        after
            .settings
            .push(setting(&["on_success"], json!("empty")));
        let (text, drafts) = proved(&[web, no_run, after], &Existing::default());
        assert_eq!(
            text,
            "\
[services.web]
run = \"true\"
# stop_signal = \"SIGFOO\"
#   TODO the importer's fault: \"SIGFOO\" is not a signal such as SIGTERM, HUP or RTMIN+1 (config.value)
# instances = -1
#   TODO the importer's fault: `instances` is at least 1 (config.range)
user = \"nobody-has-this\"
# depends_on = [\"gone\"]
#   TODO the importer's fault: there is no unit `gone` (config.unknown-unit)
# health.retries = 2
#   TODO the importer's fault: the health check says nothing to check (config.health)

# TODO the importer's fault: `run` is missing in tasks.empty (config.missing-key)
# [tasks.empty]
# user = \"root\"

[tasks.after]
run = \"true\"
# on_success = \"empty\"
#   TODO the importer's fault: there is no unit `empty` (config.unknown-unit)
"
        );
        assert_eq!(drafts[1].faults.len(), 1);
    }

    #[test]
    fn nothing_runs_at_another_time_than_was_written() {
        let mut nightly = definition(Kind::Task, "nightly", "true");
        nightly
            .settings
            .push(setting(&["cron"], json!("0 3 * * *")));
        nightly
            .settings
            .push(setting(&["timezone"], json!("Mars/Olympus")));
        let (text, drafts) = proved(&[nightly], &Existing::default());
        assert!(drafts[0].state == State::Comment, "{text}");
        assert!(
            text.lines()
                .all(|line| line.starts_with('#') || line.is_empty()),
            "{text}"
        );
    }

    #[test]
    fn an_import_may_name_what_the_configuration_has() {
        let mut existing = Existing::default();
        let db = Unit {
            kind: Kind::Service,
            table: json!({"run": "postgres"}),
            imported: false,
        };
        existing.units.insert("db".to_owned(), db);
        let mut web = definition(Kind::Service, "web", "true");
        web.settings.push(setting(&["depends_on"], json!(["db"])));
        let db = definition(Kind::Service, "db", "postgres");
        let (text, _) = proved(&[web, db], &existing);
        assert_eq!(
            text,
            "[services.web]\nrun = \"true\"\ndepends_on = [\"db\"]\n"
        );
    }

    #[test]
    fn a_circle_is_broken() {
        let task = |name: &str, next: &str| {
            let mut task = definition(Kind::Task, name, "true");
            task.settings.push(setting(&["on_success"], json!(next)));
            task
        };
        let (text, _) = proved(
            &[task("a", "b"), task("b", "c"), task("c", "a")],
            &Existing::default(),
        );
        assert!(text.contains("TODO"), "{text}");
    }
}
