//! Every filter against a plain walk over all rows.

use proptest::prelude::*;
use runwisp_core::words::glob::Glob;

use super::*;
use crate::store::{Opened, RunFilter};

const OUTCOMES: [Outcome; 4] = [
    Outcome::Succeeded,
    Outcome::Failed,
    Outcome::Timeout,
    Outcome::Missed,
];

/// Twenty thousand runs of thirty units, in every state, plus the store that holds them.
fn twenty_thousand() -> (tempfile::TempDir, Opened, Vec<RunRecord>) {
    let dir = tempfile::tempdir().unwrap();
    let (store, _told) = open_in(dir.path()).unwrap();
    let mut runs = Vec::new();
    for ms in 0..20_000u64 {
        let number = ms * 7919 % 30;
        let mut run = ended(&format!("unit-{number}"), ms);
        if number < 3 {
            run.kind = Kind::Service;
            run.trigger = Trigger::Restart;
            run.instance = u32::try_from(ms % 4).unwrap();
        }
        if ms % 10 == 3 {
            run.outcome = Some(OUTCOMES[usize::try_from(ms / 10 % 4).unwrap()]);
        }
        if ms % 501 == 0 {
            run.trigger = Trigger::Manual;
            run.scheduled_at = None;
        }
        if ms % 1000 == 999 {
            run.state = RunState::Running;
            run.outcome = None;
            run.ended_at = None;
        }
        if ms % 50 == 7 {
            run.execution_id = id(ms - 7);
            run.attempt = 2;
            run.trigger = Trigger::Retry;
        }
        runs.push(run);
    }
    for chunk in runs.chunks(5_000) {
        store.writer.send(chunk.iter().cloned().map(write));
    }
    assert!(store.writer.flush(LONG));
    runs.reverse();
    (dir, store, runs)
}

/// What a filter means, without any index.
fn fits(filter: &RunFilter, run: &RunRecord) -> bool {
    (filter.units.is_empty()
        || filter
            .units
            .iter()
            .any(|glob| Glob::new(glob.as_str()).matches(run.unit.as_str())))
        && filter.kind.is_none_or(|kind| run.kind == kind)
        && filter
            .instance
            .is_none_or(|instance| run.instance == instance)
        && filter.state.is_none_or(|state| run.state == state)
        && (filter.outcomes.is_empty() || run.outcome.is_some_and(|o| filter.outcomes.contains(&o)))
        && filter.trigger.is_none_or(|trigger| run.trigger == trigger)
        && filter.execution_id.is_none_or(|id| run.execution_id == id)
        && (!filter.scheduled_only || run.scheduled_at.is_some())
        && filter.since.is_none_or(|since| run.created_at >= since)
        && filter.until.is_none_or(|until| run.created_at < until)
        && filter.before.is_none_or(|before| run.id < before)
}

fn any_filter() -> impl Strategy<Value = RunFilter> {
    let globs = prop::sample::select(vec![
        "*",
        "unit-1*",
        "unit-2",
        "unit-?",
        "none",
        "unit-[5-9]",
    ]);
    let trigger = prop::sample::select(vec![
        Trigger::Schedule,
        Trigger::Manual,
        Trigger::Retry,
        Trigger::Restart,
        Trigger::Hook,
    ]);
    let state = prop::sample::select(vec![RunState::Ended, RunState::Running, RunState::Queued]);
    (
        (
            prop::collection::vec(globs, 0..3),
            prop::option::weighted(0.2, prop::sample::select(vec![Kind::Task, Kind::Service])),
            prop::option::weighted(0.1, 0u32..5),
            prop::option::weighted(0.2, state),
            prop::collection::vec(prop::sample::select(OUTCOMES.to_vec()), 0..3),
            prop::option::weighted(0.3, trigger),
        ),
        (
            prop::option::weighted(0.1, 0u64..400),
            prop::option::weighted(0.3, 0u64..20_000),
            prop::option::weighted(0.3, 0u64..20_000),
            prop::option::weighted(0.3, 0u64..20_000),
            0usize..300,
            any::<bool>(),
        ),
    )
        .prop_map(|(what, range)| {
            let (units, kind, instance, state, mut outcomes, trigger) = what;
            let (execution, since, until, before, limit, scheduled_only) = range;
            outcomes.dedup();
            RunFilter {
                units: units.into_iter().map(str::to_owned).collect(),
                kind,
                instance,
                state,
                outcomes,
                trigger,
                execution_id: execution.map(|number| id(50 * number)),
                scheduled_only,
                since: since.map(time),
                until: until.map(time),
                before: before.map(id),
                limit: Some(limit),
            }
        })
}

