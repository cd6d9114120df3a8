//! The store over a million runs, and search over a gigabyte of log: the figures of the budgets, printed as a table.
//!
//! `cargo bench -p runwisp --bench history [DIR]`; the data is built once in DIR (default: the target directory) and
//! used again by later runs.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use runwisp::logs::search::{Pattern, Target, search};
use runwisp::logs::{self, From, LogReader};
use runwisp::store::{self, Queries, RunFilter, Sort, Told, Write};
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::log_index::{Kind as RecordKind, Record};
use runwisp_core::words::run::{Kind, Outcome, RunRecord, RunState, Trigger};

type Failure = Box<dyn std::error::Error>;

const RUNS: u64 = 1_000_000;
const UNITS: u64 = 500;
const EPOCH: u64 = 1_700_000_000_000;
const LONG: Duration = Duration::from_secs(600);

fn main() -> Result<(), Failure> {
    let dir = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from)
        .join("history-bench");
    std::fs::create_dir_all(&dir)?;
    let mut out = std::io::stdout();
    build(&dir)?;
    for (name, filter) in filters()? {
        let (median, p99) = measure(&dir, &filter)?;
        writeln!(out, "{name:<44} median {median:>9.2?}   p99 {p99:>9.2?}")?;
    }
    let rate = durable_runs_per_second(&dir.join("writes"))?;
    writeln!(
        out,
        "{:<44} {rate:.0}/s",
        "durable runs, one after the other of each of 8"
    )?;
    search_logs(&dir, &mut out)?;
    Ok(())
}

fn record(number: u64) -> Result<RunRecord, Failure> {
    let unit = UnitName::new(&format!("unit-{}", number * 7919 % UNITS))?;
    let ms = EPOCH + number * 1000;
    let at = Timestamp::from_millisecond(i64::try_from(ms)?)?;
    let id = RunId::from_parts(ms, u128::from(number));
    let mut run = RunRecord::new(id, unit, Kind::Task, Trigger::Schedule, at);
    run.scheduled_at = Some(at);
    run.state = RunState::Ended;
    run.outcome = Some(Outcome::Succeeded);
    run.exit_code = Some(0);
    run.pid = Some(i32::try_from(number % 30_000)?);
    run.started_at = Some(at);
    run.ended_at = Some(at);
    run.duration = Some(Duration::from_millis(number % 5000));
    if number.is_multiple_of(97) {
        run.outcome = Some(Outcome::Failed);
        run.exit_code = Some(1);
        run.message = Some("exit code 1".to_owned());
    }
    if number.is_multiple_of(5003) {
        run.trigger = Trigger::Manual;
        run.scheduled_at = None;
    }
    if number.is_multiple_of(100_003) {
        run.outcome = Some(Outcome::OomKilled);
    }
    Ok(run)
}

fn build(dir: &Path) -> Result<(), Failure> {
    let store = store::open(dir, Box::new(|_| ()))?;
    let there = store.queries.counts()?.runs;
    for first in (there..RUNS).step_by(20_000) {
        let mut rows = Vec::new();
        for number in first..(first + 20_000).min(RUNS) {
            rows.push(Write::Run {
                row: Box::new(record(number)?),
                confirm: false,
            });
        }
        store.writer.send(rows);
        store.writer.flush(LONG);
    }
    store.writer.close(LONG);
    Ok(())
}

