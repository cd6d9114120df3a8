//! A full disk never blocks a child, is said aloud, and is forgotten when there is room again. Root only: each test
//! mounts a small disk that nobody else sees.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use runwisp_tests::{Place, alive, is_root, skip, tmpfs, write_protect};

/// Fills the disk at `at` to its last byte; removing the file makes room again.
fn fill(at: &Path) -> std::path::PathBuf {
    let path = at.join("filler");
    let mut file = File::create(&path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    while file.write_all(&[0]).is_ok() {}
    path
}

const CONFIG: &str = r#"
    [services.talker]
    run = ["{bad_child}", "count", "2000"]
    [tasks.quick]
    run = "echo done; exit 5"
    "#;

/// A full disk at `folder` of the place: the talker talks on, tasks run and have their exit codes, and all is well again after.
fn full_disk_at(folder: &str) {
    if !is_root() {
        return skip("needs root, to mount a small disk");
    }
    let place = Place::new(CONFIG);
    let disk = place.path(folder);
    tmpfs(&disk, "8m");
    let daemon = place.start();
    let talker = daemon
        .wait_state("talker", 0, "running")
        .pid("talker", 0)
        .unwrap();
    let filler = fill(&disk);
    daemon.wait("a warning about the disk", |status| {
        let warnings = status.0["daemon"]["warnings"].to_string();
        (warnings.contains("full") || warnings.contains("space")).then_some(())
    });
    daemon.cli(&["run", "quick"]).code(5);
    assert!(alive(talker), "the talker died of a full disk");
    assert_eq!(daemon.status().pid("talker", 0), Some(talker));
    fs::remove_file(filler).unwrap();
    daemon.wait("the warning to go", |status| {
        (status.0["daemon"]["warnings"]
            .as_array()
            .is_some_and(Vec::is_empty))
        .then_some(())
    });
    daemon.cli(&["run", "quick"]).code(5);
    let rows = daemon.wait_ended("quick", 2);
    assert!(
        rows.iter().all(|row| row["exit_code"] == 5),
        "both ends are recorded: {rows:#?}"
    );
    daemon.cli(&["stop", "talker"]).ok();
    daemon.wait_state("talker", 0, "stopped");
    let row = daemon.wait_ended("talker", 1).remove(0);
    assert_eq!(row["outcome"], "stopped");
    drop(daemon);
    nix::mount::umount(&disk).unwrap();
}

#[test]
fn a_full_disk_under_everything() {
    full_disk_at("data");
}

#[test]
fn a_full_disk_under_the_logs_alone() {
    full_disk_at("data/logs");
}

#[test]
fn a_read_only_data_directory_is_refused_with_its_name() {
    if !is_root() {
        return skip("needs root, to mount a disk read-only");
    }
    let place = Place::new(CONFIG);
    tmpfs(&place.data(), "8m");
    write_protect(&place.data(), true);
    let status = runwisp_tests::Daemon::start_to_fail(&place);
    assert_eq!(status.code(), Some(1), "{status}");
    let log = fs::read_to_string(place.path("daemon.log")).unwrap();
    assert!(
        log.contains(&*place.data().to_string_lossy()) && log.to_lowercase().contains("read-only"),
        "{log}"
    );
    nix::mount::umount(&place.data()).unwrap();
}
