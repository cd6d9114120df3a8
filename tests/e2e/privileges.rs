//! Started by root with `[daemon] user`: the keeper alone stays root, and takes what runs from its own loader.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::Arc;

use nix::sys::signal::Signal;
use runwisp_tests::{Daemon, Place, alive, is_root, kill, skip, until};

const CONFIG: &str = r#"
    [daemon]
    user = "nobody"
    [tasks.as-daemon]
    run = "id -un"
    user = "daemon"
    working_dir = "/"
    "#;

/// One that is root's and one that is another user's: the daemon may touch neither.
const SERVICES: &str = r#"
    [daemon]
    user = "nobody"
    [services.top]
    run = "exec sleep 600"
    [services.web]
    run = "exec sleep 600"
    user = "daemon"
    working_dir = "/"
    "#;

/// The real user of a process.
fn uid(pid: i32) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Uid:"))
        .unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

fn started(config: &str) -> Option<Daemon> {
    if !is_root() {
        skip("needs root, to have something to drop");
        return None;
    }
    let place = Place::new(config);
    // The way to the data has to be open for the user it is dropped to.
    fs::set_permissions(place.dir(), fs::Permissions::from_mode(0o755)).unwrap();
    Some(place.start())
}

#[test]
fn the_daemon_drops_root_and_units_still_get_their_users() {
    let Some(daemon) = started(CONFIG) else {
        return;
    };
    let status = daemon.status();
    assert_eq!(uid(status.keeper_pid()), "0");
    assert_ne!(uid(status.daemon_pid()), "0");
    daemon.cli(&["run", "as-daemon"]).ok();
    assert_eq!(daemon.texts("as-daemon"), ["daemon"]);
}

#[test]
fn a_reload_goes_through_the_keepers_loader() {
    let Some(daemon) = started(CONFIG) else {
        return;
    };
    daemon.write_config(&format!("{CONFIG}\n[tasks.new]\nrun = \"echo new\"\n"));
    daemon.cli(&["reload"]).ok();
    daemon.cli(&["run", "new"]).ok();
    assert_eq!(daemon.texts("new"), ["new"]);
    let attached = daemon.status().daemon_pid();
    kill(attached, Signal::SIGKILL);
    daemon.wait_daemon_after(attached);
    daemon.cli(&["run", "new"]).ok();
}

#[test]
fn a_daemon_that_comes_back_to_a_broken_configuration_runs_what_the_keeper_knows_and_says_so() {
    let Some(daemon) = started(CONFIG) else {
        return;
    };
    let warnings = || daemon.status().0["daemon"]["warnings"].to_string();
    daemon.write_config("[tasks.as-daemon]\nrnu = \"id -un\"\n");
    let attached = daemon.status().daemon_pid();
    kill(attached, Signal::SIGKILL);
    daemon.wait_daemon_after(attached);
    assert!(warnings().contains("root can't read"), "{}", warnings());
    daemon.cli(&["run", "as-daemon"]).ok();
    assert_eq!(daemon.texts("as-daemon"), ["daemon"]);
    daemon.write_config(CONFIG);
    daemon.cli(&["reload"]).ok();
    assert!(!warnings().contains("root can't read"), "{}", warnings());
}

#[test]
fn a_reload_of_some_units_leaves_what_the_others_run() {
    let tasks = |word: &str| {
        let mut text = "[daemon]\nuser = \"nobody\"\n".to_owned();
        for task in ["one", "two"] {
            text += &format!("[tasks.{task}]\nrun = \"echo {word}\"\n");
        }
        text
    };
    let Some(daemon) = started(&tasks("old")) else {
        return;
    };
    daemon.write_config(&tasks("new"));
    daemon.cli(&["reload", "one"]).ok();
    for (task, expected) in [("one", "new"), ("two", "old")] {
        daemon.cli(&["run", task]).ok();
        assert_eq!(daemon.texts(task), [expected], "{task}");
    }
    daemon.cli(&["reload"]).ok();
    daemon.cli(&["run", "two"]).ok();
    assert_eq!(daemon.texts("two"), ["new"]);
}

#[test]
fn the_data_are_the_daemons_even_if_they_were_roots() {
    let Some(daemon) = started("[tasks.t]\nrun = \"echo of root\"\n") else {
        return;
    };
    daemon.cli(&["run", "t"]).ok();
    let place = Arc::clone(daemon.place());
    assert_eq!(fs::metadata(place.data()).unwrap().uid(), 0);
    assert!(daemon.stop().success());
    // The code that tests share is linked, and of a file with several names nobody is made the owner.
    fs::remove_dir_all(place.data().join("plugins")).unwrap();

    place.write_config(CONFIG);
    let daemon = place.start();
    let nobody = fs::metadata(place.data()).unwrap().uid();
    assert_ne!(nobody, 0);
    daemon.cli(&["run", "as-daemon"]).ok();
    let mut rest = vec![place.data()];
    while let Some(path) = rest.pop() {
        let found = fs::symlink_metadata(&path).unwrap();
        if found.is_dir() {
            let inside = fs::read_dir(&path).unwrap();
            rest.extend(inside.map(|entry| entry.unwrap().path()));
        }
        let expected = if path.ends_with("lock") {
            found.uid()
        } else {
            nobody
        };
        assert_eq!(found.uid(), expected, "{}", path.display());
    }
}

/// The living processes of `SERVICES`.
fn pids(daemon: &Daemon) -> Vec<i32> {
    ["top", "web"]
        .map(|unit| daemon.wait_state(unit, 0, "running").pid(unit, 0).unwrap())
        .to_vec()
}

/// The next start has ended the `old` ones, whoever ran them, and says what became of their runs.
#[track_caller]
fn check_next_start(place: &Arc<Place>, old: &[i32]) -> Daemon {
    let daemon = place.start();
    let new = pids(&daemon);
    let left: Vec<_> = old.iter().filter(|pid| alive(**pid)).collect();
    assert!(left.is_empty(), "left of the old ones: {left:?}");
    assert!(new.iter().all(|pid| !old.contains(pid)));
    for unit in ["top", "web"] {
        let rows = daemon.wait_ended(unit, 1);
        assert_eq!(rows.len(), 2, "{rows:#?}");
        assert_eq!(rows[0]["outcome"], "interrupted", "{:#}", rows[0]);
    }
    daemon
}

#[test]
fn survivors_of_other_users_are_ended_by_the_next_start() {
    let Some(daemon) = started(SERVICES) else {
        return;
    };
    let place = Arc::clone(daemon.place());
    let old = pids(&daemon);
    daemon.kill_both();
    assert!(old.iter().all(|pid| alive(*pid)));
    check_next_start(&place, &old);
}

#[test]
fn a_daemon_without_its_keeper_leaves_and_the_next_start_ends_what_it_could_not() {
    let Some(mut daemon) = started(SERVICES) else {
        return;
    };
    let place = Arc::clone(daemon.place());
    let (old, attached) = (pids(&daemon), daemon.status().daemon_pid());
    daemon.signal(Signal::SIGKILL);
    daemon.wait_end();
    until("the daemon to be gone", || !alive(attached));
    let daemon = check_next_start(&place, &old);
    let message = &daemon.runs(&["--unit", "web"])[1]["message"];
    assert!(
        message
            .as_str()
            .is_some_and(|text| text.contains("the next start")),
        "{message}"
    );
}
