//! Group commit, confirmations, and what a killed daemon leaves.

use runwisp_core::words::action::Memory;
use runwisp_core::words::event::{Envelope, Event};
use runwisp_core::words::run::RunState;

use super::*;
use crate::store::{Health, Queries, RunFilter};

#[test]
fn a_run_comes_back_as_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _told) = open_in(dir.path()).unwrap();
    let mut run = ended("backup", 5);
    run.execution_id = id(1);
    run.attempt = 2;
    run.outcome = Some(Outcome::Failed);
    (run.exit_code, run.signal, run.pid) = (None, Some(9), Some(4711));
    run.max_rss_bytes = Some(1 << 40);
    run.cpu = Some(Duration::from_micros(1234));
    (run.log_bytes, run.log_dropped_bytes) = (10, 20);
    run.message = Some("killed by signal 9 (KILL)".to_owned());
    store.writer.send([write(run.clone())]);
    assert!(store.writer.flush(LONG));
    assert_eq!(store.queries.run(&run.id.to_string()).unwrap(), Some(run));
}

#[test]
fn the_newest_state_of_a_run_is_kept_and_confirmations_come_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let (store, told) = open_in(dir.path()).unwrap();
    for ms in 0..500 {
        let mut run = ended("u", ms);
        (run.state, run.outcome) = (RunState::Starting, None);
        store.writer.send([confirmed(run)]);
        store.writer.send([write(ended("u", ms))]);
    }
    for ms in 0..500 {
        assert_eq!(next_confirmation(&told), (id(ms), Kept::Disk));
    }
    assert!(store.writer.flush(LONG));
    assert_eq!(store.queries.open_runs().unwrap(), []);
    assert_eq!(store.queries.counts().unwrap().runs, 500);
}

#[test]
fn what_was_confirmed_survives_a_daemon_that_dies_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let (store, told) = open_in(dir.path()).unwrap();
    for ms in 0..100 {
        store.writer.send([confirmed(ended("u", ms))]);
        assert_eq!(next_confirmation(&told), (id(ms), Kept::Disk));
        if ms == 60 {
            // What a kill -9 leaves: the files as they are, the write-ahead log not yet merged.
            for name in ["runwisp.db", "runwisp.db-wal"] {
                std::fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
            }
        }
    }
    let (left, _told) = open_in(copy.path()).unwrap();
    assert_eq!(left.notices, [] as [&str; 0]);
    assert_eq!(left.queries.counts().unwrap().runs, 61);
}

#[test]
fn a_commit_cut_short_anywhere_in_the_log_leaves_whole_transactions() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _told) = open_in(dir.path()).unwrap();
    for ms in 0..20 {
        // Two rows of one send are there together or not at all.
        store
            .writer
            .send([write(ended("a", 2 * ms)), write(ended("b", 2 * ms + 1))]);
        assert!(store.writer.flush(LONG));
    }
    let wal = std::fs::read(dir.path().join("runwisp.db-wal")).unwrap();
    for tenths in 1..10 {
        let copy = tempfile::tempdir().unwrap();
        let db = "runwisp.db";
        std::fs::copy(dir.path().join(db), copy.path().join(db)).unwrap();
        let cut = wal.len() * tenths / 10 + 13;
        std::fs::write(copy.path().join("runwisp.db-wal"), &wal[..cut]).unwrap();
        let (left, _told) = open_in(copy.path()).unwrap();
        assert_eq!(left.queries.counts().unwrap().runs % 2, 0);
    }
}

#[test]
fn one_tick_has_one_row_and_whoever_waits_for_the_second_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (store, told) = open_in(dir.path()).unwrap();
    let first = ended("u", 1);
    let mut twice = ended("u", 2);
    twice.scheduled_at = first.scheduled_at;
    twice.trigger = Trigger::CatchUp;
    let mut retry = twice.clone();
    retry.id = id(3);
    (retry.trigger, retry.attempt) = (Trigger::Retry, 2);
    let mut elsewhere = ended("v", 4);
    elsewhere.scheduled_at = first.scheduled_at;
    for (run, kept) in [
        (first, Kept::Disk),
        (twice, Kept::Refused),
        (retry, Kept::Disk),
        (elsewhere, Kept::Disk),
    ] {
        let id = run.id;
        store.writer.send([confirmed(run)]);
        assert_eq!(next_confirmation(&told), (id, kept));
    }
    assert_eq!(store.queries.counts().unwrap().runs, 3);
}

#[test]
fn memories_and_events_are_kept_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let memory = Memory {
        held_down: true,
        fatal: vec![(3, "exit 1".to_owned())],
        ..Memory::default()
    };
    let event = |seq| {
        Write::Event(Envelope {
            seq,
            at: time(seq),
            event: Event::Reloaded {
                changed: vec![unit("u")],
            },
        })
    };
    {
        let (store, _told) = open_in(dir.path()).unwrap();
        assert_eq!(store.queries.next_seq().unwrap(), 1);
        store.writer.send([
            Write::Remember(unit("u"), memory.clone()),
            Write::Remember(unit("gone"), memory.clone()),
            event(1),
            event(2),
        ]);
        store
            .writer
            .send([Write::Unremember(unit("gone")), event(3)]);
        assert!(store.writer.flush(LONG));
    }
    let (store, _told) = open_in(dir.path()).unwrap();
    assert_eq!(store.queries.memories().unwrap(), [(unit("u"), memory)]);
    let events = store.queries.events_since(1, 10).unwrap();
    let seqs: Vec<_> = events.iter().map(|event| event.seq).collect();
    assert_eq!((seqs, events[0].at), (vec![2, 3], time(2)));
    assert_eq!(store.queries.next_seq().unwrap(), 4);
}

#[test]
fn the_last_handle_leaves_nothing_unwritten() {
    let dir = tempfile::tempdir().unwrap();
    let (store, told) = open_in(dir.path()).unwrap();
    for ms in 0..1000 {
        store.writer.send([write(ended("u", ms))]);
    }
    drop(store);
    // The channel ends when the thread has ended.
    while told.recv_timeout(LONG).is_ok() {}
    assert_eq!(
        Queries::open(dir.path()).unwrap().counts().unwrap().runs,
        1000
    );
}

#[test]
fn another_program_that_holds_the_database_stops_no_run_and_loses_no_row() {
    let dir = tempfile::tempdir().unwrap();
    let (store, told) = open_in(dir.path()).unwrap();
    let other = rusqlite::Connection::open(dir.path().join("runwisp.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for ms in 0..10 {
        store.writer.send([confirmed(ended("u", ms))]);
        assert_eq!(next_confirmation(&told), (id(ms), Kept::Memory));
    }
    assert!(matches!(store.writer.health(), Health::Degraded(_)));
    assert!(!store.writer.flush(LONG));
    other.execute_batch("COMMIT").unwrap();
    let well = |news: &Told| *news == Told::Health(Health::Ok);
    while !well(&told.recv_timeout(LONG).unwrap()) {}
    assert!(store.writer.flush(LONG));
    let runs = store.queries.runs(&RunFilter::default()).unwrap();
    assert_eq!(runs.len(), 10);
}
