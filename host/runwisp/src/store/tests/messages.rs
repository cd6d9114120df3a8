//! Deliveries, the bell and what is remembered about repeats, against real files.

use jiff::Timestamp;
use runwisp_core::words::event_kind::EventKind;
use runwisp_core::words::glob::Glob;
use runwisp_core::words::notice::{
    AboutUnit, BellRow, Delivery, DeliveryState, MessageId, Notice, Target,
};
use runwisp_core::words::run::Kind;

use super::{LONG, open_in, time, unit};
use crate::store::{BellFilter, DeliveryFilter, Keep, Read, Told, Write};

fn notice(ms: u64) -> Notice {
    Notice {
        id: format!("run.failed/{ms}"),
        kind: EventKind::RunFailed,
        at: time(ms),
        unit: Some(AboutUnit {
            name: unit("backup"),
            kind: Kind::Task,
            group: None,
            description: None,
            instance: None,
        }),
        run: None,
        title: "backup failed".to_owned(),
        sentence: "The task backup failed.".to_owned(),
        cause: None,
        failures: 1,
        folded: 0,
        since: None,
        lasted_ms: None,
        facts: Vec::new(),
    }
}

/// A delivery that waits, of an event at `ms`.
pub(in crate::store) fn delivery(ms: u64) -> Delivery {
    let notice = notice(ms);
    Delivery {
        id: MessageId::derive(notice.at, &notice.id, &Target::new("slack")),
        notifier: "slack".to_owned(),
        target: None,
        template: None,
        answers: None,
        answers_reference: None,
        state: DeliveryState::Pending,
        created_at: notice.at,
        due_at: notice.at,
        next_at: notice.at,
        ended_at: None,
        attempts: Vec::new(),
        reference: None,
        notice,
    }
}

fn delivered(ms: u64) -> Delivery {
    Delivery {
        state: DeliveryState::Delivered,
        ended_at: Some(time(ms + 1)),
        ..delivery(ms)
    }
}

/// A row of the bell, of an event at `ms`.
pub(in crate::store) fn row(ms: u64) -> BellRow {
    let notice = notice(ms);
    BellRow {
        id: MessageId::derive(notice.at, &notice.id, &Target::Bell),
        count: 1,
        first_at: notice.at,
        last_at: notice.at,
        notice,
    }
}

fn keep(delivery: Delivery) -> Write {
    Write::Delivery {
        confirm: !delivery.state.is_final(),
        delivery: Box::new(delivery),
    }
}

fn bell(unread: bool, limit: usize) -> BellFilter {
    BellFilter {
        unread,
        limit,
        ..BellFilter::default()
    }
}

#[test]
fn a_delivery_is_confirmed_once_it_is_held_and_found_by_what_it_is_about() {
    let dir = tempfile::tempdir().unwrap();
    let (store, told) = open_in(dir.path()).unwrap();
    store.writer.send([keep(delivery(1)), keep(delivered(2))]);
    let stored = loop {
        if let Told::Stored { deliveries } = told.recv_timeout(LONG).unwrap() {
            break deliveries;
        }
    };
    assert_eq!(stored, [delivery(1).id]);
    assert_eq!(store.queries.open_deliveries().unwrap(), [delivery(1)]);
    let count = |filter: DeliveryFilter| {
        let filter = DeliveryFilter { limit: 9, ..filter };
        store.queries.deliveries(&filter).unwrap().len()
    };
    assert_eq!(count(DeliveryFilter::default()), 2);
    let units = vec![Glob::new("back*")];
    assert_eq!(
        count(DeliveryFilter {
            units,
            ..DeliveryFilter::default()
        }),
        2
    );
    let kinds = vec![Glob::new("service.*")];
    assert_eq!(
        count(DeliveryFilter {
            kinds,
            ..DeliveryFilter::default()
        }),
        0
    );
    let state = Some(DeliveryState::Delivered);
    assert_eq!(
        count(DeliveryFilter {
            state,
            ..DeliveryFilter::default()
        }),
        1
    );
    let notifier = Some("mail".to_owned());
    assert_eq!(
        count(DeliveryFilter {
            notifier,
            ..DeliveryFilter::default()
        }),
        0
    );
    let since = Some(time(2));
    assert_eq!(
        count(DeliveryFilter {
            since,
            ..DeliveryFilter::default()
        }),
        1
    );
    let found = store.queries.delivery(delivery(2).id).unwrap();
    assert_eq!(found, Some(delivered(2)));
}

