//! Reading logs of every shape.

use std::io::Read;

use proptest::prelude::*;

use super::*;

/// The lines of these chunks as `number stream text`, a `+` behind what is continued.
fn check(pieces: &[Piece], complete: bool, expected: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(dir.path());
    for piece in pieces {
        keeper.print(piece);
    }
    let found: Vec<String> = all_pages(&keeper.reader(complete), From::Head, 100)
        .iter()
        .map(|line| {
            let more = if line.continued { "+" } else { "" };
            format!("{} {} {}{more}", line.n, line.stream.as_str(), line.text())
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn where_bytes_are_missing_the_next_line_says_how_many() {
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(dir.path());
    keeper.print(&piece(Stream::Stdout, 1, "one\n"));
    keeper.record(Kind::Dropped, 5);
    keeper.record(Kind::Dropped, 7);
    keeper.print(&piece(Stream::Stderr, 2, "two\nthree\nfo"));
    keeper.record(Kind::Dropped, 3);
    keeper.print(&piece(Stream::Stderr, 3, "ur\n"));
    keeper.complete();
    let reader = keeper.reader(true);
    let missing = |from, limit| -> Vec<u64> {
        let lines = all_pages(&reader, from, limit);
        lines.iter().map(|line| line.missing).collect()
    };
    for limit in 1..5 {
        assert_eq!(missing(From::Head, limit), [0, 12, 0, 3]);
    }
    assert_eq!(missing(From::Tail(3), 10), [12, 0, 3]);
    assert_eq!(missing(From::Tail(2), 10), [0, 3]);
}

#[test]
fn streams_that_interrupt_each_other_come_as_whole_lines() {
    use Stream::{Stderr, Stdout};
    check(&[], true, &[]);
    check(
        &[piece(Stdout, 1, "a\nb\n")],
        true,
        &["1 stdout a", "2 stdout b"],
    );
    check(
        &[
            piece(Stdout, 1, "one, "),
            piece(Stderr, 2, "oops\nand "),
            piece(Stdout, 3, "two\nthree"),
            piece(Stderr, 4, "more\n"),
        ],
        true,
        &[
            "1 stderr oops",
            "2 stdout one, two",
            "3 stderr and more",
            "4 stdout three",
        ],
    );
    check(
        &[piece(Stdout, 1, "done\nprompt> ")],
        false,
        &["1 stdout done"],
    );
    check(
        &[piece(Stdout, 1, "done\nprompt> ")],
        true,
        &["1 stdout done", "2 stdout prompt> "],
    );
    check(
        &[piece(Stdout, 1, b"\x00\xff\x1b[31m\r\n")],
        true,
        &["1 stdout \0\u{fffd}\u{1b}[31m\r"],
    );
    check(
        &[piece(Stderr, 1, "\n\n")],
        true,
        &["1 stderr ", "2 stderr "],
    );
}

#[test]
fn an_endless_line_comes_in_pieces_page_by_page() {
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(dir.path());
    let printed: Vec<u8> = (0..5_000_000u32).map(|i| b'a' + (i % 23) as u8).collect();
    for chunk in printed.chunks(70_001) {
        keeper.print(&piece(Stream::Stdout, 1, chunk));
        keeper.print(&piece(Stream::Stderr, 1, "!"));
    }
    let lines = all_pages(&keeper.reader(true), From::Head, 3);
    let of = |stream| -> Vec<u8> {
        lines
            .iter()
            .filter(|line| line.stream == stream)
            .flat_map(|line| line.bytes.clone())
            .collect()
    };
    assert!(of(Stream::Stdout) == printed);
    assert_eq!(of(Stream::Stderr), vec![b'!'; 72]);
}

#[test]
fn times_find_their_lines() {
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(dir.path());
    for second in 0..10_000u64 {
        keeper.print(&piece(
            Stream::Stdout,
            second * 1000,
            format!("line {second}\n"),
        ));
    }
    let reader = keeper.reader(false);
    for (ms, first) in [
        (0, 0),
        (1, 1),
        (5_000_000, 5000),
        (5_000_001, 5001),
        (9_999_000, 9999),
    ] {
        let page = reader.page(From::Since(time(ms)), 5).unwrap();
        assert_eq!(page.lines[0].text(), format!("line {first}"));
        assert_eq!(
            (page.lines[0].n, page.lines[0].ts),
            (first + 1, time(first * 1000))
        );
    }
    let late = reader.page(From::Since(time(10_000_000)), 5).unwrap();
    assert_eq!(late.lines, []);
    keeper.print(&piece(Stream::Stdout, 20_000_000, "later\n"));
    let later = keeper
        .reader(false)
        .page(From::Place(late.next), 5)
        .unwrap();
    assert_eq!(later.lines[0].text(), "later");
}

#[test]
fn the_end_of_a_large_log_is_read_from_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(dir.path());
    for block in 0..40u64 {
        let text: String = (0..1000).map(|i| format!("{block:>20}.{i:>3}\n")).collect();
        keeper.print(&piece(Stream::Stdout, block, text));
    }
    let lines = keeper.reader(true).page(From::Tail(3), 10).unwrap().lines;
    let numbers: Vec<u64> = lines.iter().map(|line| line.n).collect();
    assert_eq!(numbers, [39_998, 39_999, 40_000]);
    assert!(lines[2].text().ends_with("39.999"));
}

#[test]
fn following_gives_every_line_once_whatever_is_there_when_it_looks() {
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(dir.path());
    let mut place = Place::default();
    let mut seen = Vec::new();
    let mut look = |keeper: &Keeper<'_>, complete| loop {
        let page = keeper.reader(complete).page(From::Place(place), 2).unwrap();
        place = page.next;
        if page.lines.is_empty() {
            break;
        }
        seen.extend(page.lines.iter().map(|line| line.text().into_owned()));
    };
    for number in 0..200u64 {
        keeper.print(&piece(
            Stream::Stdout,
            number,
            format!("out {number}\nhalf "),
        ));
        look(&keeper, false);
        keeper.print(&piece(Stream::Stderr, number, format!("err {number}\n")));
        look(&keeper, false);
        if number % 60 == 59 {
            keeper.rotate();
        }
    }
    keeper.print(&piece(Stream::Stdout, 0, "last"));
    keeper.complete();
    look(&keeper, true);
    let mut expected = Vec::new();
    for number in 0..200 {
        let half = if number == 0 { "" } else { "half " };
        expected.push(format!("{half}out {number}"));
        expected.push(format!("err {number}"));
    }
    expected.push("half last".to_owned());
    assert_eq!(seen, expected);
}

#[test]
fn bytes_of_which_the_index_does_not_tell_yet_are_left_for_later() {
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(dir.path());
    keeper.print(&piece(Stream::Stderr, 1, "told\n"));
    keeper.append(&keeper.names.log(false), b"not yet\n");
    let texts = |complete| -> Vec<String> {
        let lines = all_pages(&keeper.reader(complete), From::Head, 10);
        lines
            .iter()
            .map(|line| format!("{} {}", line.stream.as_str(), line.text()))
            .collect()
    };
    assert_eq!(texts(false), ["stderr told"]);
    assert_eq!(texts(true), ["stderr told", "stdout not yet"]);
}

#[test]
fn a_run_without_output_and_a_name_that_leads_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let absent = LogReader::open(dir.path(), &unit(), RUN, true);
    assert!(matches!(absent, Err(crate::logs::LogError::Absent(_))));
    let dots = UnitName::new("..").unwrap();
    assert!(matches!(
        create(dir.path(), &dots, RUN),
        Err(crate::logs::LogError::Name(_))
    ));
}