fn filters() -> Result<Vec<(&'static str, RunFilter)>, Failure> {
    let middle = Timestamp::from_millisecond(i64::try_from(EPOCH + RUNS * 500)?)?;
    let all = RunFilter::default;
    let units = |glob: &str| vec![glob.to_owned()];
    let of = |glob: &str| RunFilter {
        units: units(glob),
        ..all()
    };
    let ended = |outcome, glob: Option<&str>, since| RunFilter {
        outcomes: vec![outcome],
        units: glob.map(units).unwrap_or_default(),
        since,
        ..all()
    };
    let (mut many, mut paged, mut by_hand) = (all(), all(), all());
    many.limit = Some(1000);
    paged.until = Some(middle);
    by_hand.triggers = vec![Trigger::Manual];
    let (mut running, mut services) = (all(), all());
    running.states = vec![RunState::Running];
    services.kind = Some(Kind::Service);
    let mut by_hand_of_one = of("unit-77");
    by_hand_of_one.triggers = vec![Trigger::Manual];
    let (failed, rare, never) = (Outcome::Failed, Outcome::OomKilled, Outcome::Timeout);
    Ok(vec![
        ("newest 50", all()),
        ("newest 1,000", many),
        ("page in the middle", paged),
        ("one unit", of("unit-77")),
        ("111 units by glob", of("unit-1*")),
        ("499 units by glob", of("unit-[!0]*")),
        ("failed", ended(failed, None, None)),
        ("a rare outcome", ended(rare, None, None)),
        ("an outcome that never was", ended(never, None, None)),
        ("failed, of one unit", ended(failed, Some("unit-77"), None)),
        (
            "a rare outcome, 111 units",
            ended(rare, Some("unit-1*"), None),
        ),
        ("started by hand", by_hand),
        ("by hand, of one unit", by_hand_of_one),
        ("running", running),
        ("services, of which there are none", services),
        ("failed since the middle", ended(failed, None, Some(middle))),
    ]
    .into_iter()
    .chain(more_filters())
    .collect())
}

/// What no index alone answers, and the other orders.
fn more_filters() -> Vec<(&'static str, RunFilter)> {
    let all = RunFilter::default;
    let sorted = |sort, glob: Option<&str>| RunFilter {
        sort,
        units: glob.map(str::to_owned).into_iter().collect(),
        ..all()
    };
    let coded = |exit_codes| RunFilter {
        exit_codes,
        ..all()
    };
    let said = |text: &str| RunFilter {
        text: Some(text.to_owned()),
        ..all()
    };
    let never = RunFilter {
        instance: Some(3),
        ..all()
    };
    let retries = RunFilter {
        retries: true,
        ..all()
    };
    let long_and_failed = RunFilter {
        sort: Sort::Longest,
        outcomes: vec![Outcome::OomKilled],
        ..all()
    };
    vec![
        ("oldest", sorted(Sort::Oldest, None)),
        ("longest", sorted(Sort::Longest, None)),
        (
            "shortest, of one unit",
            sorted(Sort::Shortest, Some("unit-77")),
        ),
        (
            "longest, of 111 units",
            sorted(Sort::Longest, Some("unit-1*")),
        ),
        ("longest of a rare outcome", long_and_failed),
        ("exit code 137", coded(vec![137])),
        ("exit codes above 100", coded((101..256).collect())),
        ("retries", retries),
        ("text that no message holds", said("nowhere to be found")),
        ("text in a unit's name", said("unit-77")),
        ("an instance that never was", never),
    ]
}

fn measure(dir: &Path, filter: &RunFilter) -> Result<(Duration, Duration), Failure> {
    let queries = Queries::open(dir)?;
    let mut times = Vec::new();
    for _ in 0..300 {
        let start = Instant::now();
        std::hint::black_box(queries.look(filter)?);
        times.push(start.elapsed());
    }
    times.sort();
    Ok((times[150], times[297]))
}

/// Eight callers, each of which waits for its run's row before it goes on, and writes two more rows per run.
fn durable_runs_per_second(dir: &Path) -> Result<f64, Failure> {
    std::fs::create_dir_all(dir)?;
    let (tell, told) = channel();
    let store = store::open(
        dir,
        Box::new(move |news| {
            let _ = tell.send(news);
        }),
    )?;
    let base = RUNS * 10 + store.queries.counts()?.runs;
    let start = Instant::now();
    let mut next = 0;
    let send = |number: u64| -> Result<(), Failure> {
        let mut run = record(base + number)?;
        (run.state, run.outcome) = (RunState::Starting, None);
        store.writer.send([Write::Run {
            row: Box::new(run),
            confirm: true,
        }]);
        Ok(())
    };
    for _ in 0..8 {
        send(next)?;
        next += 1;
    }
    let mut done = 0u32;
    while start.elapsed() < Duration::from_secs(5) {
        if let Told::Confirmed { .. } = told.recv()? {
            let mut run = record(base + u64::from(done))?;
            run.state = RunState::Running;
            store.writer.send([Write::Run {
                row: Box::new(run.clone()),
                confirm: false,
            }]);
            run.state = RunState::Ended;
            store.writer.send([Write::Run {
                row: Box::new(run),
                confirm: false,
            }]);
            done += 1;
            send(next)?;
            next += 1;
        }
    }
    let rate = f64::from(done) / start.elapsed().as_secs_f64();
    store.writer.close(LONG);
    Ok(rate)
}