#[test]
fn the_bell_is_read_until_it_counts_one_more() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _told) = open_in(dir.path()).unwrap();
    let unread = || store.queries.notifications(bell(true, 9)).unwrap().1;
    let write = |write: Write| {
        store.writer.send([write]);
        assert!(store.writer.flush(LONG));
    };
    write(Write::Bell(Box::new(row(1))));
    write(Write::Bell(Box::new(row(5))));
    assert_eq!(unread(), 2);
    write(Write::Read(Read {
        id: Some(row(1).id),
        at: time(6),
        read: true,
    }));
    assert_eq!(unread(), 1);
    // What happens later is not read by what was said before.
    write(Write::Read(Read {
        id: None,
        at: time(6),
        read: true,
    }));
    write(Write::Bell(Box::new(BellRow {
        count: 2,
        last_at: time(9),
        ..row(1)
    })));
    let (rows, left) = store.queries.notifications(bell(false, 9)).unwrap();
    assert_eq!(left, 1);
    let shown: Vec<_> = rows.iter().map(|n| (n.row.count, n.read)).collect();
    assert_eq!(shown, [(2, false), (1, true)]);
}

#[test]
fn what_is_too_old_or_too_many_goes_and_what_waits_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _told) = open_in(dir.path()).unwrap();
    store.writer.send((0..10).map(|ms| keep(delivered(ms))));
    store
        .writer
        .send((0..10).map(|ms| Write::Bell(Box::new(row(ms)))));
    store.writer.send([keep(delivery(100))]);
    let left = |newest: u64, after: Timestamp| {
        store
            .writer
            .send([Write::KeepMessages(Keep { newest, after })]);
        assert!(store.writer.flush(LONG));
        let filter = DeliveryFilter {
            limit: 99,
            ..DeliveryFilter::default()
        };
        let bell = store
            .queries
            .notifications(bell(false, 99))
            .unwrap()
            .0
            .len();
        (store.queries.deliveries(&filter).unwrap().len(), bell)
    };
    assert_eq!(left(100, time(0)), (11, 10));
    assert_eq!(left(100, time(4)), (8, 6));
    assert_eq!(left(3, time(0)), (4, 3));
    assert_eq!(left(0, time(0)), (1, 0));
}

#[test]
fn memories_survive_and_a_damaged_database_gives_up_what_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let remember = |name: &str, body: Option<&str>| {
        Write::NotifyMemory(name.to_owned(), body.map(str::to_owned))
    };
    {
        let (store, _told) = open_in(dir.path()).unwrap();
        store
            .writer
            .send([remember("a", Some("1")), remember("b", Some("2"))]);
        store.writer.send([remember("b", None), keep(delivery(1))]);
        assert!(store.writer.close(LONG));
    }
    let (store, _told) = open_in(dir.path()).unwrap();
    let memories = store.queries.notify_memories().unwrap();
    assert_eq!(memories, [("a".to_owned(), "1".to_owned())]);
    let mut into = rusqlite::Connection::open_in_memory().unwrap();
    into.execute_batch(include_str!("../migrations/002_messages.sql"))
        .unwrap();
    let from = rusqlite::Connection::open(dir.path().join("runwisp.db")).unwrap();
    assert!(crate::store::messages::carry_over(&from, &into).unwrap());
    let open = crate::store::messages::read_open(&into).unwrap();
    assert_eq!(open, [delivery(1)]);
    let transaction = into.transaction().unwrap();
    assert!(crate::store::messages::carry_over(&from, &transaction).unwrap());
}
