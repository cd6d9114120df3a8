//! Whole configurations, compiled in a world that is made up.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::diff::diff;
use super::keys::{Shape, TABLES, Table, Type};
use super::plan::{Plan, Role, Service, Task, Unit};
use super::*;
use crate::words::spawn::{RunAs, Stdin};

/// A made-up world.
#[derive(Default)]
pub(super) struct World {
    pub(super) vars: BTreeMap<String, String>,
    pub(super) files: BTreeMap<String, String>,
}

impl Surroundings for World {
    fn var(&self, name: &str) -> Option<String> {
        self.vars.get(name).cloned()
    }
    fn read_file(&self, path: &str, _beside: &str) -> Result<String, String> {
        self.files
            .get(path)
            .cloned()
            .ok_or_else(|| "no such file".to_owned())
    }
    fn absolute(&self, path: &str, beside: &str) -> String {
        let folder = beside.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!(
            "/conf/{folder}{}{path}",
            if folder.is_empty() { "" } else { "/" }
        )
    }
    fn time_zone(&self, name: &str) -> Option<TimeZone> {
        let hours = match name {
            "UTC" => 0,
            "Europe/Berlin" => 1,
            "America/New_York" => -5,
            _ => return None,
        };
        Some(TimeZone::fixed(jiff::tz::offset(hours)))
    }
    fn time_zone_names(&self) -> Vec<String> {
        ["America/New_York", "Europe/Berlin", "UTC"]
            .map(str::to_owned)
            .to_vec()
    }
    fn host_time_zone(&self) -> TimeZone {
        TimeZone::UTC
    }
    fn account(&self, user: &str) -> Result<RunAs, String> {
        let (name, group) = user.split_once(':').unwrap_or((user, "nogroup"));
        if name != "nobody" || group != "nogroup" {
            return Err(format!("there is no user `{user}`"));
        }
        Ok(RunAs {
            uid: 65534,
            gid: 65534,
            groups: vec![65534],
            name: name.to_owned(),
            home: "/nonexistent".to_owned(),
        })
    }
    fn may_become(&self, _account: &RunAs) -> bool {
        true
    }
}

fn world() -> World {
    let mut world = World::default();
    world.vars.insert("HOME".into(), "/root".into());
    world.vars.insert("N".into(), "4".into());
    world.files.insert(".env".into(), "A=file\nB=file\n".into());
    world
        .files
        .insert(".secrets".into(), "S=sec-from-file\n".into());
    world
}

fn sources(texts: &[&str]) -> Vec<Source> {
    let names = ["runwisp.toml", "conf.d/a.toml", "conf.d/b.toml"];
    names
        .iter()
        .zip(texts)
        .map(|(name, text)| Source {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        })
        .collect()
}

/// The findings as `code line:text`, one on a line.
fn findings(texts: &[&str]) -> String {
    let compiled = compile(&sources(texts), &world());
    let mut lines = Vec::new();
    for found in &compiled.diagnostics {
        let span = found.span.unwrap();
        let text = texts[span.file];
        let line = text[..span.start].matches('\n').count() + 1;
        let part = text[span.start..span.end]
            .lines()
            .next()
            .unwrap_or_default();
        lines.push(format!("{} {line}:{part}", found.code));
    }
    let errors = compiled
        .diagnostics
        .iter()
        .any(|found| found.severity == Severity::Error);
    assert_eq!(compiled.plan.is_none(), errors);
    lines.join("\n")
}

#[track_caller]
fn plan(texts: &[&str]) -> Plan {
    let compiled = compile(&sources(texts), &world());
    match compiled.plan {
        Some(plan) => plan,
        None => panic!("refused: {:#?}", compiled.diagnostics),
    }
}

#[track_caller]
fn unit(text: &str, name: &str) -> Unit {
    plan(&[text]).units[name].clone()
}

#[track_caller]
fn task(text: &str, name: &str) -> Task {
    match unit(text, name).role {
        Role::Task(task) => task,
        Role::Service(_) => panic!("{name} is a service"),
    }
}

#[track_caller]
fn service(text: &str, name: &str) -> Service {
    match unit(text, name).role {
        Role::Service(service) => service,
        Role::Task(_) => panic!("{name} is a task"),
    }
}

