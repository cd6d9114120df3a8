//! Compression, and what the sweep removes and leaves.

use std::io::Read;
use std::time::Duration;

use runwisp_core::config::plan::StoragePlan;
use runwisp_core::words::run::{Kind, RunRecord, RunState, Trigger};

use super::super::compress;
use super::super::sweep::{Report, Rules, sweep};
use super::*;
use crate::store::{self, Opened, RunFilter, Write};

const LONG: Duration = Duration::from_secs(60);

fn bytes_of(keeper: &Keeper<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let reader = keeper.reader(true);
    reader
        .bytes(0, u64::MAX)
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

/// Two megabytes that do not repeat too soon.
fn noisy(mut seed: u64) -> Vec<u8> {
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as u8
    };
    (0..2 << 20).map(|_| next()).collect()
}

#[test]
fn a_compressed_log_has_the_same_bytes_lines_and_places() {
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(dir.path());
    let noise = noisy(7);
    for (number, chunk) in noise.chunks(50_000).enumerate() {
        if number == 17 {
            keeper.rotate();
        }
        let stream = if number % 3 == 0 {
            Stream::Stderr
        } else {
            Stream::Stdout
        };
        keeper.print(&piece(stream, number as u64, chunk));
    }
    keeper.complete();
    let reading = |from| all_pages(&keeper.reader(true), from, 100);
    let cases = [From::Head, From::Tail(10), From::Since(time(20))];
    let before: Vec<Vec<Line>> = cases.map(reading).into();
    compress(dir.path(), &unit(), RUN).unwrap();
    for (present, path) in [
        (false, keeper.names.log(false)),
        (false, keeper.names.log(true)),
        (true, keeper.names.compressed(false)),
        (true, keeper.names.compressed(true)),
    ] {
        assert_eq!(path.exists(), present, "{}", path.display());
    }
    assert!(bytes_of(&keeper) == noise);
    for (from, before) in cases.into_iter().zip(before) {
        assert!(reading(from) == before);
    }
    let mut middle = Vec::new();
    let reader = keeper.reader(true);
    reader
        .bytes(1_000_000, 1_000_100)
        .unwrap()
        .read_to_end(&mut middle)
        .unwrap();
    assert_eq!(middle, noise[1_000_000..1_000_100]);
    assert_eq!(compress(dir.path(), &unit(), RUN).unwrap(), 0);
}

#[test]
fn a_crash_at_any_step_of_compression_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(dir.path());
    keeper.print(&piece(Stream::Stdout, 1, noisy(3)));
    let raw = keeper.names.log(false);
    let small = keeper.names.compressed(false);
    let whole = bytes_of(&keeper);
    // Killed while writing: a torn temporary file. Killed before removing: both files, the raw one is read.
    let mut temporary = small.as_os_str().to_owned();
    temporary.push(".tmp");
    fs::write(&temporary, b"torn").unwrap();
    assert!(bytes_of(&keeper) == whole);
    fs::write(&small, b"torn, too").unwrap();
    assert!(bytes_of(&keeper) == whole);
    compress(dir.path(), &unit(), RUN).unwrap();
    assert!(!raw.exists() && !Path::new(&temporary).exists());
    assert!(bytes_of(&keeper) == whole);
}

/// A data directory with a store and ten ended runs of 20 kB each, and one that runs.
struct House {
    dir: tempfile::TempDir,
    store: Opened,
    now: Timestamp,
}

fn run(number: u64) -> RunId {
    RunId::from_parts(1_700_000_000_000 + number * 1000, 0)
}

