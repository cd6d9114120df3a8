//! A damaged database keeps nothing from running: it is set aside, said aloud, and history goes on in a new one.
//! A newer one is refused, untouched.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use runwisp_tests::{Daemon, Place};

const CONFIG: &str = "[services.web]\nrun = \"exec sleep 600\"\n[tasks.quick]\nrun = \"true\"\n";

/// A place where a daemon has been and has left some history.
fn lived_in() -> (Arc<Place>, PathBuf) {
    let place = Place::new(CONFIG);
    let daemon = place.start();
    daemon.wait_state("web", 0, "running");
    for n in 1..=5 {
        daemon.trigger("quick");
        daemon.wait_ended("quick", n);
    }
    assert!(daemon.stop().success());
    let files = fs::read_dir(place.data())
        .unwrap()
        .flatten()
        .map(|entry| entry.path());
    let is_database =
        |path: &PathBuf| fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3\0"));
    let mut found: Vec<PathBuf> = files.filter(is_database).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    (place, found.remove(0))
}

/// After `damage` the service runs, a task runs and is recorded, and the damaged bytes are still there for who wants them.
fn damaged(damage: impl FnOnce(&PathBuf)) {
    let (place, database) = lived_in();
    damage(&database);
    let bytes = fs::read(&database).unwrap();
    let daemon = place.start();
    daemon.wait_state("web", 0, "running");
    let warnings = daemon.status().0["daemon"]["warnings"].to_string();
    assert!(
        warnings.contains(&*database.file_name().unwrap().to_string_lossy()),
        "{warnings}"
    );
    daemon.cli(&["run", "quick"]).ok();
    daemon.wait_ended("quick", 1);
    let aside = fs::read_dir(place.data())
        .unwrap()
        .flatten()
        .map(|entry| entry.path());
    let kept = aside
        .filter(|path| *path != database)
        .any(|path| fs::read(path).is_ok_and(|found| found == bytes));
    assert!(kept, "the damaged database is not kept");
}

#[test]
fn a_corrupt_database_is_set_aside() {
    damaged(|path| {
        let file = File::options().write(true).open(path).unwrap();
        let length = file.metadata().unwrap().len();
        // The file's header stays, so that it still looks like a database; its pages are noise.
        let noise: Vec<u8> = (100..length)
            .map(|n| ((n * 2_654_435_761) >> 7) as u8)
            .collect();
        file.write_all_at(&noise, 100).unwrap();
    });
}

#[test]
fn a_truncated_database_is_set_aside() {
    damaged(|path| {
        let file = File::options().write(true).open(path).unwrap();
        let length = file.metadata().unwrap().len();
        file.set_len(length / 2 + 17).unwrap();
    });
}

#[test]
fn something_that_is_no_database_is_set_aside() {
    damaged(|path| fs::write(path, "this is not a database\n".repeat(1000)).unwrap());
}

#[test]
fn a_newer_database_is_refused_and_left_as_it_is() {
    let (place, database) = lived_in();
    // `user_version` of the SQLite file format: four bytes, big endian, at offset 60.
    let file = File::options().write(true).open(&database).unwrap();
    file.write_all_at(&9_999u32.to_be_bytes(), 60).unwrap();
    let before = fs::read(&database).unwrap();
    let status = Daemon::start_to_fail(&place);
    assert_eq!(status.code(), Some(1), "{status}");
    let log = fs::read_to_string(place.path("daemon.log")).unwrap();
    assert!(log.contains("newer"), "{log}");
    assert_eq!(fs::read(&database).unwrap(), before);
}
