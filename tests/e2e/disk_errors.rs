//! A disk that fails while it is used, rather than being full: what runs goes on, the reason is said, and what can be
//! kept is. Root only: each test mounts disks that nobody else sees.

use std::fs;
use std::process::Command;

use runwisp_tests::{Daemon, Place, Status, alive, is_root, loop_disk, mount_loop, skip, tmpfs};

const CONFIG: &str = r#"
    [services.talker]
    run = ["{bad_child}", "count", "2000"]
    [tasks.quick]
    run = "echo done; exit 5"
    "#;

fn warnings(status: &Status) -> String {
    status.0["daemon"]["warnings"].to_string()
}

/// Runs that ended as they should, by `runs --json`.
fn ended_with_5(daemon: &Daemon) -> usize {
    let rows = daemon.runs(&["--unit", "quick"]);
    let fits = |row: &&serde_json::Value| row["exit_code"] == 5 && row["state"] == "ended";
    let count = rows.iter().filter(fits).count();
    assert_eq!(rows.len(), count, "{rows:#?}");
    count
}

/// Runs the task, however often it takes until its row can't be written.
fn run_until_held(daemon: &Daemon) -> usize {
    for count in 1.. {
        daemon.cli(&["run", "quick"]).code(5);
        assert_eq!(ended_with_5(daemon), count);
        if warnings(&daemon.status()).contains("held in memory") {
            return count;
        }
    }
    unreachable!()
}

#[test]
fn a_disk_that_fails_when_it_is_synced() {
    if !is_root() {
        return skip("needs root, to mount a disk");
    }
    let place = Place::new(CONFIG);
    let below = place.path("below");
    tmpfs(&below, "8m");
    if !loop_disk(&below.join("image"), 64 << 20, &place.data()) {
        return skip("this kernel mounts no files");
    }
    let daemon = place.start();
    let talker = daemon
        .wait_state("talker", 0, "running")
        .pid("talker", 0)
        .unwrap();
    let filler = below.join("filler");
    // The disk itself has room; what it stands on has not, which shows when the kernel writes back.
    let _ = fs::write(&filler, vec![0; 16 << 20]);
    let count = run_until_held(&daemon);
    assert_eq!(daemon.status().pid("talker", 0), Some(talker));
    fs::remove_file(filler).unwrap();
    daemon.wait("the history to be written again", |status| {
        (!warnings(status).contains("held in memory")).then_some(())
    });
    daemon.cli(&["run", "quick"]).code(5);
    assert_eq!(ended_with_5(&daemon), count + 1);
    assert_eq!(daemon.status().pid("talker", 0), Some(talker));
    assert!(daemon.stop().success());
    // What the next daemon finds is what is on disk.
    let daemon = place.start();
    assert_eq!(ended_with_5(&daemon), count + 1);
    drop(daemon);
    nix::mount::umount(&place.data()).unwrap();
}

#[test]
fn a_disk_that_turns_read_only_while_it_is_used() {
    if !is_root() {
        return skip("needs root, to mount a disk");
    }
    let place = Place::new(CONFIG);
    let below = place.path("below");
    tmpfs(&below, "64m");
    let image = below.join("image");
    if !loop_disk(&image, 32 << 20, &place.data()) {
        return skip("this kernel mounts no files");
    }
    let daemon = place.start();
    let talker = daemon
        .wait_state("talker", 0, "running")
        .pid("talker", 0)
        .unwrap();
    daemon.cli(&["run", "quick"]).code(5);
    // What the kernel does when it comes upon damage in the file system.
    let aborted = Command::new("mount")
        .args(["-o", "remount,abort"])
        .arg(place.data())
        .status();
    assert!(aborted.unwrap().success());
    daemon.wait("a warning about the history", |status| {
        warnings(status).contains("held in memory").then_some(())
    });
    daemon.cli(&["run", "quick"]).code(5);
    assert_eq!(ended_with_5(&daemon), 2);
    assert!(alive(talker), "the talker died of its disk");
    assert_eq!(daemon.status().pid("talker", 0), Some(talker));
    let found = warnings(&daemon.status());
    assert!(found.contains("output"), "{found}");
    daemon.stop();
    assert!(!alive(talker), "the talker outlived its keeper");
    let log = fs::read_to_string(place.path("daemon.log")).unwrap();
    assert!(
        log.contains("the end of the history could not be written"),
        "{log}"
    );
    // Mounted again, as after a repair.
    nix::mount::umount(&place.data()).unwrap();
    assert!(mount_loop(&image, &place.data()));
    let daemon = place.start();
    daemon.wait_state("talker", 0, "running");
    assert_eq!(ended_with_5(&daemon), 1);
    daemon.cli(&["run", "quick"]).code(5);
    assert_eq!(ended_with_5(&daemon), 2);
    let found = warnings(&daemon.status());
    assert!(!found.contains("held in memory"), "{found}");
    drop(daemon);
    nix::mount::umount(&place.data()).unwrap();
}
