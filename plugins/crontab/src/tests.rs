//! Whole tables: the goldens, what must hold for any text, and the manual.
//!
//! A golden is a folder in `fixtures/tables`: files at their places (`etc/crontab`, `stdin`, …), `options.json` where
//! there are any, and what came of them in `expected.txt`. `RUNWISP_BLESS=1 cargo test -p runwisp-crontab golden` writes
//! those anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use runwisp_core::schedule::Schedule;
use runwisp_plugin::testing::{Files, Host, conversion_faults, description_faults};
use runwisp_plugin::{
    Conversion, Definition, Importer, Kind, Note, Row, Setting, Severity, Weight,
};

use crate::Crontab;
use crate::note::Code;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

/// The files below a folder, by their paths from there.
fn below(folder: &Path, prefix: &str, found: &mut Vec<(String, Vec<u8>)>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        match entry.file_type().unwrap().is_dir() {
            true => below(&entry.path(), &path, found),
            false => found.push((path, fs::read(entry.path()).unwrap())),
        }
    }
}

/// What becomes of the folder of a golden.
fn converted(folder: &Path) -> Result<Conversion, Vec<Note>> {
    let mut files = Vec::new();
    below(folder, "", &mut files);
    let mut take = |name: &str| {
        let at = files.iter().position(|(path, _)| path == name)?;
        Some(files.remove(at).1)
    };
    take("/expected.txt");
    let options = take("/options.json").map(|bytes| String::from_utf8(bytes).unwrap());
    let options = options.as_deref().unwrap_or("{}");
    let stdin = take("/stdin");
    let tables: Vec<String> = files
        .iter()
        .map(|(path, _)| path.clone())
        .filter(|path| path != "/etc/passwd" && path != "/etc/debian_version")
        .collect();
    let host = Host::new().with_files(Files::map(files));
    match stdin {
        Some(text) => host.convert_text::<Crontab>(text, options),
        None => {
            let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
            host.convert::<Crontab>(&tables, options)
        }
    }
}

/// What the host makes of a row.
fn status(row: &Row) -> &'static str {
    let has = |weight| row.notes.iter().any(|note| note.weight == weight);
    match (
        has(Weight::Blocking),
        row.definitions.is_empty(),
        has(Weight::Changed),
    ) {
        (true, ..) => "blocked",
        (false, true, _) => "skipped",
        (false, false, true) => "changed",
        (false, false, false) => "clean",
    }
}

fn at(place: &runwisp_plugin::Place) -> String {
    let file = place.file.as_deref().unwrap_or("-");
    format!("{file}:{}", place.line)
}

/// A conversion as people read it.
fn shown(conversion: &Result<Conversion, Vec<Note>>) -> String {
    let mut lines = Vec::new();
    let note = |note: &Note| {
        format!(
            "  {}: {} ({:?}, {})",
            note.code,
            note.message,
            note.weight,
            at(&note.source)
        )
    };
    let conversion = match conversion {
        Ok(conversion) => conversion,
        Err(notes) => {
            lines.push("no crontab".to_owned());
            lines.extend(notes.iter().map(note));
            return lines.join("\n") + "\n";
        }
    };
    for definition in &conversion.definitions {
        let table = match definition.kind {
            Kind::Task => format!("[tasks.{}]", definition.name),
            Kind::Notifier => format!("[notifiers.{}]", definition.name),
            other => panic!("no importer of crontabs makes a {other:?}"),
        };
        let mark = if definition.runnable {
            ""
        } else {
            ", may not run"
        };
        lines.extend(
            definition
                .comments
                .iter()
                .map(|comment| format!("# {comment}")),
        );
        lines.push(format!("{table}  # from {}{mark}", at(&definition.source)));
        for setting in &definition.settings {
            let note = setting.note.as_ref().map(|note| format!("  # {note}"));
            lines.push(format!(
                "{} = {}{}",
                setting.path.join("."),
                setting.value,
                note.unwrap_or_default()
            ));
        }
        lines.push(String::new());
    }
    lines.push("report".to_owned());
    for row in &conversion.report {
        lines.push(format!(
            "{} {}: {}",
            at(&row.source),
            status(row),
            row.section
        ));
        lines.extend(row.notes.iter().map(note));
    }
    if !conversion.notes.is_empty() {
        lines.push("\nas a whole".to_owned());
        lines.extend(conversion.notes.iter().map(note));
    }
    if !conversion.retirement.is_empty() {
        lines.push("\nthen".to_owned());
        lines.extend(conversion.retirement.iter().map(|step| format!("  {step}")));
    }
    lines.join("\n") + "\n"
}

#[test]
fn golden_schema_is_that_of_the_options() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/settings.schema.json");
    runwisp_plugin::testing::golden_schema::<crate::Options>(file);
}