impl House {
    fn new() -> House {
        let dir = tempfile::tempdir().unwrap();
        let store = store::open(dir.path(), Box::new(|_| ())).unwrap();
        for number in 0..=10 {
            let at = Timestamp::from_millisecond(run(number).unix_ms().cast_signed()).unwrap();
            let mut row = RunRecord::new(run(number), unit(), Kind::Task, Trigger::Manual, at);
            row.state = if number == 10 {
                RunState::Running
            } else {
                RunState::Ended
            };
            row.ended_at = Some(at);
            store.writer.send([Write::Run {
                row: Box::new(row),
                confirm: false,
            }]);
            let mut keeper = Keeper::of_run(dir.path(), run(number));
            keeper.print(&piece(Stream::Stdout, 0, vec![b'x'; 20_000]));
        }
        assert!(store.writer.flush(LONG));
        // Logs are as old as their files: "now" is a day later.
        let now = Timestamp::now() + jiff::SignedDuration::from_hours(24);
        House { dir, store, now }
    }

    fn sweep(&self, rules: &Rules) -> Report {
        sweep(
            self.dir.path(),
            &self.store.queries,
            &self.store.writer,
            rules,
            self.now,
        )
    }

    fn rows(&self) -> usize {
        self.store
            .queries
            .runs(&RunFilter::default())
            .unwrap()
            .len()
    }

    /// Which runs have a raw log, and which a compressed one.
    fn logs(&self) -> (Vec<u64>, Vec<u64>) {
        let with = |small: bool| {
            (0..=10)
                .filter(|number| {
                    let names = Names::new(self.dir.path(), &unit(), run(*number)).unwrap();
                    if small {
                        names.compressed(false).exists()
                    } else {
                        names.log(false).exists()
                    }
                })
                .collect()
        };
        (with(false), with(true))
    }
}

fn rules() -> Rules {
    Rules {
        storage: StoragePlan::default(),
        units: Vec::new(),
        compress_after: Duration::from_secs(600),
    }
}

#[test]
fn what_has_ended_is_compressed_and_what_runs_is_left_alone() {
    let house = House::new();
    let report = house.sweep(&rules());
    assert_eq!((report.compressed, report.troubles), (10, vec![]));
    assert_eq!(house.logs(), (vec![10], (0..10).collect()));
    assert_eq!(house.sweep(&rules()), Report::default());
}

#[test]
fn a_log_that_was_written_a_moment_ago_stays_raw() {
    let mut house = House::new();
    house.now = Timestamp::now();
    assert_eq!(house.sweep(&rules()), Report::default());
}

#[test]
fn runs_beyond_keep_runs_go_with_row_and_log() {
    let house = House::new();
    let mut rules = rules();
    rules.units = vec![(unit(), Some(3), None)];
    let report = house.sweep(&rules);
    assert_eq!((report.runs_removed, report.compressed), (7, 3));
    assert_eq!(house.logs(), (vec![10], vec![7, 8, 9]));
    assert!(house.store.writer.flush(LONG));
    assert_eq!(house.rows(), 4);
}

#[test]
fn runs_older_than_keep_for_go_but_never_one_that_runs() {
    let house = House::new();
    let mut rules = rules();
    rules.units = vec![(unit(), None, Some(Duration::from_secs(1)))];
    assert_eq!(house.sweep(&rules).runs_removed, 10);
    assert_eq!(house.logs(), (vec![10], vec![]));
}

#[test]
fn too_large_a_whole_costs_the_oldest_logs_and_no_row() {
    let mut house = House::new();
    house.now = Timestamp::now();
    let mut rules = rules();
    rules.storage.max_size = 5 * 20_000 + 11 * 24;
    let report = house.sweep(&rules);
    assert_eq!((report.logs_removed, report.short_of_space), (6, None));
    assert_eq!(house.logs().0, [6, 7, 8, 9, 10]);
    assert_eq!(house.rows(), 11);
    rules.storage.max_size = 1;
    let report = house.sweep(&rules);
    assert_eq!(house.logs().0, [10]);
    assert!(report.short_of_space.unwrap().contains("live runs"));
}

#[test]
fn what_a_killed_sweep_left_half_done_is_removed() {
    let house = House::new();
    let names = Names::new(house.dir.path(), &unit(), run(10)).unwrap();
    let torn = names.compressed(false).with_extension("zst.tmp");
    fs::write(&torn, b"torn").unwrap();
    house.sweep(&rules());
    assert!(!torn.exists());
}
