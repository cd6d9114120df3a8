//! What is held while the file can't be written is seen by every question, once and as it is now. The disk that can't be
//! written is here another program that holds the database.

use std::path::Path;

use runwisp_core::words::audit::AuditFilter;
use runwisp_core::words::event::{Envelope, Event};
use runwisp_core::words::notice::DeliveryState;
use runwisp_core::words::run::RunState;
use rusqlite::Connection;

use super::messages::{delivery, row};
use super::*;
use crate::store::{BellFilter, DeliveryFilter, FILE_NAME, Health, Read, Request, RunFilter, Sort};

/// Nobody else can write as long as this is there.
struct Locked(Connection);

impl Locked {
    fn lock(dir: &Path) -> Locked {
        let db = Connection::open(dir.join(FILE_NAME)).unwrap();
        db.busy_timeout(LONG).unwrap();
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        Locked(db)
    }

    fn unlock(self, told: &Receiver<Told>) {
        self.0.execute_batch("ROLLBACK").unwrap();
        while told.recv_timeout(LONG).unwrap() != Told::Health(Health::Ok) {}
    }
}

/// A store with six rows in its file, open ones and ended ones, that can't be written any more.
fn locked(dir: &Path) -> (Opened, Receiver<Told>, Locked) {
    let (store, told) = open_in(dir).unwrap();
    for ms in 0..6 {
        let run = if ms < 4 {
            ended("a", ms)
        } else {
            running("a", ms)
        };
        store.writer.send([write(run)]);
    }
    assert!(store.writer.flush(LONG));
    let locked = Locked::lock(dir);
    (store, told, locked)
}

fn running(name: &str, ms: u64) -> RunRecord {
    let mut run = ended(name, ms);
    (run.state, run.outcome, run.exit_code) = (RunState::Running, None, None);
    (run.ended_at, run.duration) = (None, None);
    run
}

/// Hands over, and waits until it is held or written.
fn send(store: &Opened, writes: impl IntoIterator<Item = Write>) {
    store.writer.send(writes);
    store.writer.flush(LONG);
}

fn listed(store: &Opened, filter: &RunFilter) -> Vec<RunId> {
    let runs = store.queries.runs(filter).unwrap();
    runs.iter().map(|run| run.id).collect()
}

#[test]
fn runs_are_seen_once_and_as_they_are_now_before_and_after_they_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let (store, told, locked) = locked(dir.path());
    let mut failed = ended("a", 4);
    failed.outcome = Some(Outcome::Failed);
    send(&store, [write(failed)]);
    // Held later than what failed first.
    send(&store, [write(ended("b", 6)), write(running("b", 7))]);
    send(&store, [Write::HideRuns(vec![id(1)], Some(time(9)))]);
    send(&store, [Write::DeleteRuns(vec![id(0)])]);
    assert!(matches!(store.writer.health(), Health::Degraded(_)));
    let check = || {
        let newest = [7, 6, 5, 4, 3, 2].map(id);
        assert_eq!(listed(&store, &RunFilter::default()), newest);
        let with = |change: fn(&mut RunFilter)| {
            let mut filter = RunFilter::default();
            change(&mut filter);
            listed(&store, &filter)
        };
        assert_eq!(with(|f| f.states = vec![RunState::Running]), [7, 5].map(id));
        assert_eq!(with(|f| f.outcomes = vec![Outcome::Failed]), [id(4)]);
        assert_eq!(with(|f| f.units = vec!["b*".to_owned()]), [7, 6].map(id));
        assert_eq!(with(|f| f.sort = Sort::Oldest), [2, 3, 4, 5, 6, 7].map(id));
        let count = store.queries.count(&RunFilter::default(), 100).unwrap();
        assert_eq!(count, (6, false));
        let summary = store.queries.summary(&RunFilter::default()).unwrap();
        let outcomes: Vec<_> = summary.outcomes.into_iter().collect();
        assert_eq!(
            (outcomes, summary.open),
            (vec![(Outcome::Succeeded, 3), (Outcome::Failed, 1)], 2)
        );
        let last = store.queries.last_ended_per_unit().unwrap();
        let last: Vec<_> = last.into_iter().map(|run| run.id).collect();
        assert_eq!(last, [4, 6].map(id));
        let one = |ms: u64| store.queries.run(&id(ms).to_string()).unwrap();
        assert_eq!(one(4).unwrap().outcome, Some(Outcome::Failed));
        assert_eq!(one(6), Some(ended("b", 6)));
        assert_eq!(one(0), None);
        assert!(store.queries.is_hidden(id(1)).unwrap());
        assert_eq!(store.queries.rows_hidden(&[id(1)]).unwrap().len(), 1);
        let closed = store.queries.not_open(&[4, 5, 6, 7, 8].map(id)).unwrap();
        assert_eq!(closed, [4, 6, 8].map(id));
    };
    check();
    locked.unlock(&told);
    check();
    assert_eq!(store.queries.counts().unwrap().runs, 7);
}

