//! Formats: new, old, newer; and directories that cannot be written.

use super::*;
use crate::store::schema::newest_format;
use crate::store::{Health, Queries};

#[test]
fn a_new_directory_gets_a_database_of_the_newest_format() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _told) = open_in(dir.path()).unwrap();
    assert_eq!(store.notices, [] as [&str; 0]);
    let db = rusqlite::Connection::open(dir.path().join("runwisp.db")).unwrap();
    let pragma = |name| -> String {
        db.pragma_query_value(None, name, |row| {
            row.get_ref(0).map(|value| match value {
                rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                other => other.as_str().unwrap_or_default().to_owned(),
            })
        })
        .unwrap()
    };
    assert_eq!(
        (pragma("user_version"), pragma("journal_mode")),
        (newest_format().to_string(), "wal".into())
    );
}

#[test]
fn a_database_of_a_later_version_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _told) = open_in(dir.path()).unwrap();
    assert!(store.writer.close(LONG));
    drop(store.queries);
    let path = dir.path().join("runwisp.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let before = std::fs::read(&path).unwrap();
    let error = open_in(dir.path()).unwrap_err();
    assert!(matches!(
        error,
        StoreError::Newer {
            found: 99,
            known,
            ..
        } if known == newest_format()
    ));
    assert!(error.to_string().contains("format 99"));
    assert!(Queries::open(dir.path()).is_err());
    assert!(std::fs::read(&path).unwrap() == before);
}

/// A database of the first format, with one run, at this path.
fn first_format(path: &std::path::Path) {
    let db = rusqlite::Connection::open(path).unwrap();
    let script = include_str!("../migrations/001_history.sql");
    db.execute_batch(script).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    let rows = "INSERT INTO units (id, name, kinds) VALUES (1, 'u', 1);
        INSERT INTO runs (id, unit, kind, instance, attempt, trigger, state, outcome,
            scheduled_at, created_at, log_bytes, log_dropped_bytes)
        VALUES (X'00000000000000000000000000000001', 1, 0, 0, 1, 0, 4, 0, 1000, 1000, 0, 0);";
    db.execute_batch(rows).unwrap();
}

#[test]
fn a_database_of_the_first_format_goes_on_and_what_is_left_of_one_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old.db");
    first_format(&old);
    let damaged = rusqlite::Connection::open(&old).unwrap();
    let mut into = crate::store::schema::open_writer(&crate::store::Place::memory()).unwrap();
    let carried = crate::store::repair::carry_over(&damaged, &mut into, 10).unwrap();
    assert_eq!((carried.runs, carried.whole), (1, true));

    first_format(&dir.path().join("runwisp.db"));
    let (store, told) = open_in(dir.path()).unwrap();
    let run = store.queries.run(&RunId::from_u128(1).to_string());
    let run = run.unwrap().unwrap();
    let at = Timestamp::from_millisecond(1).unwrap();
    assert_eq!((run.scheduled_at, run.clock_turn), (Some(at), 0));
    let mut twice = ended("u", 2);
    twice.scheduled_at = run.scheduled_at;
    store.writer.send([confirmed(twice.clone())]);
    assert_eq!(next_confirmation(&told), (id(2), Kept::Refused));
    (twice.id, twice.clock_turn) = (id(3), 1);
    store.writer.send([confirmed(twice)]);
    assert_eq!(next_confirmation(&told), (id(3), Kept::Disk));
}

#[test]
fn a_history_that_was_closed_is_in_one_file_even_while_somebody_reads() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _told) = open_in(dir.path()).unwrap();
    store.writer.send([write(ended("u", 1))]);
    assert!(store.writer.flush(LONG));
    assert_eq!(store.queries.counts().unwrap().runs, 1);
    assert!(store.writer.close(LONG));
    let log = std::fs::metadata(dir.path().join("runwisp.db-wal"));
    assert_eq!(log.map_or(0, |meta| meta.len()), 0);
    assert_eq!(store.queries.counts().unwrap().runs, 1);
}

#[test]
fn without_a_database_there_is_nothing_to_ask() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(
        Queries::open(dir.path()),
        Err(StoreError::Absent(_))
    ));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn where_nothing_can_be_written_history_is_held_in_memory_until_it_can() {
    let dir = tempfile::tempdir().unwrap();
    // A directory in the database's place: nobody can write that, not even root.
    std::fs::create_dir(dir.path().join("runwisp.db")).unwrap();
    let (store, told) = open_in(dir.path()).unwrap();
    assert!(
        store.notices[0].contains("held in memory"),
        "{:?}",
        store.notices
    );
    assert!(matches!(store.writer.health(), Health::Degraded(_)));
    store.writer.send([confirmed(ended("u", 1))]);
    assert_eq!(next_confirmation(&told), (id(1), Kept::Memory));
    assert_eq!(store.queries.counts().unwrap().runs, 1);
    assert!(store.queries.next_seq().unwrap() > EPOCH);

    std::fs::remove_dir(dir.path().join("runwisp.db")).unwrap();
    let well = |news: &Told| *news == Told::Health(Health::Ok);
    while !well(&told.recv_timeout(LONG).unwrap()) {}
    assert_eq!(store.queries.counts().unwrap().runs, 1);
    store.writer.send([confirmed(ended("u", 2))]);
    assert_eq!(next_confirmation(&told), (id(2), Kept::Disk));
    let from_outside = Queries::open(dir.path()).unwrap();
    assert_eq!(from_outside.counts().unwrap().runs, 2);
}
