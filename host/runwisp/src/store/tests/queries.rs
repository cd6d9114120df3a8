//! Every filter against a plain walk over all rows.

use proptest::prelude::*;
use runwisp_core::words::glob::Glob;

use super::*;
use crate::store::held::Side;
use crate::store::{Opened, RunFilter, Sort};

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
        run.duration = Some(Duration::from_micros(ms * 31 % 977));
        run.exit_code = Some(i32::from(ms % 10 == 3) * i32::try_from(ms / 10 % 5).unwrap());
        if ms % 90 == 1 {
            run.message = Some(format!("Killed by signal {}", ms % 7));
        }
        if ms % 501 == 0 {
            run.trigger = Trigger::Manual;
            run.scheduled_at = None;
        }
        if ms % 1000 == 999 {
            run.state = RunState::Running;
            run.outcome = None;
            run.ended_at = None;
            run.duration = None;
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
        && (filter.states.is_empty() || filter.states.contains(&run.state))
        && (filter.outcomes.is_empty() || run.outcome.is_some_and(|o| filter.outcomes.contains(&o)))
        && (filter.triggers.is_empty() || filter.triggers.contains(&run.trigger))
        && (filter.exit_codes.is_empty()
            || run
                .exit_code
                .is_some_and(|code| filter.exit_codes.contains(&code)))
        && (!filter.retries || run.attempt > 1)
        && (!filter.first_tries || run.attempt == 1)
        && filter
            .due_since
            .is_none_or(|since| run.scheduled_at.is_some_and(|at| at >= since))
        && filter
            .due_until
            .is_none_or(|until| run.scheduled_at.is_some_and(|at| at < until))
        && filter
            .within
            .as_ref()
            .is_none_or(|globs| globs.iter().any(|glob| glob.matches(run.unit.as_str())))
        && filter.text.as_ref().is_none_or(|text| {
            let message = run.message.clone().unwrap_or_default().to_lowercase();
            message.contains(text) || run.unit.as_str().contains(text)
        })
        && (filter.sort == Sort::Newest || filter.sort == Sort::Oldest || run.duration.is_some())
        && filter.execution_id.is_none_or(|id| run.execution_id == id)
        && (!filter.scheduled_only || run.scheduled_at.is_some())
        && filter.since.is_none_or(|since| run.created_at >= since)
        && filter.until.is_none_or(|until| run.created_at < until)
        && filter.before.is_none_or(|before| run.id < before)
}

/// What a walk over all rows finds, in the filter's order, without its limit.
fn walk(filter: &RunFilter, runs: &[RunRecord]) -> Vec<RunId> {
    let mut found: Vec<&RunRecord> = runs.iter().filter(|run| fits(filter, run)).collect();
    match filter.sort {
        Sort::Newest => {}
        Sort::Oldest => found.reverse(),
        Sort::Longest => found.sort_by_key(|run| std::cmp::Reverse((run.duration, run.id))),
        Sort::Shortest => found.sort_by_key(|run| (run.duration, run.id)),
    }
    found.iter().map(|run| run.id).collect()
}

const GLOBS: [&str; 6] = ["*", "unit-1*", "unit-2", "unit-?", "none", "unit-[5-9]"];

const TRIGGERS: [Trigger; 5] = [
    Trigger::Schedule,
    Trigger::Manual,
    Trigger::Retry,
    Trigger::Restart,
    Trigger::Hook,
];

type Due = (Option<&'static str>, bool, Option<u64>, Option<u64>);

/// Which units may be seen, whether first tries alone, and when their ticks were due.
fn any_due() -> impl Strategy<Value = Due> {
    (
        prop::option::weighted(0.2, prop::sample::select(vec!["unit-*", "unit-2*"])),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.1, 0u64..20_000),
        prop::option::weighted(0.1, 0u64..20_000),
    )
}

