//! Curves of use, against real files.

use runwisp_core::figures::Usage;
use runwisp_core::figures::bucket::{Full, LENGTH, Row};
use runwisp_core::figures::series::Subject;

use super::{LONG, ended, open_in, time, unit, write};
use crate::store::Write;

fn row(subject: Subject, weight_ms: u64, cpu_percent: f64, memory_bytes: u64) -> Row {
    Row {
        subject,
        weight_ms,
        usage: Usage {
            cpu_percent,
            memory_bytes,
        },
    }
}

fn full(bucket: u64, rows: Vec<Row>) -> Write {
    let at = time(bucket * u64::try_from(LENGTH.as_millis()).unwrap());
    Write::Samples(Full { at, rows })
}

#[test]
fn what_two_daemons_measured_of_one_bucket_is_one_by_weight() {
    let dir = tempfile::tempdir().unwrap();
    let api = || Subject::Unit(unit("api"));
    let (opened, _told) = open_in(dir.path()).unwrap();
    opened.writer.send([
        write(ended("api", 1)),
        full(
            1,
            vec![
                row(api(), 200_000, 10.0, 500),
                row(Subject::Host, 1, 1.0, 1),
            ],
        ),
    ]);
    assert!(opened.writer.close(LONG));
    drop(opened);
    let (opened, _told) = open_in(dir.path()).unwrap();
    opened.writer.send([
        full(1, vec![row(api(), 100_000, 40.0, 300)]),
        full(
            2,
            vec![
                row(api(), 300_000, 5.0, 700),
                row(Subject::Daemon, 1, 2.0, 2),
            ],
        ),
    ]);
    assert!(opened.writer.flush(LONG));
    let read = |subject: &Subject| {
        let found = opened.queries.samples(subject, time(0), time(10_000_000));
        let short = found.unwrap().into_iter().map(|span| {
            let from = (span.from.as_millisecond() - time(0).as_millisecond()) / 1000;
            (from, span.usage.cpu_percent, span.usage.memory_bytes)
        });
        short.collect::<Vec<_>>()
    };
    assert_eq!(read(&api()), [(300, 20.0, 500), (600, 5.0, 700)]);
    assert_eq!(read(&Subject::Host), [(300, 1.0, 1)]);
    assert_eq!(read(&Subject::Daemon), [(600, 2.0, 2)]);
    assert_eq!(read(&Subject::Unit(unit("stranger"))), []);
}

#[test]
fn what_is_older_than_a_week_goes_with_the_next_write() {
    let dir = tempfile::tempdir().unwrap();
    let (opened, _told) = open_in(dir.path()).unwrap();
    let host = |bucket| full(bucket, vec![row(Subject::Host, 1, 1.0, 1)]);
    opened.writer.send([host(0), host(1)]);
    assert!(opened.writer.flush(LONG));
    opened.writer.send([host(7 * 288 + 1)]);
    assert!(opened.writer.flush(LONG));
    let kept = opened
        .queries
        .samples(&Subject::Host, time(0), time(1 << 40));
    assert_eq!(kept.unwrap().len(), 2);
}
