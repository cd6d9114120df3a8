//! The audit log.

use jiff::Timestamp;
use runwisp_core::words::audit::{AuditEntry, AuditFilter};

use super::*;
use crate::store::Queries;
use crate::store::audit::AUDIT_KEPT;

pub(super) fn entry(n: i64, action: &str, target: Option<&str>) -> AuditEntry {
    AuditEntry {
        at: Timestamp::from_second(n).unwrap(),
        kind: "token".to_owned(),
        name: format!("t{}", n % 2),
        from: "192.0.2.1".to_owned(),
        action: action.to_owned(),
        target: target.map(str::to_owned),
        detail: None,
        result: "ok".to_owned(),
        status: 200,
    }
}

fn found(queries: &Queries, filter: AuditFilter) -> Vec<i64> {
    let limit = if filter.limit == 0 { 100 } else { filter.limit };
    let rows = queries.audit(&AuditFilter { limit, ..filter }).unwrap();
    rows.into_iter()
        .map(|(_, row)| row.at.as_second())
        .collect()
}

#[test]
fn rows_are_found_newest_first_by_actor_action_and_target() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path(), Box::new(|_| {})).unwrap();
    let rows = [
        entry(1, "unit.start", Some("web")),
        entry(2, "unit.stop", Some("web")),
        entry(3, "unit", None),
        entry(4, "united", Some("db")),
    ];
    opened
        .writer
        .send(rows.clone().map(|row| Write::Audit(Box::new(row))));
    assert!(opened.writer.flush(Duration::from_secs(30)));
    let queries = &opened.queries;
    assert_eq!(found(queries, AuditFilter::default()), [4, 3, 2, 1]);
    let action = |action: &str| AuditFilter {
        action: Some(action.to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(found(queries, action("unit")), [3, 2, 1]);
    assert_eq!(found(queries, action("unit.stop")), [2]);
    let target = AuditFilter {
        target: Some("web".to_owned()),
        name: Some("t1".to_owned()),
        ..AuditFilter::default()
    };
    assert_eq!(found(queries, target), [1]);
    let first = queries
        .audit(&AuditFilter {
            limit: 2,
            ..AuditFilter::default()
        })
        .unwrap();
    assert_eq!(first[0].1, rows[3]);
    let next = AuditFilter {
        before: Some(first[1].0),
        ..AuditFilter::default()
    };
    assert_eq!(found(queries, next), [2, 1]);
}

#[test]
fn the_newest_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path(), Box::new(|_| {})).unwrap();
    let rows = (0..=AUDIT_KEPT + 2).map(|n| Write::Audit(Box::new(entry(n, "a", None))));
    opened.writer.send(rows);
    opened
        .writer
        .send([Write::Audit(Box::new(entry(0, "last", None)))]);
    assert!(opened.writer.flush(Duration::from_secs(30)));
    let all = AuditFilter {
        limit: usize::MAX,
        ..AuditFilter::default()
    };
    let rows = opened.queries.audit(&all).unwrap();
    assert_eq!(i64::try_from(rows.len()).unwrap(), AUDIT_KEPT);
    assert_eq!(rows[0].1.action, "last");
}