#[test]
fn pages_go_through_what_is_written_and_what_is_held_without_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let (store, told) = open_in(dir.path()).unwrap();
    let run = |ms: u64| ended(if ms.is_multiple_of(3) { "a" } else { "b" }, ms);
    let odd = (0..40).filter(|ms| ms % 2 == 1);
    store.writer.send(odd.map(run).map(write));
    assert!(store.writer.flush(LONG));
    let locked = Locked::lock(dir.path());
    // Some of them again, as well.
    for ms in (0..40u64).filter(|ms| ms.is_multiple_of(2) || ms.is_multiple_of(5)) {
        send(&store, [write(run(ms))]);
    }
    for sort in [Sort::Newest, Sort::Oldest, Sort::Longest, Sort::Shortest] {
        let mut filter = RunFilter {
            sort,
            limit: Some(7),
            ..RunFilter::default()
        };
        let mut seen = Vec::new();
        loop {
            let found = store.queries.look(&filter).unwrap();
            seen.extend(found.runs.iter().map(|run| run.id));
            filter.after = found.next;
            if filter.after.is_none() {
                break;
            }
        }
        let mut expected: Vec<_> = (0..40).map(id).collect();
        if sort.descends() {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{sort:?}");
    }
    locked.unlock(&told);
}

#[test]
fn messages_events_requests_and_the_audit_log_are_seen_too() {
    let dir = tempfile::tempdir().unwrap();
    let (store, told) = open_in(dir.path()).unwrap();
    let event = |seq| {
        Write::Event(Envelope {
            seq,
            at: time(seq),
            event: Event::DaemonStopping,
        })
    };
    let deliver = |delivery| Write::Delivery {
        delivery: Box::new(delivery),
        confirm: false,
    };
    let audit = |n, action| Write::Audit(Box::new(super::audit::entry(n, action, None)));
    let writes = [
        deliver(delivery(1)),
        Write::Bell(Box::new(row(1))),
        Write::Bell(Box::new(row(2))),
        event(1),
        audit(1, "one"),
    ];
    store.writer.send(writes);
    assert!(store.writer.flush(LONG));
    let locked = Locked::lock(dir.path());
    let mut delivered = delivery(1);
    delivered.state = DeliveryState::Delivered;
    delivered.ended_at = Some(time(5));
    send(&store, [deliver(delivered), deliver(delivery(2))]);
    send(&store, [Write::Bell(Box::new(row(3))), event(2), event(3)]);
    let read = Read {
        id: Some(row(1).id),
        at: time(50),
        read: true,
    };
    send(
        &store,
        [Write::Read(read), audit(2, "two"), audit(3, "three")],
    );
    let request = Request {
        key: "k".to_owned(),
        unit: unit("u"),
        body: "{}".to_owned(),
        run: id(9),
        at: time(9),
    };
    send(&store, [Write::Request(Box::new(request.clone()))]);
    let check = || {
        let filter = DeliveryFilter {
            limit: 9,
            ..DeliveryFilter::default()
        };
        let states: Vec<_> = store
            .queries
            .deliveries(&filter)
            .unwrap()
            .into_iter()
            .map(|delivery| (delivery.id, delivery.state))
            .collect();
        let expected = [
            (delivery(2).id, DeliveryState::Pending),
            (delivery(1).id, DeliveryState::Delivered),
        ];
        assert_eq!(states, expected);
        let (bell, unread) = store
            .queries
            .notifications(BellFilter {
                limit: 9,
                ..BellFilter::default()
            })
            .unwrap();
        let bell: Vec<_> = bell.iter().map(|one| (one.row.id, one.read)).collect();
        assert_eq!(
            bell,
            [(row(3).id, false), (row(2).id, false), (row(1).id, true)]
        );
        assert_eq!(unread, 2);
        let events = |after, limit| -> Vec<u64> {
            let events = store.queries.events_since(after, limit).unwrap();
            events.iter().map(|event| event.seq).collect()
        };
        assert_eq!((events(0, 9), events(1, 1)), (vec![1, 2, 3], vec![2]));
        assert_eq!(store.queries.next_seq().unwrap(), 4);
        let found = store.queries.request(&unit("u"), "k", time(0)).unwrap();
        assert_eq!(found, Some(request.clone()));
        let page = |before, limit| -> Vec<(i64, String)> {
            let filter = AuditFilter {
                before,
                limit,
                ..AuditFilter::default()
            };
            let rows = store.queries.audit(&filter).unwrap();
            rows.into_iter().map(|(id, row)| (id, row.action)).collect()
        };
        let newest = [(3, "three".to_owned()), (2, "two".to_owned())];
        assert_eq!(page(None, 2), newest);
        assert_eq!(page(Some(2), 2), [(1, "one".to_owned())]);
    };
    check();
    locked.unlock(&told);
    check();
}

#[test]
fn a_stream_of_rows_does_not_keep_the_writer_from_trying_again() {
    let dir = tempfile::tempdir().unwrap();
    let (store, told, locked) = locked(dir.path());
    send(&store, [write(ended("b", 10))]);
    locked.0.execute_batch("ROLLBACK").unwrap();
    // The same rows over and over: many writes, and no more rows than may wait.
    let mut sent = 0;
    while told.try_recv() != Ok(Told::Health(Health::Ok)) {
        store.writer.send([write(ended("b", 11 + sent % 1000))]);
        sent += 1;
    }
    assert!(store.writer.flush(LONG));
    assert_eq!(store.queries.counts().unwrap().runs, 7 + sent.min(1000));
}
