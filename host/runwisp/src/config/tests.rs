//! Configurations on a real disk. Each file of `tests/config` has its findings beside it, in `.err`; with
//! `RUNWISP_BLESS=1` they are written anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use runwisp_core::config::reference::reference;

use super::*;
use crate::plugins;

/// The workspace.
fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.join("../..").canonicalize().unwrap()
}

/// Compares a file of the repository with what it should be, or writes it.
#[track_caller]
fn golden(path: &Path, text: &str) {
    if std::env::var_os("RUNWISP_BLESS").is_some() {
        fs::write(path, text).unwrap();
        return;
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == text,
        "{} is stale; run `cargo xtask codegen` and look at the difference. It should be:\n{text}",
        path.display()
    );
}

/// Findings as text, without the place of the workspace.
fn shown(folder: &Path, mut loaded: Loaded) -> String {
    let prefix = format!("{}/", folder.display());
    for source in &mut loaded.sources {
        source.name = source.name.replace(&prefix, "");
    }
    for finding in &mut loaded.diagnostics {
        finding.message = finding.message.replace(&prefix, "");
        finding.help = finding.help.take().map(|help| help.replace(&prefix, ""));
    }
    let text = render(&loaded.diagnostics, &loaded.sources, false);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

fn fixtures() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(workspace().join("tests/config"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    paths.sort();
    assert!(paths.len() > 40);
    paths
}

#[test]
fn golden_of_every_finding() {
    let folder = workspace().join("tests/config");
    for path in fixtures() {
        let mut loaded = load_for(&path, false);
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let code = code_of(stem);
        if code.starts_with("plugin.") {
            let data = tempfile::tempdir().unwrap();
            let registry = plugins::Registry::open(plugins::Place::of(&path, data.path())).unwrap();
            plugins::judge(&mut loaded, &registry);
            crate::notify::templates::judge(&mut loaded);
        }
        let has = loaded
            .diagnostics
            .iter()
            .any(|finding| finding.code == code);
        assert!(has || stem == "valid", "{stem}: {:#?}", loaded.diagnostics);
        golden(&path.with_extension("err"), &shown(&folder, loaded));
    }
}

/// The code that a fixture of this name is about.
fn code_of(stem: &str) -> String {
    for family in ["schedule", "plugin"] {
        if let Some(rest) = stem
            .strip_prefix(family)
            .and_then(|rest| rest.strip_prefix('-'))
        {
            return format!("{family}.{rest}");
        }
    }
    format!("config.{stem}")
}

/// Every code that stands in the sources, as `"config.…"`, `"schedule.…"` or `"plugin.…"`.
fn codes() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    let mut folders = [
        "core/src/config",
        "core/src/schedule",
        "runwisp/src/config",
        "runwisp/src/notify",
        "runwisp/src/plugins",
    ]
    .map(|folder| workspace().join("host").join(folder))
    .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let quoted = text.split('"').skip(1);
            codes.extend(quoted.filter(|part| is_code(part)).map(str::to_owned));
        }
    }
    assert!(codes.len() > 40, "{codes:?}");
    codes
}

fn is_code(text: &str) -> bool {
    let rest = text
        .strip_prefix("config.")
        .or_else(|| text.strip_prefix("schedule."))
        .or_else(|| text.strip_prefix("plugin."));
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    })
}

#[test]
fn every_code_has_a_paragraph_and_a_fixture() {
    let page = fs::read_to_string(workspace().join("docs/config-errors.md")).unwrap();
    let documented: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'))
        .map(str::to_owned)
        .collect();
    assert_eq!(codes(), documented);
    let fixtures: BTreeSet<String> = fixtures()
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    // These need a file that a repository cannot hold; tests below make one.
    let made = [
        "no-file",
        "too-large",
        "too-many-files",
        "unsafe-permissions",
    ];
    for code in codes() {
        let stem = code
            .strip_prefix("config.")
            .map_or(code.replace('.', "-"), str::to_owned);
        assert!(
            fixtures.contains(&stem) || made.contains(&stem.as_str()),
            "tests/config/{stem}.toml is missing"
        );
    }
}

#[test]
fn golden_of_the_reference() {
    golden(&workspace().join("docs/config.md"), &reference());
}

#[test]
fn golden_of_the_schema() {
    let schema = runwisp_core::config::schema::schema();
    let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    golden(&workspace().join("docs/runwisp.schema.json"), &text);
}