fn any_filter() -> impl Strategy<Value = RunFilter> {
    let globs = prop::sample::select(GLOBS.to_vec());
    let trigger = prop::sample::select(TRIGGERS.to_vec());
    let state = prop::sample::select(vec![RunState::Ended, RunState::Running, RunState::Queued]);
    (
        (
            prop::collection::vec(globs, 0..3),
            prop::option::weighted(0.2, prop::sample::select(vec![Kind::Task, Kind::Service])),
            prop::option::weighted(0.1, 0u32..5),
            prop::collection::vec(state, 0..2),
            prop::collection::vec(prop::sample::select(OUTCOMES.to_vec()), 0..3),
            prop::collection::vec(trigger, 0..2),
            prop::collection::vec(0i32..6, 0..3),
            prop::bool::weighted(0.2),
            prop::option::weighted(
                0.2,
                prop::sample::select(vec!["signal 3", "unit-2", "nowhere"]),
            ),
        ),
        (
            prop::option::weighted(0.1, 0u64..400),
            prop::option::weighted(0.3, 0u64..20_000),
            prop::option::weighted(0.3, 0u64..20_000),
            prop::option::weighted(0.3, 0u64..20_000),
            0usize..300,
            prop::bool::weighted(0.2),
            prop::sample::select(vec![
                Sort::Newest,
                Sort::Newest,
                Sort::Oldest,
                Sort::Longest,
                Sort::Shortest,
            ]),
            any_due(),
        ),
    )
        .prop_map(|(what, range)| {
            let (units, kind, instance, states, outcomes, triggers, codes, retries, text) = what;
            let (execution, since, until, before, limit, scheduled_only, sort, due) = range;
            let (within, first_tries, due_since, due_until) = due;
            let outcomes: std::collections::BTreeSet<_> = outcomes.into_iter().collect();
            let codes: std::collections::BTreeSet<_> = codes.into_iter().collect();
            RunFilter {
                units: units.into_iter().map(str::to_owned).collect(),
                kind,
                instance,
                states,
                outcomes: outcomes.into_iter().collect(),
                triggers,
                exit_codes: codes.into_iter().collect(),
                retries,
                first_tries,
                due_since: due_since.map(time),
                due_until: due_until.map(time),
                text: text.map(str::to_owned),
                within: within.map(|glob| vec![Glob::new(glob)]),
                sort,
                after: None,
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
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&any_filter(), |filter| {
            let all = walk(&filter, &runs);
            if filter.limit.unwrap() % 4 == 0 {
                let counted = store.queries.count(&filter, 1_000_000).unwrap();
                prop_assert_eq!(counted, (all.len() as u64, false));
            }
            let expected: Vec<_> = all.into_iter().take(filter.limit.unwrap()).collect();
            let found = store.queries.runs(&filter).unwrap();
            let found: Vec<_> = found.iter().map(|run| run.id).collect();
            prop_assert_eq!(found, expected);
            Ok(())
        })
        .unwrap();
}

/// Follows pages to the end.
fn all_pages(store: &Opened, mut filter: RunFilter) -> (Vec<RunId>, usize) {
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let page = store.queries.look(&filter).unwrap();
        pages += 1;
        found.extend(page.runs.iter().map(|run| run.id));
        let Some(next) = page.next else {
            return (found, pages);
        };
        // As it travels to a caller and back.
        filter.after = Some(next.to_string().parse().unwrap());
    }
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let (_dir, store, runs) = twenty_thousand();
    for sort in [Sort::Newest, Sort::Oldest, Sort::Longest, Sort::Shortest] {
        let filter = RunFilter {
            units: vec!["unit-1?".to_owned()],
            sort,
            limit: Some(700),
            ..RunFilter::default()
        };
        let (found, pages) = all_pages(&store, filter.clone());
        assert_eq!(found, walk(&filter, &runs), "{sort:?}");
        assert!(pages > 3);
    }
}

#[test]
fn a_question_that_looks_at_too_many_rows_is_answered_in_pieces_and_loses_none() {
    let (_dir, store, runs) = twenty_thousand();
    for sort in [Sort::Newest, Sort::Oldest, Sort::Longest, Sort::Shortest] {
        // Looks at every row, three times over: once for each of the streams.
        let filter = RunFilter {
            units: vec!["unit-?".to_owned(), "unit-2?".to_owned()],
            text: Some("signal 3".to_owned()),
            instance: Some(0),
            sort,
            limit: Some(40),
            ..RunFilter::default()
        };
        let resolved = |db: &rusqlite::Connection| {
            crate::store::queries::resolve_units(Side::alone(db), &filter)
        };
        let (mut found, mut after, mut short) = (Vec::new(), None, 0);
        loop {
            let asked = RunFilter {
                after,
                ..filter.clone()
            };
            let page = store
                .queries
                .ask(|db| Ok(crate::store::find::find(db, &asked, &resolved(db)?, 1_500)?))
                .unwrap();
            short += usize::from(page.runs.len() < 40);
            found.extend(page.runs.iter().map(|run| run.id));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!(found, walk(&filter, &runs), "{sort:?}");
        assert!(short > 2, "{sort:?}: the bound was never reached");
    }
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