#[test]
fn every_filter_finds_what_a_walk_over_all_rows_finds() {
    let (_dir, store, runs) = twenty_thousand();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&any_filter(), |filter| {
            let expected: Vec<_> = runs
                .iter()
                .filter(|run| fits(&filter, run))
                .take(filter.limit.unwrap())
                .map(|run| run.id)
                .collect();
            let found = store.queries.runs(&filter).unwrap();
            let found: Vec<_> = found.iter().map(|run| run.id).collect();
            prop_assert_eq!(found, expected);
            Ok(())
        })
        .unwrap();
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let (_dir, store, runs) = twenty_thousand();
    let mut filter = RunFilter {
        units: vec!["unit-1?".to_owned()],
        limit: Some(700),
        ..RunFilter::default()
    };
    let expected: Vec<_> = runs
        .iter()
        .filter(|run| fits(&filter, run))
        .map(|run| run.id)
        .collect();
    let mut found = Vec::new();
    loop {
        let page = store.queries.runs(&filter).unwrap();
        let Some(last) = page.last() else { break };
        filter.before = Some(last.id);
        found.extend(page.iter().map(|run| run.id));
    }
    assert_eq!(found, expected);
}

#[test]
fn units_open_runs_and_the_newest_ended_one() {
    let (_dir, store, runs) = twenty_thousand();
    let open = store.queries.open_runs().unwrap();
    let mut expected: Vec<_> = runs
        .iter()
        .filter(|run| run.state != RunState::Ended)
        .cloned()
        .collect();
    expected.reverse();
    assert_eq!(open, expected);
    let newest = store.queries.last_ended_per_unit().unwrap();
    assert_eq!(newest.len(), 30);
    for run in newest {
        let first = runs
            .iter()
            .find(|r| r.unit == run.unit && r.state == RunState::Ended);
        assert_eq!(first, Some(&run));
    }
    assert_eq!(store.queries.units().unwrap().len(), 30);
}

#[test]
fn a_run_is_found_by_the_start_of_its_id_if_there_is_only_one() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _told) = open_in(dir.path()).unwrap();
    store
        .writer
        .send([write(ended("u", 0)), write(ended("u", 1_000_000))]);
    assert!(store.writer.flush(LONG));
    let text = id(0).to_string();
    let found = |prefix: &str| store.queries.run(prefix).map(|run| run.map(|run| run.id));
    assert_eq!(found(&text).unwrap(), Some(id(0)));
    assert_eq!(found(&text[..9].to_lowercase()).unwrap(), Some(id(0)));
    assert!(matches!(
        found(&text[..4]),
        Err(StoreError::Ambiguous { .. })
    ));
    for nothing in ["", "0", "zzzz", "../../etc", "01HF€", &format!("{text}0")] {
        assert_eq!(found(nothing).unwrap(), None, "{nothing}");
    }
}

#[test]
fn expired_runs_are_the_oldest_and_never_open_ones() {
    let (_dir, store, runs) = twenty_thousand();
    let unit = unit("unit-9");
    let of_unit: Vec<_> = runs
        .iter()
        .filter(|run| run.unit == unit && run.state == RunState::Ended)
        .collect();
    let expired = store.queries.expired(&unit, Some(100), None, 50).unwrap();
    let mut expected: Vec<_> = of_unit[100..].iter().map(|run| run.id).collect();
    expected.reverse();
    assert_eq!(expired, expected[..50]);
    let expired = store
        .queries
        .expired(&unit, None, Some(time(10_000)), 10_000)
        .unwrap();
    let old = of_unit
        .iter()
        .filter(|run| run.ended_at.unwrap() < time(10_000))
        .count();
    assert_eq!(expired.len(), old);
    assert!(old > 100);
}