fn any_pieces() -> impl Strategy<Value = Vec<Piece>> {
    let text = prop::collection::vec(prop_oneof![2 => Just(b'\n'), 5 => any::<u8>()], 1..40);
    prop::collection::vec((any::<bool>(), text), 0..40).prop_map(|chunks| {
        chunks
            .into_iter()
            .enumerate()
            .map(|(ms, (out, bytes))| {
                piece(
                    if out { Stream::Stdout } else { Stream::Stderr },
                    ms as u64,
                    bytes,
                )
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_tails_and_bytes_agree_with_one_reading(
        pieces in any_pieces(),
        rotated_after in prop::option::of(0usize..40),
        limit in 1usize..6,
        tail in 0u64..30,
        complete in any::<bool>(),
        torn in 0u64..24,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut keeper = Keeper::new(dir.path());
        for (number, piece) in pieces.iter().enumerate() {
            if rotated_after == Some(number) {
                keeper.rotate();
            }
            keeper.print(piece);
        }
        keeper.append(&keeper.names.index(false), &vec![7; usize::try_from(torn).unwrap()]);
        let reader = keeper.reader(complete);
        let whole = all_pages(&reader, From::Head, usize::MAX);
        prop_assert_eq!(&all_pages(&reader, From::Head, limit), &whole);
        let wanted = usize::try_from(tail).unwrap();
        let last = &whole[whole.len().saturating_sub(wanted)..];
        prop_assert_eq!(&all_pages(&reader, From::Tail(tail), limit)[..], last);
        for ms in (0..pieces.len()).step_by(7) {
            let before = pieces[..ms].iter().flat_map(|piece| &piece.bytes);
            let ends = before.filter(|byte| **byte == b'\n').count() as u64;
            let expected: Vec<_> = whole.iter().filter(|line| line.n > ends).cloned().collect();
            prop_assert_eq!(all_pages(&reader, From::Since(time(ms as u64)), limit), expected);
        }
        let mut bytes = Vec::new();
        reader.bytes(0, u64::MAX).unwrap().read_to_end(&mut bytes).unwrap();
        let printed: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes.clone()).collect();
        prop_assert_eq!(&bytes, &printed);
    }

    #[test]
    fn without_its_index_a_log_is_lines_without_times(pieces in any_pieces(), garbage in prop::collection::vec(any::<u8>(), 0..300)) {
        let dir = tempfile::tempdir().unwrap();
        let mut keeper = Keeper::new(dir.path());
        for piece in &pieces {
            keeper.print(piece);
        }
        let printed: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes.clone()).collect();
        fs::remove_file(keeper.names.index(false)).unwrap();
        let found = all_pages(&keeper.reader(true), From::Head, 7);
        let mut joined = found.iter().map(|line| line.bytes.clone()).collect::<Vec<_>>().join(&b'\n');
        if printed.last() == Some(&b'\n') {
            joined.push(b'\n');
        }
        prop_assert_eq!(&joined, &printed);
        // An index of nonsense may cost order and times, never the bytes, and never more than they take.
        fs::write(keeper.names.index(false), garbage).unwrap();
        let _ = all_pages(&keeper.reader(true), From::Tail(5), 7);
        let mut bytes = Vec::new();
        keeper.reader(true).bytes(0, u64::MAX).unwrap().read_to_end(&mut bytes).unwrap();
    }
}

#[test]
fn every_line_is_found_by_its_number_and_every_place_goes_on_after_it() {
    use Stream::{Stderr, Stdout};
    let dir = tempfile::tempdir().unwrap();
    let mut keeper = Keeper::new(dir.path());
    for (stream, text) in [
        (Stdout, "one, "),
        (Stderr, "oops\nand "),
        (Stdout, "two\nthree"),
        (Stderr, "more\n"),
    ] {
        keeper.print(&piece(stream, 1, text));
    }
    keeper.complete();
    let reader = keeper.reader(true);
    let all = all_pages(&reader, From::Head, 100);
    assert_eq!(all.len(), 4);
    for (i, line) in all.iter().enumerate() {
        let texts = |lines: &[Line]| -> Vec<(u64, Vec<u8>)> {
            lines.iter().map(|l| (l.n, l.bytes.clone())).collect()
        };
        assert_eq!(
            texts(&all_pages(&reader, From::Line(line.n), 2)),
            texts(&all[i..])
        );
        // At the very end, what has no line end belongs to the line before it: no place is between them.
        if line.after < keeper.end {
            assert_eq!(
                texts(&all_pages(&reader, From::Place(line.place()), 2)),
                texts(&all[i + 1..])
            );
        }
    }
    assert_eq!(reader.page(From::Line(9), 2).unwrap().lines, []);
    assert_eq!(reader.page(From::Tail(1), 1).unwrap().total, Some(4));
    assert_eq!(reader.page(From::Head, 2).unwrap().total, None);
}
