//! Started by root with `[daemon] user`: the keeper alone stays root, and takes what runs from its own loader.

use std::fs;

use runwisp_tests::{Daemon, Place, is_root, skip};

const CONFIG: &str = r#"
    [daemon]
    user = "nobody"
    [tasks.as-daemon]
    run = "id -un"
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

fn started() -> Option<Daemon> {
    if !is_root() {
        skip("needs root, to have something to drop");
        return None;
    }
    let place = Place::new(CONFIG);
    // The way to the data has to be open for the user it is dropped to.
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(place.dir(), fs::Permissions::from_mode(0o755)).unwrap();
    Some(place.start())
}

#[test]
fn the_daemon_drops_root_and_units_still_get_their_users() {
    let Some(daemon) = started() else { return };
    let status = daemon.status();
    assert_eq!(uid(status.keeper_pid()), "0");
    assert_ne!(uid(status.daemon_pid()), "0");
    daemon.cli(&["run", "as-daemon"]).ok();
    assert_eq!(daemon.texts("as-daemon"), ["daemon"]);
}

#[test]
fn a_reload_goes_through_the_keepers_loader() {
    let Some(daemon) = started() else { return };
    daemon.write_config(&format!("{CONFIG}\n[tasks.new]\nrun = \"echo new\"\n"));
    daemon.cli(&["reload"]).ok();
    daemon.cli(&["run", "new"]).ok();
    assert_eq!(daemon.texts("new"), ["new"]);
    let attached = daemon.status().daemon_pid();
    runwisp_tests::kill(attached, nix::sys::signal::Signal::SIGKILL);
    daemon.wait_daemon_after(attached);
    daemon.cli(&["run", "new"]).ok();
}
