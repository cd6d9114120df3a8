//! Search across logs.
//!
//! Whole blocks of raw bytes go through the regex engine; only a block with a match is looked at line by line, and only
//! a match makes the index tell stream and time. Two logs are searched at a time; matches come in the order of the logs.
//! A match within bytes that the other stream interrupts in the middle of a line is not found.
//!
//! Tests are in `tests/finding.rs`; the speed is a matter of the benchmark.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use grep_matcher::{LineTerminator, Matcher};
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkMatch};
use runwisp_core::words::ids::{RunId, UnitName};

use super::error::LogError;
use super::line::{Line, Place};
use super::reader::LogReader;

/// Bytes searched at once; a line that is longer is searched in pieces.
const BLOCK: usize = 1024 * 1024;

/// How many lines may be completed in the middle of another one for that to be found.
const INTERRUPTED: usize = 8;

/// What a compiled pattern may take, bytes.
const SIZE_LIMIT: usize = 10 * 1024 * 1024;

/// What to look for.
#[derive(Clone, Debug)]
pub struct Pattern {
    matcher: RegexMatcher,
}

impl Pattern {
    /// A regular expression, or with `fixed` the text itself. A match never spans lines.
    pub fn new(text: &str, fixed: bool, ignore_case: bool) -> Result<Pattern, LogError> {
        let matcher = RegexMatcherBuilder::new()
            .fixed_strings(fixed)
            .case_insensitive(ignore_case)
            .line_terminator(Some(b'\n'))
            .size_limit(SIZE_LIMIT)
            .build(text)
            .map_err(|error| LogError::Pattern(error.to_string()))?;
        Ok(Pattern { matcher })
    }
}

/// A log to be searched.
#[derive(Clone, Debug)]
pub struct Target {
    /// The unit.
    pub unit: UnitName,
    /// The run.
    pub run: RunId,
    /// Whether nothing more will be printed.
    pub complete: bool,
}

/// Calls `hit` with every line that matches, log by log in the given order, until it says no (`false`). At most `limit`
/// matches of each log are looked for. Logs that are not there are passed over.
pub fn search(
    data: &Path,
    targets: &[Target],
    pattern: &Pattern,
    limit: usize,
    hit: &mut dyn FnMut(&Target, Line) -> bool,
) -> Result<(), LogError> {
    let enough = AtomicBool::new(false);
    for pair in targets.chunks(2) {
        let (first, second) = (&pair[0], pair.get(1));
        let (found, ahead) = std::thread::scope(|scope| {
            let ahead = second.map(|target| {
                scope.spawn(|| {
                    let mut lines = Vec::new();
                    let found = search_one(data, target, pattern, limit, &enough, &mut |line| {
                        lines.push(line);
                        true
                    });
                    found.map(|()| lines)
                })
            });
            let found = search_one(data, first, pattern, limit, &enough, &mut |line| {
                let more = hit(first, line);
                if !more {
                    enough.store(true, Ordering::Relaxed);
                }
                more
            });
            (found, ahead.map(|thread| thread.join()))
        });
        found?;
        if enough.load(Ordering::Relaxed) {
            return Ok(());
        }
        let (Some(target), Some(ahead)) = (second, ahead) else {
            continue;
        };
        // A panic there is a bug in the search of one log: the others go on.
        for line in ahead.unwrap_or_else(|_| Ok(Vec::new()))? {
            if !hit(target, line) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Searches one log, block by block; blocks end at line ends.
fn search_one(
    data: &Path,
    target: &Target,
    pattern: &Pattern,
    limit: usize,
    enough: &AtomicBool,
    hit: &mut dyn FnMut(Line) -> bool,
) -> Result<(), LogError> {
    let reader = match LogReader::open(data, &target.unit, target.run, target.complete) {
        Err(LogError::Absent(_)) => return Ok(()),
        other => other?,
    };
    let failed = |error| LogError::io(format!("the log of run {}", target.run))(error);
    let (mut at, end) = reader.range()?;
    let mut searcher = SearcherBuilder::new()
        .line_terminator(LineTerminator::byte(b'\n'))
        .line_number(false)
        .binary_detection(BinaryDetection::none())
        .bom_sniffing(false)
        .build();
    let mut block = vec![0; BLOCK];
    let mut kept = 0;
    let mut left = limit;
    let (mut line, mut reported) = (0, 0);
    while left > 0 && !enough.load(Ordering::Relaxed) {
        let start = at - kept as u64;
        let wanted = usize::try_from(end.saturating_sub(at))
            .unwrap_or(BLOCK)
            .min(BLOCK - kept);
        let (from, read) = reader
            .source
            .read_at(at, &mut block[kept..kept + wanted])
            .map_err(failed)?;
        let filled = kept + read;
        at = from + read as u64;
        let last = read == 0 || at >= end;
        let whole = match memchr::memrchr(b'\n', &block[..filled]) {
            Some(newline) if !last => newline + 1,
            None if !last && filled < BLOCK => {
                kept = filled;
                continue;
            }
            _ => filled,
        };
        let mut matches = Matches {
            reader: &reader,
            block: &block[..whole],
            base: start.max(from.saturating_sub(kept as u64)),
            counted: (0, line),
            left: &mut left,
            reported: &mut reported,
            pattern,
            hit,
        };
        searcher
            .search_slice(&pattern.matcher, matches.block, &mut matches)
            .map_err(failed)?;
        line = matches.lines_before(whole);
        block.copy_within(whole..filled, 0);
        kept = filled - whole;
        if last {
            break;
        }
    }
    Ok(())
}

/// Takes the matches of one block.
struct Matches<'a> {
    reader: &'a LogReader,
    block: &'a [u8],
    /// The logical offset of the block.
    base: u64,
    /// A position in the block, and the number of line ends of the log before it.
    counted: (usize, u64),
    left: &'a mut usize,
    /// The number of the last line that was reported.
    reported: &'a mut u64,
    pattern: &'a Pattern,
    hit: &'a mut dyn FnMut(Line) -> bool,
}

impl Matches<'_> {
    fn lines_before(&mut self, position: usize) -> u64 {
        let (from, lines) = self.counted;
        let more = memchr::memchr_iter(b'\n', &self.block[from..position]).count() as u64;
        self.counted = (position, lines + more);
        self.counted.1
    }
}

impl Sink for Matches<'_> {
    type Error = io::Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> io::Result<bool> {
        let position = usize::try_from(found.absolute_byte_offset()).unwrap_or(self.block.len());
        let place = Place {
            offset: self.base + position as u64,
            line: self.lines_before(position),
        };
        // What matched among the raw bytes may belong to a line that the other stream interrupted and that was completed
        // a little later; lines are reported as a reader shows them.
        let mut walk = self.reader.walk(place)?;
        for _ in 0..INTERRUPTED {
            let Some((line, _)) = walk.next_line()? else {
                break;
            };
            if line.n > *self.reported && self.pattern.matcher.is_match(&line.bytes)? {
                *self.reported = if line.continued { line.n - 1 } else { line.n };
                *self.left -= 1;
                return Ok((self.hit)(line) && *self.left > 0);
            }
        }
        Ok(true)
    }
}
