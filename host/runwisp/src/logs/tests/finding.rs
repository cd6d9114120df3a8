//! Search, and patterns that fail a run.

use super::super::search::{Pattern, Target, search};
use super::super::{OutputScanner, compress};
use super::*;

fn run(number: u128) -> RunId {
    RunId::from_u128(number << 80)
}

/// What a search finds in these logs, as `run:number text`.
fn found(data: &Path, runs: &[RunId], pattern: &Pattern, limit: usize) -> Vec<String> {
    let targets: Vec<Target> = runs
        .iter()
        .map(|run| Target {
            unit: unit(),
            run: *run,
            complete: true,
        })
        .collect();
    let mut hits = Vec::new();
    search(data, &targets, pattern, limit, &mut |target, line| {
        hits.push(format!(
            "{}:{} {}",
            target.run.as_u128() >> 80,
            line.n,
            line.text()
        ));
        hits.len() < limit
    })
    .unwrap();
    hits
}

fn pattern(text: &str) -> Pattern {
    Pattern::new(text, false, false).unwrap()
}

#[test]
fn matches_come_log_by_log_raw_rotated_and_compressed() {
    let dir = tempfile::tempdir().unwrap();
    let mut runs = Vec::new();
    for number in 1..=5 {
        let mut keeper = Keeper::of_run(dir.path(), run(number));
        for line in 0..40_000 {
            let word = if line % 15_000 == 14_999 {
                "needle"
            } else {
                "hay"
            };
            keeper.print_many(&format!("{line} {word}\n"));
            if line == 20_000 && number == 2 {
                keeper.flush();
                keeper.rotate();
            }
        }
        keeper.flush();
        keeper.complete();
        runs.push(run(number));
    }
    compress(dir.path(), &unit(), run(2)).unwrap();
    compress(dir.path(), &unit(), run(3)).unwrap();
    runs.insert(2, run(77));
    let expected: Vec<String> = (1..=5)
        .flat_map(|number| [15_000, 30_000].map(|n| format!("{number}:{n} {} needle", n - 1)))
        .collect();
    assert_eq!(found(dir.path(), &runs, &pattern("needle$"), 100), expected);
    assert_eq!(
        found(dir.path(), &runs, &pattern("needle$"), 3),
        expected[..3]
    );
    let fixed = Pattern::new("9 NEEDLE", true, true).unwrap();
    assert_eq!(found(dir.path(), &runs, &fixed, 100), expected);
    assert_eq!(
        found(dir.path(), &runs, &pattern("nothing|like"), 100),
        [] as [&str; 0]
    );
    assert!(Pattern::new("(", false, false).is_err());
    assert!(Pattern::new("(", true, false).is_ok());
}

#[test]
fn a_line_that_another_interrupts_is_found_as_a_reader_shows_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(dir.path());
    keeper.print(&piece(Stream::Stdout, 1, "a needle "));
    keeper.print(&piece(Stream::Stderr, 2, "trouble\n"));
    keeper.print(&piece(Stream::Stdout, 3, "in hay\n"));
    keeper.print(&piece(Stream::Stdout, 4, "no end: needle"));
    let hits = found(dir.path(), &[RUN], &pattern("needle"), 10);
    assert_eq!(hits, ["1:2 a needle in hay", "1:3 no end: needle"]);
    assert_eq!(
        found(dir.path(), &[RUN], &pattern("trouble"), 10),
        ["1:1 trouble"]
    );
}

#[test]
fn any_bytes_and_endless_lines_are_searched() {
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(dir.path());
    keeper.print(&piece(Stream::Stdout, 1, b"\x00\xff needle\n"));
    keeper.print(&piece(Stream::Stdout, 1, vec![b'x'; 3 << 20]));
    keeper.print(&piece(Stream::Stdout, 1, "\nneedle\n"));
    let hits = found(dir.path(), &[RUN], &pattern("needle"), 10);
    assert_eq!(hits, ["1:1 \0\u{fffd} needle", "1:3 needle"]);
}

#[test]
fn the_first_pattern_of_the_first_line_is_told_once_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(dir.path());
    let patterns = ["^FATAL".to_owned(), "panic(ked)?$".to_owned()];
    let scanner = || OutputScanner::new(dir.path(), &unit(), RUN, &patterns).unwrap();
    let mut following = scanner();
    let mut scan = |keeper: &Keeper<'_>, complete| following.scan(keeper.end, complete).unwrap();
    assert_eq!(scan(&keeper, false), None);
    keeper.print(&piece(Stream::Stdout, 1, "all is well, not FATAL\nit pan"));
    assert_eq!(scan(&keeper, false), None);
    keeper.print(&piece(Stream::Stderr, 1, "meanwhile\n"));
    assert_eq!(scan(&keeper, false), None);
    keeper.print(&piece(Stream::Stdout, 1, "icked"));
    assert_eq!(scan(&keeper, false), None);
    keeper.print(&piece(Stream::Stdout, 1, "\r\n"));
    assert_eq!(scan(&keeper, false).as_deref(), Some("panic(ked)?$"));
    keeper.print(&piece(Stream::Stdout, 1, "FATAL"));
    assert_eq!(
        scanner().scan(keeper.end, true).unwrap().as_deref(),
        Some("panic(ked)?$")
    );
    let only = OutputScanner::new(dir.path(), &unit(), RUN, &patterns[..1]);
    assert_eq!(
        only.unwrap().scan(keeper.end, true).unwrap().as_deref(),
        Some("^FATAL")
    );
    assert!(OutputScanner::new(dir.path(), &unit(), RUN, &["(".to_owned()]).is_err());
}