#[test]
fn golden_tables() {
    let mut found = 0;
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder("tables")).unwrap() {
        let folder = entry.unwrap().path();
        let conversion = converted(&folder);
        if let Ok(conversion) = &conversion {
            sound(conversion);
        }
        let text = shown(&conversion);
        let expected = folder.join("expected.txt");
        if std::env::var_os("RUNWISP_BLESS").is_some() {
            fs::write(&expected, &text).unwrap();
        }
        if fs::read_to_string(&expected).ok().as_deref() != Some(text.as_str()) {
            wrong.push(format!("{}\n{text}", folder.display()));
        }
        found += 1;
    }
    assert!(found > 5, "the goldens are gone");
    assert!(
        wrong.is_empty(),
        "differs; RUNWISP_BLESS=1 writes it anew:\n{}",
        wrong.join("\n")
    );
}

/// What must hold for every conversion: the host takes it, every schedule means something to runwisp, nothing blocked may
/// run, no name comes twice.
fn sound(conversion: &Conversion) {
    assert_eq!(conversion_faults(conversion), [""; 0]);
    let mut names = BTreeSet::new();
    for definition in &conversion.definitions {
        assert!(
            names.insert(definition.name.clone()),
            "{} comes twice",
            definition.name
        );
        let of = |key: &str| {
            definition
                .settings
                .iter()
                .find(|setting| setting.path == [key])
        };
        if let Some(cron) = of("cron") {
            let text: String = serde_json::from_str(&cron.value).unwrap();
            Schedule::parse(&text, &jiff::tz::TimeZone::UTC)
                .unwrap_or_else(|why| panic!("{text}: {why}"));
        }
        if definition.kind == Kind::Notifier {
            assert_eq!(email_finds(definition), [""; 0]);
        }
        if definition.kind == Kind::Task {
            assert!(of("run").is_some(), "{} runs nothing", definition.name);
        }
    }
    for row in &conversion.report {
        let blocked = status(row) == "blocked";
        for index in &row.definitions {
            let definition = &conversion.definitions[*index as usize];
            assert_eq!(definition.runnable, !blocked, "{}", definition.name);
            assert_eq!(definition.source, row.source);
        }
    }
}

/// What the notifier `email` has against a table that is for it.
fn email_finds(definition: &Definition) -> Vec<String> {
    let key = |setting: &Setting| {
        let value = serde_json::from_str::<serde_json::Value>(&setting.value).unwrap();
        (setting.path[0].clone(), value)
    };
    let mut table: serde_json::Map<_, _> = definition.settings.iter().map(key).collect();
    assert_eq!(table.remove("type"), Some("email".into()));
    let table = serde_json::Value::Object(table).to_string();
    let found = Host::new()
        .check::<runwisp_email::Email>(&table)
        .into_iter();
    let errors = found.filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.message).collect()
}

#[test]
fn the_description_is_in_order() {
    assert_eq!(description_faults(&Crontab::describe()), [""; 0]);
}

#[test]
fn every_code_has_one_line_in_the_manual() {
    let manual = include_str!("../../../docs/importing-crontab.md");
    let weights = ["blocking", "changed", "info"];
    let told: Vec<(&str, &str)> = manual
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .filter_map(|(code, rest)| Some((code, rest.split_once(" | ")?.0)))
        .filter(|(_, weight)| weights.contains(weight))
        .collect();
    let known: Vec<(&str, &str)> = Code::ALL
        .iter()
        .map(|code| (code.name(), code.weight()))
        .map(|(name, weight)| match weight {
            Weight::Blocking => (name, "blocking"),
            Weight::Changed => (name, "changed"),
            Weight::Info => (name, "info"),
        })
        .collect();
    assert_eq!(
        told, known,
        "the table of codes in docs/importing-crontab.md"
    );
}