/// The logs to search: four of 256 MiB each.
fn build_logs(dir: &Path, unit: &UnitName) -> Result<Vec<Target>, Failure> {
    let mut targets = Vec::new();
    for number in 1..=4u64 {
        let run = RunId::from_parts(EPOCH + number, 0);
        targets.push(Target {
            unit: unit.clone(),
            run,
            complete: true,
        });
        let path = logs::logs_dir(dir)
            .join(unit.as_str())
            .join(logs::log_name(run));
        if path.exists() {
            continue;
        }
        let mut open = logs::create(dir, unit, run)?;
        let (mut line, mut offset) = (0u64, 0u64);
        while offset < 256 << 20 {
            let mut chunk = String::new();
            while chunk.len() < 64 * 1024 {
                let ms = line % 977;
                chunk.push_str(&format!(
                    "2026-01-01T00:00:00Z INFO request {line} served in {ms} ms\n"
                ));
                line += 1;
            }
            open.log.write_all(chunk.as_bytes())?;
            let record = Record {
                offset,
                time: EPOCH * 1000 + line,
                len: u32::try_from(chunk.len())?,
                kind: RecordKind::Stdout,
            };
            open.index.write_all(&record.encode())?;
            offset += chunk.len() as u64;
        }
    }
    Ok(targets)
}

/// Search through all, then reading and compressing one of them.
fn search_logs(dir: &Path, out: &mut impl std::io::Write) -> Result<(), Failure> {
    let unit = UnitName::new("search")?;
    let targets = build_logs(dir, &unit)?;
    for (name, text, fixed) in [
        ("literal, no match", "connection refused", true),
        ("regex, no match", r"request \d+ failed", false),
        ("literal, 1,000 matches", "served in 976 ms", true),
    ] {
        let pattern = Pattern::new(text, fixed, false)?;
        let start = Instant::now();
        let mut hits = 0;
        search(dir, &targets, &pattern, 1000, &mut |_, _| {
            hits += 1;
            hits < 1000
        })?;
        let took = start.elapsed();
        let rate = 1.0 / took.as_secs_f64();
        writeln!(
            out,
            "search 1 GiB: {name:<30} {took:>9.2?}   {rate:.2} GiB/s   {hits} matches"
        )?;
    }
    let run = targets[0].run;
    for from in [From::Tail(10), From::Head] {
        let start = Instant::now();
        let page = LogReader::open(dir, &unit, run, true)?.page(from, 10)?;
        let (name, took, lines) = (
            format!("256 MiB log, {from:?}"),
            start.elapsed(),
            page.lines.len(),
        );
        writeln!(out, "{name:<44} {took:>9.2?}   {lines} lines")?;
    }
    let start = Instant::now();
    let saved = logs::compress(dir, &unit, run)? >> 20;
    let took = start.elapsed();
    writeln!(
        out,
        "{:<44} {took:>9.2?}   {saved} MiB saved",
        "compressing 256 MiB"
    )?;
    let start = Instant::now();
    let pattern = Pattern::new("connection refused", true, false)?;
    search(dir, &targets[..1], &pattern, 10, &mut |_, _| true)?;
    let took = start.elapsed();
    writeln!(out, "{:<44} {took:>9.2?}", "search 256 MiB, compressed")?;
    logs::remove(dir, &unit, run)?;
    Ok(())
}
