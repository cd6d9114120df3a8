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
        (warnings.contains("output") && warnings.contains("no space left")).then_some(())
    });
    daemon.cli(&["run", "quick"]).code(5);
    if folder == "data" {
        seen_while_full(&daemon);
    }
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
    assert!(row["log_dropped_bytes"].as_u64() > Some(0), "{row:#}");
    let message = row["message"].as_str().unwrap_or_default();
    assert!(message.contains("of output not kept"), "{row:#}");
    let told = daemon.cli(&["logs", "talker"]).ok().stderr;
    assert!(told.contains("of output not kept here"), "{told}");
    drop(daemon);
    nix::mount::umount(&disk).unwrap();
}

/// What can't be written is in every answer: the run, its end and how it came to be.
fn seen_while_full(daemon: &runwisp_tests::Daemon) {
    let warnings = daemon.status().0["daemon"]["warnings"].to_string();
    assert!(warnings.contains("held in memory"), "{warnings}");
    let rows = daemon.runs(&["--unit", "quick"]);
    let ended = |row: &serde_json::Value| (row["outcome"].clone(), row["exit_code"].clone());
    let rows: Vec<_> = rows.iter().map(ended).collect();
    assert_eq!(rows, [("failed".into(), 5.into())]);
    let shown = daemon.cli(&["runs", "--unit", "quick"]).ok().stdout;
    assert!(shown.contains("exit") && shown.contains('5'), "{shown}");
    let status = daemon.status();
    let last = &status.unit("quick")["last_run"];
    assert_eq!(last["exit_code"], 5, "{last:#}");
    daemon.cli(&["logs", "quick"]).ok();
}

#[test]
fn a_full_disk_under_everything() {
    full_disk_at("data");
}

#[test]
fn a_full_disk_under_the_logs_alone() {
    full_disk_at("data/logs");
}

const FREE: &str = r#"
    [storage]
    min_free_space = "4mb"
    [services.talker]
    run = ["{bad_child}", "count", "2000"]
    [tasks.quick]
    run = "echo done"
    [tasks.large]
    run = ["{bad_child}", "flood", "3000000"]
    "#;

#[test]
fn below_the_free_space_that_is_asked_for_no_output_is_kept() {
    if !is_root() {
        return skip("needs root, to mount a small disk");
    }
    let place = Place::new(FREE);
    let disk = place.path("data/logs");
    tmpfs(&disk, "8m");
    let daemon = place.start();
    let talker = daemon
        .wait_state("talker", 0, "running")
        .pid("talker", 0)
        .unwrap();
    let filler = disk.join("filler");
    fs::write(&filler, vec![0; 5_000_000]).unwrap();
    let about_room = |status: &runwisp_tests::Status| {
        let warnings = status.0["daemon"]["warnings"].to_string();
        warnings.contains("min_free_space")
    };
    daemon.wait("a warning about the room", |status| {
        about_room(status).then_some(())
    });
    daemon.cli(&["run", "quick"]).ok();
    fs::remove_file(filler).unwrap();
    daemon.wait("the warning to go", |status| {
        (!about_room(status)).then_some(())
    });
    daemon.cli(&["run", "quick"]).ok();
    let rows = daemon.wait_ended("quick", 2);
    let kept = rows
        .iter()
        .map(|row| (row["log_bytes"].as_u64(), row["log_dropped_bytes"].as_u64()));
    let kept: Vec<_> = kept.collect();
    assert_eq!(kept, [(Some(0), Some(5)), (Some(5), Some(0))]);
    assert_eq!(daemon.status().pid("talker", 0), Some(talker));
    drop(daemon);
    nix::mount::umount(&disk).unwrap();
}

#[test]
fn the_oldest_logs_make_room_first() {
    if !is_root() {
        return skip("needs root, to mount a small disk");
    }
    let place = Place::new(FREE);
    let disk = place.path("data/logs");
    tmpfs(&disk, "8m");
    let daemon = place.start();
    daemon.trigger("large");
    let large = daemon.wait_ended("large", 1).remove(0);
    let id = large["id"].as_str().unwrap();
    assert_eq!(large["log_bytes"], 3_000_000);
    fs::write(disk.join("filler"), vec![0; 2_000_000]).unwrap();
    daemon.wait("the log to make room", |_| {
        daemon.log_files(id).is_empty().then_some(())
    });
    let runs = daemon.runs(&["--unit", "large"]);
    assert_eq!(runs.len(), 1, "its row stays");
    let answer = daemon.cli(&["run", "quick"]);
    assert!(answer.ok().stdout.contains("done"));
    drop(daemon);
    nix::mount::umount(&disk).unwrap();
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