#[test]
fn without_sources_the_tables_of_this_host_are_read() {
    let host = |files: &[(&str, &str)]| {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        Host::new().with_files(Files::map(files))
    };
    let own = host(&[
        ("/etc/crontab", "@daily root /a\n"),
        ("/etc/debian_version", "13.1\n"),
        ("/etc/cron.d/b", "@daily root /b\n"),
        ("/etc/cron.d/b.bak", "@daily root /no\n"),
        ("/var/spool/cron/crontabs/al", "@daily /c\n"),
        ("/etc/anacrontab", "1 5 d /d\n"),
    ]);
    let conversion = own.convert::<Crontab>(&[], "{}").unwrap();
    let names: Vec<&str> = conversion
        .definitions
        .iter()
        .map(|task| task.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    assert_eq!(conversion.report.len(), 5);
    let nothing = host(&[("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")]);
    assert_eq!(
        nothing.convert::<Crontab>(&[], "{}").unwrap_err()[0].code,
        "not-a-crontab"
    );
}

#[test]
fn a_broken_job_is_blocked_and_another_text_is_refused() {
    let host = Host::new();
    let broken = host
        .convert_text::<Crontab>("60 3 * * * /x\n", "{}")
        .unwrap();
    assert_eq!(status(&broken.report[0]), "blocked");
    for text in [
        "web: bin/server\nworker: bin/work\n",
        "{\"a\": [1, 2]}\n",
        "[Unit]\nDescription=x\n",
        "5 of these lines begin alike\nbut this\nand this\nare prose\n",
    ] {
        let refused = host.convert_text::<Crontab>(text, "{}").unwrap_err();
        assert_eq!(refused[0].code, "not-a-crontab", "{text}");
    }
}

#[test]
fn ten_thousand_jobs_are_no_trouble() {
    let line = |number: usize| {
        format!(
            "{} 3 * * * /opt/jobs/run.sh customer-{}\n",
            number % 60,
            number / 2
        )
    };
    let text: String = (0..10_000).map(line).collect();
    let conversion = Host::new().convert_text::<Crontab>(text, "{}").unwrap();
    assert_eq!(conversion.report.len(), 10_000);
    sound(&conversion);
}

fn field(low: u32, high: u32) -> impl Strategy<Value = String> {
    let number = low..=high;
    let range = (low..=high, low..=high).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b)));
    let part = prop_oneof![
        Just("*".to_owned()),
        number.prop_map(|n| n.to_string()),
        range.clone(),
        (range, 1..70_u32).prop_map(|(range, step)| format!("{range}/{step}")),
        (1..70_u32).prop_map(|step| format!("*/{step}")),
    ];
    proptest::collection::vec(part, 1..4).prop_map(|parts| parts.join(","))
}

fn schedule() -> impl Strategy<Value = String> {
    let fields = (
        field(0, 59),
        field(0, 23),
        field(1, 31),
        field(1, 12),
        field(0, 7),
    );
    let fields = fields.prop_map(|(a, b, c, d, e)| format!("{a} {b} {c} {d} {e}"));
    let special = proptest::sample::select(vec![
        "@reboot", "@hourly", "@daily", "@weekly", "@monthly", "@yearly",
    ]);
    prop_oneof![4 => fields, 1 => special.prop_map(str::to_owned)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), system in any::<Option<bool>>()) {
        let options = system.map_or("{}".to_owned(), |system| format!("{{\"system\": {system}}}"));
        Crontab::probe(None, &bytes);
        if let Ok(conversion) = Host::new().convert_text::<Crontab>(bytes, &options) {
            sound(&conversion);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "([ -~\t]{0,40}\n){0,12}", path in proptest::sample::select(vec!["/etc/crontab", "/etc/cron.d/a", "/etc/anacrontab", "/var/spool/cron/al", "/x"])) {
        Crontab::probe(Some(path), text.as_bytes());
        let host = Host::new().with_files(Files::map([(path.to_owned(), text.into_bytes())]));
        if let Ok(conversion) = host.convert::<Crontab>(&[path], "{}") {
            sound(&conversion);
        }
    }

    #[test]
    fn every_address_that_is_taken_over_is_one_to_the_notifier(to in "[a-zA-Z0-9._+@, $-]{1,80}", from in "[a-zA-Z0-9._+@-]{0,20}") {
        let text = format!("MAILTO={to}\nMAILFROM=\"{from}\"\n@daily x\n");
        if let Ok(conversion) = Host::new().convert_text::<Crontab>(text, "{}") {
            sound(&conversion);
        }
    }

    #[test]
    fn every_job_of_a_valid_table_has_one_row(jobs in proptest::collection::vec((schedule(), "/[a-z]{1,8}( [a-z0-9%\\\\;&'\"-]{1,8}){0,3}"), 1..20)) {
        let lines: Vec<String> = jobs.iter().map(|(when, command)| format!("{when} {command}\n")).collect();
        let text = format!("# a comment\n\nA=b\n{}", lines.concat());
        prop_assert_eq!(Crontab::probe(None, text.as_bytes()), 90);
        let conversion = Host::new().convert_text::<Crontab>(text, "{}").unwrap();
        sound(&conversion);
        let rows: Vec<u32> = conversion.report.iter().map(|row| row.source.line).collect();
        let expected: Vec<u32> = (4..).take(jobs.len()).collect();
        prop_assert_eq!(rows, expected);
        for row in &conversion.report {
            prop_assert!(["clean", "changed"].contains(&status(row)), "{:?}", row);
        }
    }
}