/// What is wrong with a text, in short.
fn errors(text: &str) -> Vec<String> {
    let place = folder(&[("runwisp.toml", text)]);
    let loaded = load_for(&place.path().join("runwisp.toml"), true);
    let some = loaded.diagnostics.iter();
    // A piece of the manual leaves out what it is not about, and names accounts this machine need not have.
    let left_out = [
        "config.missing-key",
        "config.unknown-user",
        "config.unknown-unit",
    ];
    some.filter(|finding| finding.severity == Severity::Error && !left_out.contains(&finding.code))
        .map(|finding| format!("{}: {}", finding.code, finding.message))
        .collect()
}

#[test]
fn every_example_and_every_piece_of_the_manual_is_right() {
    let mut texts = Vec::new();
    for (folder, ending) in [("examples", "toml"), ("docs", "md"), ("", "md")] {
        for entry in fs::read_dir(workspace().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|other| other != ending) {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let name = path.display().to_string();
            if ending == "toml" {
                texts.push((name, text));
                continue;
            }
            let pieces = text.split("```toml\n").skip(1);
            texts.extend(
                pieces.map(|piece| (name.clone(), piece.split("```").next().unwrap().to_owned())),
            );
        }
    }
    assert!(texts.len() > 5);
    let wrong: Vec<String> = texts
        .iter()
        .filter_map(|(name, text)| {
            let errors = errors(text);
            (!errors.is_empty()).then(|| format!("{name}: {errors:#?}\n{text}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn codes_of(loaded: &Loaded) -> Vec<&'static str> {
    loaded
        .diagnostics
        .iter()
        .map(|finding| finding.code)
        .collect()
}

#[test]
fn a_missing_file_is_named() {
    let place = folder(&[]);
    let path = place.path().join("runwisp.toml");
    let loaded = load_for(&path, false);
    assert_eq!(codes_of(&loaded), ["config.no-file"]);
    assert!(
        !loaded.valid()
            && loaded.diagnostics[0]
                .message
                .ends_with("runwisp.toml: no such file or directory")
    );
    let json = document(&loaded.diagnostics, &loaded.sources);
    assert_eq!(json["errors"][0]["file"], path.display().to_string());
}

#[test]
fn includes_come_in_order_once_and_without_hidden_files() {
    let unit = |name: &str| format!("[tasks.{name}]\nrun = 'a'\n");
    let place = folder(&[
        (
            "runwisp.toml",
            "[daemon]\ninclude = ['d/b.toml', 'd/*.toml', '*.toml']\n",
        ),
        ("d/a.toml", &unit("a")),
        ("d/b.toml", &unit("b")),
        ("d/.hidden.toml", &unit("hidden")),
        ("d/c.txt", "not toml"),
    ]);
    let loaded = load_for(&place.path().join("runwisp.toml"), false);
    let names: Vec<String> = loaded
        .sources
        .iter()
        .map(|s| s.name.rsplit('/').next().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["runwisp.toml", "b.toml", "a.toml"]);
    assert_eq!(loaded.plan.unwrap().units.len(), 2);
}

#[test]
fn a_pipe_is_refused_and_does_not_block() {
    let place = folder(&[(
        "runwisp.toml",
        "[daemon]\ninclude = ['pipe.toml']\n[tasks.a]\nrun='a'\nenv_file='pipe.toml'",
    )]);
    nix::unistd::mkfifo(
        &place.path().join("pipe.toml"),
        nix::sys::stat::Mode::S_IRUSR,
    )
    .unwrap();
    let loaded = load_for(&place.path().join("runwisp.toml"), false);
    assert_eq!(
        codes_of(&loaded),
        ["config.not-a-file", "config.unreadable-file"]
    );
}

#[test]
fn a_file_has_a_largest_size() {
    let place = folder(&[
        ("runwisp.toml", &"#".repeat(8 * 1024 * 1024 + 1)),
        ("just.toml", &"#".repeat(8 * 1024 * 1024)),
    ]);
    assert_eq!(
        codes_of(&load_for(&place.path().join("runwisp.toml"), false)),
        ["config.too-large"]
    );
    assert!(load_for(&place.path().join("just.toml"), false).valid());
}

#[test]
fn there_is_a_largest_number_of_files() {
    let place = folder(&[("runwisp.toml", "[daemon]\ninclude = ['d/*']\n")]);
    fs::create_dir(place.path().join("d")).unwrap();
    for n in 0..1001 {
        fs::write(place.path().join(format!("d/{n}.toml")), "").unwrap();
    }
    let path = place.path().join("runwisp.toml");
    assert_eq!(codes_of(&load_for(&path, false)), ["config.too-many-files"]);
    fs::remove_file(place.path().join("d/0.toml")).unwrap();
    assert!(load_for(&path, false).valid());
}

#[test]
fn root_trusts_no_file_that_others_can_write() {
    use std::os::unix::fs::PermissionsExt;
    let place = folder(&[
        ("runwisp.toml", "[daemon]\ninclude = ['a.toml']\n"),
        ("a.toml", ""),
    ]);
    let path = place.path().join("runwisp.toml");
    let mode = |name: &str, mode: u32| {
        fs::set_permissions(place.path().join(name), fs::Permissions::from_mode(mode)).unwrap()
    };
    mode("runwisp.toml", 0o644);
    mode("a.toml", 0o600);
    assert!(load_for(&path, true).valid());
    for (name, bits) in [
        ("runwisp.toml", 0o664),
        ("runwisp.toml", 0o646),
        ("a.toml", 0o620),
    ] {
        mode("runwisp.toml", 0o644);
        mode(name, bits);
        let loaded = load_for(&path, true);
        assert_eq!(
            codes_of(&loaded),
            ["config.unsafe-permissions"],
            "{name} {bits:o}"
        );
        assert!(!loaded.valid() && load_for(&path, false).valid());
    }
}

#[test]
fn a_change_is_noticed_and_a_touch_is_none() {
    let place = folder(&[
        (
            "runwisp.toml",
            "[daemon]\ninclude = ['d/*.toml']\n[tasks.a]\nrun = 'a'\nenv_file = 'env'\n",
        ),
        ("d/a.toml", ""),
        ("env", "A=1\n"),
    ]);
    let at = |name: &str| place.path().join(name);
    let stamp = load_for(&at("runwisp.toml"), false).stamp;
    assert_eq!(stamp.files().count(), 3);
    assert!(!stamp.stale());
    fs::write(at("env.new"), "A=1\n").unwrap();
    fs::rename(at("env.new"), at("env")).unwrap();
    assert!(!stamp.stale(), "another file with the same content");
    fs::write(at("env"), "A=2\n").unwrap();
    assert!(stamp.stale(), "another content");
    fs::write(at("env"), "A=1\n").unwrap();
    assert!(!stamp.stale());
    fs::write(at("d/b.toml"), "").unwrap();
    assert!(stamp.stale(), "a further file");
    fs::remove_file(at("d/b.toml")).unwrap();
    fs::remove_file(at("d/a.toml")).unwrap();
    assert!(stamp.stale(), "a file that is gone");
}

#[test]
fn accounts_are_found_by_name_and_number() {
    let root = accounts::find("root").unwrap();
    assert_eq!((root.uid, root.gid, root.name.as_str()), (0, 0, "root"));
    assert!(root.groups.contains(&0));
    assert_eq!(
        accounts::find("0:0").unwrap(),
        accounts::find("root:root").unwrap()
    );
    let stranger = accounts::find("54321:54321").unwrap();
    assert_eq!(
        (stranger.uid, stranger.gid, stranger.groups),
        (54321, 54321, vec![54321])
    );
    for text in [
        "54321",
        "nobody-of-that-name",
        "root:no-such-group",
        "4294967295:0",
        "0:4294967295",
    ] {
        assert!(accounts::find(text).is_err(), "{text}");
    }
}

#[test]
fn places_count_characters_from_one() {
    let place = folder(&[(
        "runwisp.toml",
        "[tasks.a]\nrun = 'a'\ndescription = 'äöü ${RUNWISP_TEST_NOT_SET}'\n",
    )]);
    let loaded = load_for(&place.path().join("runwisp.toml"), false);
    let json = document(&loaded.diagnostics, &loaded.sources);
    let error = &json["errors"][0];
    assert_eq!(
        (json["schema_version"].as_u64(), json["valid"].as_bool()),
        (Some(1), Some(false))
    );
    assert_eq!(
        (error["line"].as_u64(), error["column"].as_u64()),
        (Some(3), Some(20))
    );
    assert_eq!(error["key"], "tasks.a.description");
    assert_eq!(summary(&loaded.diagnostics).as_deref(), Some("1 error"));
}