#[test]
fn an_empty_file_is_a_plan() {
    let plan = plan(&[""]);
    assert!(plan.units.is_empty());
    assert_eq!(plan.daemon.listen.as_deref(), Some("127.0.0.1:9477"));
    assert_eq!(plan.daemon.shutdown_timeout, Duration::from_secs(10));
}

#[test]
fn a_service_of_one_line_has_every_default() {
    let text = "\n[services.api]\nrun = './api --port 80'\n";
    let unit = unit(text, "api");
    assert_eq!(unit.spec.argv, ["./api", "--port", "80"]);
    assert_eq!(
        (unit.source.file.as_str(), unit.source.line),
        ("runwisp.toml", 2)
    );
    assert_eq!(unit.spec.log_max_size, 100 << 20);
    assert_eq!(unit.spec.graceful_stop, Duration::from_secs(5));
    assert_eq!(unit.exit_codes, [0]);
    assert!(unit.manual_trigger);
    let service = service(text, "api");
    assert_eq!(
        (service.instances, service.start_retries, service.autostart),
        (1, 3, true)
    );
    assert_eq!(service.restart_delay, Duration::from_secs(1));
    assert_eq!(service.restart_delay_max, Duration::from_secs(60));
    assert_eq!(service.healthy_after, Duration::from_secs(60));
}

#[test]
fn a_task_of_one_line_has_every_default() {
    let task = task("[tasks.t]\nrun = 'a'", "t");
    assert_eq!(
        (task.catch_up, task.max_concurrent, task.max_queued),
        (1, 1, 100)
    );
    assert_eq!(
        (task.retry_attempts, task.retry_delay),
        (Some(0), Duration::from_secs(5))
    );
}

#[test]
fn a_unit_inherits_and_an_explicit_zero_is_a_value() {
    let text =
        "[defaults]\ntimeout = '1h'\nrestart_delay = '7s'\nstart_retries = 9\nexit_codes = [0, 2]
[services.a]\nrun = 'a'
[services.b]\nrun = 'a'\ntimeout = 0\nrestart_delay = '0s'\nstart_retries = 0\nexit_codes = 3";
    assert_eq!(unit(text, "a").timeout, Some(Duration::from_secs(3600)));
    assert_eq!(unit(text, "b").timeout, None);
    assert_eq!(unit(text, "a").exit_codes, [0, 2]);
    assert_eq!(unit(text, "b").exit_codes, [3]);
    assert_eq!(service(text, "a").restart_delay, Duration::from_secs(7));
    assert_eq!(service(text, "b").restart_delay, Duration::ZERO);
    assert_eq!(
        (
            service(text, "a").start_retries,
            service(text, "b").start_retries
        ),
        (9, 0)
    );
}

#[test]
fn the_environment_is_laid_in_order() {
    let text = "[defaults]\nenv_file = '.env'\nenv = { B = 'defaults', C = 'defaults', D = 'defaults' }\nsecrets = { S = 'defaults', C = 'hush' }
[tasks.t]\nrun = 'a'\nenv_file = '.env'\nenv = { D = 'unit', E = 5, F = '${N}', G = '${RUNWISP_ATTEMPT}' }\nsecrets_file = '.secrets'";
    let spec = unit(text, "t").spec;
    let env: Vec<String> = spec.env.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(
        env.join(" "),
        "A=file B=file C=hush D=unit E=5 F=4 G=${RUNWISP_ATTEMPT} S=sec-from-file"
    );
    assert_eq!(spec.secrets, ["hush", "sec-from-file"]);
}

#[test]
fn paths_are_made_absolute_from_their_own_file() {
    let plan = plan(&[
        "",
        "[tasks.t]\nrun = 'a'\nworking_dir = 'data'\nstdin = { file = 'in' }\n[tasks.u]\nrun='a'\nworking_dir='~/x'",
    ]);
    assert_eq!(
        plan.units["t"].spec.cwd.as_deref(),
        Some("/conf/conf.d/data")
    );
    assert_eq!(
        plan.units["t"].spec.stdin,
        Stdin::File("/conf/conf.d/in".into())
    );
    assert_eq!(plan.units["u"].spec.cwd.as_deref(), Some("~/x"));
    let text = "[tasks.t]\nrun='a'\nuser='nobody'\nworking_dir='~'\nstdin={ file='~/in' }";
    let spec = unit(text, "t").spec;
    assert_eq!(spec.cwd.as_deref(), Some("~"));
    assert_eq!(spec.stdin, Stdin::File("/nonexistent/in".into()));
}

