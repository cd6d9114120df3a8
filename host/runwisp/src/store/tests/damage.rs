//! Truncated, overwritten and deleted databases.

use std::os::unix::fs::FileExt;

use super::*;
use crate::store::RunFilter;

/// A closed database with that many runs of two units.
fn filled(dir: &Path, runs: u64) {
    let (store, _told) = open_in(dir).unwrap();
    store
        .writer
        .send((0..runs).map(|ms| write(ended(if ms % 2 == 0 { "even" } else { "odd" }, ms))));
    assert!(store.writer.close(LONG));
}

fn files_aside(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.to_string_lossy().contains(".corrupt-"))
        .collect()
}

/// Opens what has been damaged: it must be put aside as it is, said so, and work again.
fn check_replaced(dir: &Path) -> u64 {
    let damaged = std::fs::read(dir.join("runwisp.db")).unwrap();
    let (store, told) = open_in(dir).unwrap();
    assert_eq!(store.notices.len(), 1, "{:?}", store.notices);
    assert!(store.notices[0].contains("moved to"), "{:?}", store.notices);
    assert!(
        files_aside(dir)
            .iter()
            .any(|path| std::fs::read(path).unwrap() == damaged)
    );
    assert!(store.queries.next_seq().unwrap() > EPOCH);
    let kept = store.queries.counts().unwrap().runs;
    store.writer.send([confirmed(ended("new", 1 << 40))]);
    assert_eq!(next_confirmation(&told).1, Kept::Disk);
    assert_eq!(store.queries.counts().unwrap().runs, kept + 1);
    kept
}

#[test]
fn a_file_that_is_no_database() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("runwisp.db"),
        "not a database, but long enough ".repeat(99),
    )
    .unwrap();
    assert_eq!(check_replaced(dir.path()), 0);
}

#[test]
fn a_database_cut_off_at_any_length() {
    let whole = tempfile::tempdir().unwrap();
    filled(whole.path(), 5_000);
    let bytes = std::fs::read(whole.path().join("runwisp.db")).unwrap();
    let mut kept = Vec::new();
    for percent in [1, 20, 50, 80, 99] {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("runwisp.db"),
            &bytes[..bytes.len() * percent / 100],
        )
        .unwrap();
        kept.push(check_replaced(dir.path()));
    }
    assert!(kept[4] > 1_000, "nearly all there, but only {kept:?} saved");
}

#[test]
fn pages_overwritten_with_nonsense() {
    let whole = tempfile::tempdir().unwrap();
    filled(whole.path(), 5_000);
    let bytes = std::fs::read(whole.path().join("runwisp.db")).unwrap();
    let pages = bytes.len() / 4096;
    for first in [1, pages / 3, pages / 2, pages - 5] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("runwisp.db");
        std::fs::write(&path, &bytes).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.write_all_at(&[0xA5; 4 * 4096], (first * 4096) as u64)
            .unwrap();
        drop(file);
        // Where the start does not come upon it, a query or a commit does; in the end all works again.
        let (store, told) = open_in(dir.path()).unwrap();
        let everything = RunFilter {
            limit: Some(10_000),
            ..RunFilter::default()
        };
        let _ = store.queries.runs(&everything);
        for ms in 0..200 {
            store.writer.send([confirmed(ended("new", (1 << 40) + ms))]);
            assert_eq!(next_confirmation(&told).1, Kept::Disk);
        }
        let _ = store.queries.runs(&everything);
        store
            .writer
            .send([confirmed(ended("new", (1 << 40) + 200))]);
        assert_eq!(next_confirmation(&told).1, Kept::Disk);
        let new = RunFilter {
            units: vec!["new".to_owned()],
            limit: Some(1_000),
            ..RunFilter::default()
        };
        assert_eq!(store.queries.runs(&new).unwrap().len(), 201);
    }
}

#[test]
fn a_database_deleted_while_in_use_is_written_anew_with_its_content() {
    let dir = tempfile::tempdir().unwrap();
    let (store, told) = open_in(dir.path()).unwrap();
    store.writer.send((0..100).map(|ms| write(ended("u", ms))));
    assert!(store.writer.flush(LONG));
    for name in ["runwisp.db", "runwisp.db-wal", "runwisp.db-shm"] {
        std::fs::remove_file(dir.path().join(name)).unwrap();
    }
    store.writer.send([confirmed(ended("u", 100))]);
    assert_eq!(next_confirmation(&told), (id(100), Kept::Disk));
    assert_eq!(store.queries.counts().unwrap().runs, 101);
    drop(store);
    while told.recv_timeout(LONG).is_ok() {}
    let (store, _told) = open_in(dir.path()).unwrap();
    assert_eq!(store.queries.counts().unwrap().runs, 101);
}

#[test]
fn another_database_put_in_its_place_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    filled(other.path(), 10);
    let (store, told) = open_in(dir.path()).unwrap();
    store.writer.send([write(ended("u", 1 << 40))]);
    assert!(store.writer.flush(LONG));
    for name in ["runwisp.db-wal", "runwisp.db-shm"] {
        std::fs::remove_file(dir.path().join(name)).unwrap();
    }
    std::fs::rename(
        other.path().join("runwisp.db"),
        dir.path().join("runwisp.db"),
    )
    .unwrap();
    store.writer.send([confirmed(ended("u", 2 << 40))]);
    assert_eq!(next_confirmation(&told), (id(2 << 40), Kept::Disk));
    assert_eq!(store.queries.counts().unwrap().runs, 11);
}
