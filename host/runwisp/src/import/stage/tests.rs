//! Staging in real folders.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::*;
use crate::import::tests::{conversion, definition};
use crate::import::words::Kind;
use crate::replace::replace;

fn service(name: &str) -> Conversion {
    conversion(vec![definition(
        Kind::Service,
        name,
        &format!("run {name}"),
    )])
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("runwisp.toml");
    (place, root)
}

fn staged(root: &Path, title: &str, conversion: &Conversion) -> Plan {
    let plan = plan(root, title, conversion, false).unwrap();
    replace(&plan.changes, root).unwrap();
    plan
}

#[test]
fn a_second_import_changes_nothing() {
    let (place, root) = place();
    let first = staged(&root, "supervisord of a", &service("web"));
    assert_eq!(first.changes.len(), 2);
    let names: Vec<String> = fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let loaded = config::load_for(&root, false);
    assert_eq!(loaded.plan.unwrap().units.len(), 1);
    let again = plan(&root, "supervisord of a", &service("web"), false).unwrap();
    assert_eq!(again.changes, []);
    let other = staged(&root, "crontab of b", &service("other"));
    assert_eq!(other.changes.len(), 1);
    assert_eq!(config::load_for(&root, false).plan.unwrap().units.len(), 2);
    let third = staged(&root, "supervisord of a", &service("db"));
    assert_eq!(third.replaces, 1);
    let units = config::load_for(&root, false).plan.unwrap().units;
    let names: Vec<&str> = units.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["db", "other"]);
}

#[test]
fn what_stands_elsewhere_is_left_there() {
    let (_place, root) = place();
    fs::write(
        &root,
        "[services.web]\nrun = 'run web'\n[services.db]\nrun = 'other'\n",
    )
    .unwrap();
    let both = conversion(vec![
        definition(Kind::Service, "web", "run web"),
        definition(Kind::Service, "db", "run db"),
    ]);
    let plan = staged(&root, "x", &both);
    assert_eq!(plan.imported.report[0].notes[0].code, "already-defined");
    assert_eq!(plan.imported.units[0].name, "db-2");
    let units = config::load_for(&root, false).plan.unwrap().units;
    let names: Vec<&str> = units.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["db", "db-2", "web"]);
}

#[test]
fn permissions_stay_and_a_link_is_followed() {
    let (place, root) = place();
    let real = place.path().join("real.toml");
    fs::write(&real, "# mine\n[services.a]\nrun = 'a'\n").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.toml", &root).unwrap();
    staged(&root, "x", &service("web"));
    assert!(root.symlink_metadata().unwrap().is_symlink());
    assert_eq!(real.metadata().unwrap().mode() & 0o7777, 0o640);
    let text = fs::read_to_string(&real).unwrap();
    assert!(
        text.starts_with("# mine\n[services.a]\nrun = 'a'\n"),
        "{text}"
    );
    let imported = place.path().join(STAGED);
    assert_eq!(imported.metadata().unwrap().mode() & 0o7777, 0o640);
    assert!(config::load_for(&root, false).valid());
}

#[test]
fn nothing_is_written_that_would_not_load() {
    let (place, root) = place();
    // `web` is a task here, with another command, and something depends on it.
    fs::write(&root, "[services.a]\nrun = 'a'\ndepends_on = 'gone'\n").unwrap();
    let refused = plan(&root, "x", &service("web"), false).unwrap_err();
    assert!(matches!(refused, Refusal::Breaks(_)), "{refused}");
    fs::write(&root, "[services.a\nrun = 'a'\n").unwrap();
    let refused = plan(&root, "x", &service("web"), false).unwrap_err();
    assert!(matches!(refused, Refusal::Broken(_)), "{refused}");
    fs::write(&root, "[daemon]\ninclude = ['conf.d/*']\n").unwrap();
    let refused = plan(&root, "x", &service("web"), false).unwrap_err();
    assert!(matches!(refused, Refusal::Include(_)), "{refused}");
    fs::write(&root, "[daemon]\ninclude = ['*.d/imp*.toml', 'conf.d/*']\n").unwrap();
    let plan = plan(&root, "x", &service("web"), false).unwrap();
    assert_eq!(plan.changes.len(), 1);
    assert!(!place.path().join("runwisp.d").exists());
}

#[test]
fn a_change_by_hand_is_not_lost_without_a_word() {
    let (place, root) = place();
    staged(&root, "x", &service("web"));
    let file = place.path().join(STAGED);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("run web", "run web --fast")).unwrap();
    let refused = plan(&root, "x", &service("web"), false).unwrap_err();
    assert!(matches!(refused, Refusal::Edited { .. }), "{refused}");
    let forced = plan(&root, "x", &service("web"), true).unwrap();
    assert_eq!(forced.changes[0].after, text);
}
