//! Runs that are taken out of sight, requests with a key, and how runs ended.

use jiff::SignedDuration;
use runwisp_core::words::glob::Glob;

use super::*;
use crate::store::{KEY_KEPT, Request, RunFilter};

#[test]
fn a_hidden_run_is_in_no_list_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _told) = open_in(dir.path()).unwrap();
    let mut open = ended("u", 3);
    open.state = RunState::Running;
    open.outcome = None;
    let runs = [ended("u", 1), ended("u", 2), open];
    store.writer.send(runs.iter().cloned().map(write));
    let hide = |number, at| {
        store.writer.send([Write::HideRuns(vec![id(number)], at)]);
        assert!(store.writer.flush(LONG));
    };
    let listed = || -> Vec<RunId> {
        let runs = store.queries.runs(&RunFilter::default()).unwrap();
        runs.iter().map(|run| run.id).collect()
    };
    hide(1, Some(time(100)));
    // Whoever has not ended stays.
    hide(3, Some(time(100)));
    assert_eq!(listed(), [id(3), id(2)]);
    assert!(store.queries.is_hidden(id(1)).unwrap());
    let count = store.queries.count(&RunFilter::default(), 100).unwrap();
    assert_eq!(count, (2, false));
    let summary = store.queries.summary(&RunFilter::default()).unwrap();
    assert_eq!(
        (summary.outcomes[&Outcome::Succeeded], summary.open),
        (1, 1)
    );
    assert_eq!(store.queries.hidden(time(100), 9).unwrap(), []);
    assert_eq!(
        store.queries.hidden(time(101), 9).unwrap(),
        [(id(1), unit("u"))]
    );
    assert_eq!(
        store.queries.rows_hidden(&[id(1), id(2)]).unwrap(),
        runs[..1]
    );
    hide(1, None);
    assert_eq!(listed(), [id(3), id(2), id(1)]);
}

#[test]
fn a_summary_counts_by_unit_and_time_and_for_those_who_see_few() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _told) = open_in(dir.path()).unwrap();
    let mut failed = ended("b", 2);
    failed.outcome = Some(Outcome::Failed);
    store
        .writer
        .send([ended("a", 1), failed, ended("b", 3)].map(write));
    assert!(store.writer.flush(LONG));
    let outcomes = |filter: RunFilter| -> Vec<(Outcome, u64)> {
        let summary = store.queries.summary(&filter).unwrap();
        summary.outcomes.into_iter().collect()
    };
    use Outcome::{Failed, Succeeded};
    assert_eq!(
        outcomes(RunFilter::default()),
        [(Succeeded, 2), (Failed, 1)]
    );
    let since = RunFilter {
        since: Some(time(3)),
        ..RunFilter::default()
    };
    assert_eq!(outcomes(since), [(Succeeded, 1)]);
    let few = RunFilter {
        within: Some(vec![Glob::new("a")]),
        ..RunFilter::default()
    };
    assert_eq!(outcomes(few), [(Succeeded, 1)]);
    let nothing = RunFilter {
        within: Some(Vec::new()),
        ..RunFilter::default()
    };
    assert_eq!(outcomes(nothing.clone()), []);
    assert_eq!(store.queries.runs(&nothing).unwrap(), []);
}

#[test]
fn a_key_is_known_for_a_day() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _told) = open_in(dir.path()).unwrap();
    let request = |key: &str, at| Request {
        key: key.to_owned(),
        unit: unit("u"),
        body: "{}".to_owned(),
        run: id(1),
        at,
    };
    let old = request("old", time(0));
    store.writer.send([Write::Request(Box::new(old.clone()))]);
    assert!(store.writer.flush(LONG));
    let found = |key: &str, after| store.queries.request(&unit("u"), key, after).unwrap();
    assert_eq!(found("old", time(0)), Some(old));
    assert_eq!(found("old", time(1)), None);
    assert_eq!(found("new", time(0)), None);
    let later = time(0) + KEY_KEPT + SignedDuration::from_secs(1);
    let new = request("new", later);
    store.writer.send([Write::Request(Box::new(new.clone()))]);
    assert!(store.writer.flush(LONG));
    assert_eq!(found("old", time(0)), None);
    assert_eq!(found("new", time(0)), Some(new));
}

#[test]
fn parameters_are_kept_with_their_run() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _told) = open_in(dir.path()).unwrap();
    let mut run = ended("u", 1);
    run.params = vec![("TARGET".to_owned(), "a \"b\"".to_owned())];
    store.writer.send([write(run.clone())]);
    assert!(store.writer.flush(LONG));
    let found = store.queries.run(&run.id.to_string()).unwrap();
    assert_eq!(found, Some(run));
}