#[test]
fn a_task_may_try_without_limit() {
    assert_eq!(
        task("[tasks.t]\nrun='a'\nrestart='on_failure'", "t").retry_attempts,
        None
    );
    let both = "[tasks.t]\nrun='a'\nrestart='on_failure'\nretry_attempts=2";
    assert_eq!(task(both, "t").retry_attempts, Some(2));
    assert_eq!(findings(&[both]), "config.ignored-key 3:restart");
}

#[test]
fn aliases_mean_the_same_and_are_named() {
    let text = "[tasks.t]\nrun = 'a'\napi_trigger = false\ncatch_up = 'skip'\non_overlap = 'terminate'\nlog_on_full = 'kill_task'
[services.s]\nrun = 'a'\nbackoff_reset_after = '1s'\nrestart_attempts = 1";
    assert_eq!(task(text, "t").catch_up, 0);
    assert_eq!(task(text, "t").on_overlap, super::plan::Overlap::Kill);
    assert_eq!(service(text, "s").healthy_after, Duration::from_secs(1));
    assert_eq!(service(text, "s").start_retries, 1);
    assert!(!unit(text, "t").manual_trigger);
    insta::assert_snapshot!(findings(&[text]), @r"
    config.alias 3:api_trigger
    config.alias 4:'skip'
    config.alias 5:'terminate'
    config.alias 6:'kill_task'
    config.alias 9:backoff_reset_after
    config.alias 10:restart_attempts
    ");
}

#[test]
fn all_problems_of_all_files_are_found_at_once() {
    let root = "[daemon]\nlisten = 'nowhere'\ntimezone = 'Berlin'\n[tasks.a]\nrun = 'a'\ntimeout = '5 parsecs'\ncorn = 'x'\n[tasks.b]\n[services.c]\nrun = 'c'\ncron = '@daily'\ninstances = 0\nworking_dir = '/${NOPE}/x'";
    let included = "[storage]\n[tasks.a]\nrun = 'a'\ninstances = 2";
    insta::assert_snapshot!(findings(&[root, included]), @r"
    config.value 2:'nowhere'
    config.unknown-zone 3:'Berlin'
    config.value 6:'5 parsecs'
    config.unknown-key 7:corn
    config.missing-key 8:b
    config.misplaced-key 11:cron
    config.range 12:0
    config.unset-variable 13:${NOPE}
    config.root-only 1:storage
    config.duplicate-name 2:a
    config.misplaced-key 4:instances
    ");
}

#[test]
fn several_slips_of_syntax_are_found_at_once_and_do_not_hide_the_rest() {
    let text = "[tasks.a]\nrun = \n[tasks.b]\nrun = 'b'\nnice = 99\n[tasks.c\nrun = 'c'\n";
    insta::assert_snapshot!(findings(&[text]), @r"
    config.syntax 2:
    config.range 5:99
    config.syntax 6:
    ");
}

#[test]
fn a_value_that_came_by_substitution_is_not_shown() {
    let compiled = compile(
        &sources(&["[tasks.t]\nrun='a'\ntimeout='${HOME}'"]),
        &world(),
    );
    let message = &compiled.diagnostics[0].message;
    assert!(
        message.contains("${HOME}") && !message.contains("/root"),
        "{message}"
    );
}

#[test]
fn a_user_is_looked_up() {
    let text = "[tasks.t]\nrun='a'\nuser='nobody:nogroup'";
    assert_eq!(
        unit(text, "t").spec.run_as.map(|account| account.uid),
        Some(65534)
    );
    let text = "[daemon]\nuser='nemo'\n[tasks.t]\nrun='a'\nuser='nobody:staff'";
    insta::assert_snapshot!(findings(&[text]), @r"
    config.unknown-user 2:'nemo'
    config.unknown-user 5:'nobody:staff'
    ");
}

/// Whatever is done to a text, it is compiled without a panic, and every finding lies within it.
fn survives(text: &str) {
    let sources = sources(&[text, text]);
    let compiled = compile(&sources, &world());
    includes(&sources[0], &world());
    for found in compiled.diagnostics {
        for span in found
            .span
            .iter()
            .chain(found.related.iter().map(|(span, _)| span))
        {
            assert!(
                sources[span.file].text.get(span.start..span.end).is_some(),
                "{found:?}"
            );
        }
    }
}

const WHOLE: &str = r#"
[daemon]
listen = "127.0.0.1:9477"
include = ["a/*.toml"]
[defaults]
env = { ä = "ö", B = "${N:-x}" }
[tasks."a:b"]
run = "echo 'x' | cat"
cron = ["0 3 * * *", "@every 90s"]
jitter = "5m"
params = [{ env = "X", choices = [1, "zwei"], default = 2.5 }]
on_failure = ["t"]
[tasks.t]
run = ["a", "b"]
timeout = "1h30m"
on_success = ["a:b"]
[services.s]
run = """
multi ${NOPE}
line"""
depends_on = ["s", "t"]
stdin = { file = "x" }
[services.s.health]
tcp = "[::1]:80"
[[route]]
notifiers = ["inapp", "ops:#x"]
"#;

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]
    #[test]
    fn nothing_makes_it_panic(text in ".{0,200}", cut in 0usize..700, length in 0usize..40, put in "[\\[\\]{}=\"'.,#$a-z0-9\n ]{0,6}") {
        survives(&text);
        let chars: Vec<char> = WHOLE.chars().collect();
        let cut = cut.min(chars.len());
        let end = (cut + length).min(chars.len());
        let changed: String = chars[..cut].iter().copied().chain(put.chars()).chain(chars[end..].iter().copied()).collect();
        survives(&changed);
    }
}

#[test]
fn ten_thousand_units_are_no_trouble() {
    let text: String = (0..10_000)
        .map(|n| {
            format!(
                "[tasks.t{n}]\nrun='a'\ncron='@daily'\non_success=['t{}']\n",
                n + 1
            )
        })
        .collect::<String>()
        + "[tasks.t10000]\nrun='a'\n";
    let plan = plan(&[&text]);
    assert_eq!(plan.units.len(), 10_001);
    assert_eq!(plan.units["t9999"].source.line, 4 * 9999 + 1);
}

#[test]
fn moving_a_definition_changes_nothing() {
    let unit = "[tasks.t]\nrun = 'a'\ncron = '@daily'\n";
    let (here, there) = (plan(&[unit, ""]), plan(&["", &format!("\n\n{unit}")]));
    assert!(diff(&here, &there).is_empty());
}

#[test]
fn a_reload_knows_what_changed() {
    let old = plan(&[
        "[daemon]\nlisten='off'\n[tasks.a]\nrun='a'\n[tasks.b]\nrun='b'\n[services.c]\nrun='c'",
    ]);
    let new = plan(&[
        "[storage]\nmax_size='1gb'\n[tasks.b]\nrun='b'\ntimeout='1s'\nenv={X='1'}\n[services.c]\nrun='c'\n[tasks.d]\nrun='d'\n[notify]\ncoalesce_limit=3",
    ]);
    let diff = diff(&old, &new);
    insta::assert_snapshot!(format!("{diff:?}"), @r#"Diff { added: ["d"], changed: [("b", ["env", "timeout"])], removed: ["a"], daemon: ["listen"], storage: ["max_size"], edges: ["notify"] }"#);
}

/// What a key needs beside it to be right.
fn company(table: &str, key: &str) -> &'static str {
    match (table, key) {
        ("[daemon]", "tls_cert") => "tls_key = 'k'\n",
        ("[daemon]", "tls_key") => "tls_cert = 'k'\n",
        ("[tasks.NAME]" | "[services.NAME]", "run") => "",
        ("[tasks.NAME]", "jitter" | "timezone") => "run = 'a | b'\ncron = '@daily'\n",
        ("[tasks.NAME]" | "[services.NAME]", _) => "run = 'a | b'\n",
        ("[services.NAME.health]", "http" | "tcp" | "exec") => "",
        ("[services.NAME.health]", _) => "tcp = 'a:1'\n",
        ("[[tasks.NAME.params]]", "env") => "",
        ("[[tasks.NAME.params]]", "allow_custom") => "env = 'X'\nchoices = ['a']\n",
        ("[[tasks.NAME.params]]", _) => "env = 'X'\n",
        ("[[route]]", "notifiers") => "",
        ("[[route]]", _) => "notifiers = ['inapp']\n",
        _ => "",
    }
}

/// A configuration in which `key` of `table` is written as its example shows, and one in which it is not.
fn example(table: &'static Table, key: &super::keys::Key) -> Option<[String; 2]> {
    let (head, tail) = match table.header {
        "[defaults]" => (
            "[defaults]\n",
            "[tasks.t]\nrun = 'a | b'\ncron = '@daily'\n[services.s]\nrun = 'a'\n",
        ),
        "[tasks.NAME]" => ("[tasks.t]\n", "[tasks.report]\nrun = 'x'\n"),
        "[services.NAME]" => (
            "[services.s]\n",
            "[services.other]\nrun = 'x'\n[tasks.report]\nrun = 'x'\n",
        ),
        "[services.NAME.health]" => ("[services.s]\nrun='a'\n[services.s.health]\n", ""),
        "[tasks.NAME.limits], [services.NAME.limits]" => {
            ("[tasks.t]\nrun='a'\n[tasks.t.limits]\n", "")
        }
        "[[tasks.NAME.params]]" => ("[tasks.t]\nrun='a'\n[[tasks.t.params]]\n", ""),
        "[notifiers.ID]" => ("[notifiers.x]\n", ""),
        "[[route]]" => ("[tasks.db-main]\nrun = 'a'\n[[route]]\n", ""),
        "[plugins.NAME]" => ("[plugins.x]\n", ""),
        "hook_tokens = [{ … }]" => return None,
        header => (header, ""),
    };
    let base = company(table.header, key.name);
    let line = format!("{} = {}", key.name, key.example);
    Some([
        format!("{head}\n{base}{line}\n{tail}"),
        format!("{head}\n{base}{tail}"),
    ])
}

/// Every key of the table of keys is read, and its example is right: with it the plan is another one.
#[test]
fn the_example_of_every_key_changes_the_plan() {
    for table in TABLES {
        for key in table.keys() {
            let Some([with, without]) = example(table, key) else {
                continue;
            };
            if table.header == "[daemon]" && key.name == "include" {
                let found = includes(&sources(&[&with])[0], &world());
                assert_eq!(found[0].0, "conf.d/*.toml");
                continue;
            }
            let mut world = world();
            world.files.insert(".env".into(), "FROM_FILE=1\n".into());
            let compiled = compile(&sources(&[&with]), &world);
            assert!(
                compiled
                    .diagnostics
                    .iter()
                    .all(|found| found.code == "config.shell"),
                "{} in {}: {:#?}",
                key.name,
                table.header,
                compiled.diagnostics
            );
            let plain = compile(&sources(&[&without]), &world).plan;
            assert_ne!(
                compiled.plan, plain,
                "{} in {} changes nothing",
                key.name, table.header
            );
        }
    }
}

#[test]
fn every_key_is_described() {
    for table in TABLES {
        for key in table.keys() {
            let described = key.doc.len() > 10 && key.doc.ends_with('.');
            assert!(
                described && !key.example.is_empty(),
                "{} in {}",
                key.name,
                table.header
            );
            for (name, _) in table.foreign {
                assert!(
                    table.key(name).is_none() && table.alias(name).is_none(),
                    "{name} in {}",
                    table.header
                );
            }
        }
        for name in table.only {
            assert!(table.key(name).is_some(), "{name}");
        }
    }
    assert!(
        super::keys::ROOT
            .iter()
            .any(|(_, _, shape, _)| *shape == Shape::List)
    );
}

#[test]
fn the_schema_knows_every_key() {
    let schema = super::schema::schema();
    let defs = schema["$defs"].as_object().unwrap();
    assert_eq!(defs.len(), TABLES.len(), "two kinds of table share a name");
    for table in TABLES {
        for key in table.keys() {
            assert!(!matches!(key.of, Type::Open) || key.default.is_empty());
            let known = defs
                .values()
                .any(|def| def["properties"][key.name]["description"] == key.doc);
            assert!(known, "{}", key.name);
        }
    }
}
