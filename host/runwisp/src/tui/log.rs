//! The part of a run's log that is in memory: a window that grows at both ends and has a bound. Pure.
//!
//! | | what happens |
//! | --- | --- |
//! | following | lines come in at the end, the oldest leave; the last one is on the screen |
//! | standing still | lines come in at the end until the window is full; then the stream is given up |
//! | at the beginning of the window | the page before is asked for; lines at the end leave, and the stream with them |
//! | at the end of a window without a stream | the page after is asked for; when there is none, the stream begins again |
//!
//! Invariant: never more than [`MOST`] lines and [`MOST_BYTES`]; lines are in order, each once. Tests: below.

use std::collections::VecDeque;

use runwisp_core::words::ids::RunId;

use super::message::{Effect, Query, Ticket};
use crate::wire::LogLine;

/// The most lines in memory.
pub(super) const MOST: usize = 20_000;

/// The most text in memory, bytes.
pub(super) const MOST_BYTES: usize = 32 * 1024 * 1024;

/// The most that is kept of one line, bytes.
const LONGEST: usize = 64 * 1024;

/// How many lines one question asks for.
pub(super) const PAGE: u64 = 1_000;

/// A window on a log.
#[derive(Clone, Debug)]
pub(super) struct Log {
    pub(super) run: RunId,
    pub(super) ticket: Ticket,
    pub(super) lines: VecDeque<LogLine>,
    bytes: usize,
    /// Whether the newest line is kept in sight.
    pub(super) follow: bool,
    /// The number of the first line on the screen, when not following.
    pub(super) top: u64,
    /// The first column on the screen.
    pub(super) pan: usize,
    /// Whether new lines come in.
    pub(super) stream: bool,
    /// Whether the last line of the run is here.
    pub(super) complete: bool,
    /// Whether a page has been asked for.
    waiting: bool,
    /// Why there is no more, when something failed.
    pub(super) trouble: Option<String>,
    pub(super) search: Option<Search>,
    pub(super) wrap: bool,
    pub(super) times: Times,
}

/// What stands before each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    None,
    Clock,
    Since,
}

/// A search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Search {
    /// What is looked for, in either case.
    pub(super) text: String,
    /// The numbers of the lines that have it; none while the answer is awaited.
    pub(super) hits: Option<Vec<u64>>,
    /// Which of them was jumped to last.
    pub(super) at: usize,
    /// Whether only what is in memory was searched.
    pub(super) partial: bool,
}

impl Log {
    /// A window that begins at the end of the log, and what has to be done for that.
    pub(super) fn open(run: RunId, ticket: Ticket) -> (Log, Effect) {
        let log = Log {
            run,
            ticket,
            lines: VecDeque::new(),
            bytes: 0,
            follow: true,
            top: 1,
            pan: 0,
            stream: true,
            complete: false,
            waiting: false,
            trouble: None,
            search: None,
            wrap: false,
            times: Times::None,
        };
        (
            log,
            Effect::Follow {
                ticket,
                run,
                tail: PAGE,
            },
        )
    }

    pub(super) fn first(&self) -> u64 {
        self.lines.front().map_or(0, |line| line.n)
    }

    pub(super) fn last(&self) -> u64 {
        self.lines.back().map_or(0, |line| line.n)
    }

    /// The index of the line with this number, or of the next one there is.
    pub(super) fn index(&self, n: u64) -> usize {
        self.lines.partition_point(|line| line.n < n)
    }

    /// Lines from the stream. Those that are known, as after a new connection, are passed over; where some are missing
    /// in between, the window begins anew behind the gap.
    pub(super) fn take(&mut self, lines: Vec<LogLine>) -> Option<Effect> {
        if !self.stream {
            // They were on their way when the stream was given up.
            return None;
        }
        for line in lines {
            if !self.lines.is_empty() && line.n <= self.last() {
                continue;
            }
            if !self.lines.is_empty() && line.n > self.last() + 1 {
                self.lines.clear();
                self.bytes = 0;
            }
            self.push(line);
        }
        self.trouble = None;
        if self.is_full() {
            if self.follow {
                self.drop_oldest();
            } else {
                self.drop_newest();
                return self.end_stream();
            }
        }
        None
    }

    /// A page by number, before the window or after it.
    pub(super) fn page(&mut self, lines: Vec<LogLine>, asked: u64, limit: u64) -> Option<Effect> {
        self.waiting = false;
        self.trouble = None;
        let full = lines.len() as u64 >= limit;
        if self.lines.is_empty() || lines.first().is_some_and(|line| line.n > self.last()) {
            for line in lines {
                self.push(line);
            }
            if self.is_full() {
                self.drop_oldest();
            }
            // The end: from here on lines come by themselves.
            return (!full && !self.complete && !self.stream).then(|| self.begin_stream());
        }
        if asked < self.first() {
            let first = self.first();
            for line in lines.into_iter().rev().filter(|line| line.n < first) {
                let line = cut(line);
                self.bytes += line.text.len();
                self.lines.push_front(line);
            }
            if self.is_full() {
                self.drop_newest();
                return self.end_stream();
            }
        }
        None
    }

    /// A page could not be had.
    pub(super) fn failed(&mut self, why: String) {
        self.waiting = false;
        self.trouble = Some(why);
    }

    /// Moves by lines; `height` is what the screen shows of it.
    pub(super) fn scroll(&mut self, by: i64, height: usize) -> Option<Effect> {
        if self.lines.is_empty() {
            return None;
        }
        let height = height.max(1);
        let last_top = self.lines.len().saturating_sub(height);
        let now = if self.follow {
            last_top
        } else {
            self.index(self.top).min(last_top)
        };
        let step = usize::try_from(by.unsigned_abs()).unwrap_or(usize::MAX);
        let wanted = if by < 0 {
            now.saturating_sub(step)
        } else {
            now.saturating_add(step).min(last_top)
        };
        self.follow = by > 0 && wanted == last_top && (self.stream || self.complete);
        self.top = self.lines.get(wanted).map_or(1, |line| line.n);
        self.near_an_end(wanted, last_top, by)
    }

    fn near_an_end(&mut self, at: usize, last_top: usize, by: i64) -> Option<Effect> {
        if by < 0 && at < 50 {
            return self.ask_before();
        }
        if by > 0 && at + 50 > last_top && !self.stream && !self.complete {
            return self.ask(self.last() + 1, PAGE);
        }
        None
    }

    fn ask_before(&mut self) -> Option<Effect> {
        let first = self.first();
        if first <= 1 {
            return None;
        }
        let from = first.saturating_sub(PAGE).max(1);
        self.ask(from, first - from)
    }

    fn ask(&mut self, from: u64, limit: u64) -> Option<Effect> {
        if self.waiting {
            return None;
        }
        self.waiting = true;
        Some(Effect::Ask(Query::Page {
            ticket: self.ticket,
            run: self.run,
            from,
            limit,
        }))
    }

    /// The last line in sight, and new ones as they come.
    pub(super) fn go_to_end(&mut self) -> Option<Effect> {
        self.follow = true;
        if self.stream || (self.complete && !self.lines.is_empty()) {
            return None;
        }
        self.lines.clear();
        self.bytes = 0;
        Some(self.begin_stream())
    }

    /// The first line of the log in sight.
    pub(super) fn go_to_start(&mut self) -> Vec<Effect> {
        self.jump(1)
    }

    /// A line by its number near the top of the screen.
    pub(super) fn jump(&mut self, n: u64) -> Vec<Effect> {
        self.follow = false;
        self.top = n.saturating_sub(3).max(1);
        let known = self.first() <= self.top.max(1) && n <= self.last();
        if known && !self.lines.is_empty() {
            return Vec::new();
        }
        self.lines.clear();
        self.bytes = 0;
        self.waiting = false;
        self.complete = false;
        let mut effects: Vec<Effect> = self.end_stream().into_iter().collect();
        let from = n.saturating_sub(PAGE / 2).max(1);
        effects.extend(self.ask(from, PAGE));
        effects
    }

    /// Follows, or stands still where it is.
    pub(super) fn toggle_follow(&mut self, height: usize) -> Option<Effect> {
        if self.follow {
            self.top = self
                .lines
                .get(self.lines.len().saturating_sub(height))
                .map_or(1, |line| line.n);
            self.follow = false;
            None
        } else {
            self.go_to_end()
        }
    }

    /// The numbers of lines in memory that have the text of the search.
    pub(super) fn hits_here(&self, text: &str) -> Vec<u64> {
        let wanted = text.to_lowercase();
        self.lines
            .iter()
            .filter(|line| {
                super::ansi::plain(&line.text)
                    .to_lowercase()
                    .contains(&wanted)
            })
            .map(|line| line.n)
            .collect()
    }

    fn push(&mut self, line: LogLine) {
        let line = cut(line);
        self.bytes += line.text.len();
        self.lines.push_back(line);
    }

    fn is_full(&self) -> bool {
        self.lines.len() > MOST || self.bytes > MOST_BYTES
    }

    fn drop_oldest(&mut self) {
        while self.is_full() {
            let gone = self.lines.pop_front();
            self.bytes -= gone.map_or(0, |line| line.text.len());
        }
    }

    fn drop_newest(&mut self) {
        while self.is_full() {
            let gone = self.lines.pop_back();
            self.bytes -= gone.map_or(0, |line| line.text.len());
        }
        self.complete = false;
    }

    fn begin_stream(&mut self) -> Effect {
        self.stream = true;
        Effect::Follow {
            ticket: self.ticket,
            run: self.run,
            tail: PAGE,
        }
    }

    fn end_stream(&mut self) -> Option<Effect> {
        std::mem::take(&mut self.stream).then_some(Effect::StopFollowing)
    }
}

/// The line with no more text than is ever shown of one.
fn cut(mut line: LogLine) -> LogLine {
    if line.text.len() > LONGEST {
        let mut end = LONGEST;
        while !line.text.is_char_boundary(end) {
            end -= 1;
        }
        line.text.truncate(end);
        line.text.push('…');
    }
    line
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use jiff::Timestamp;
    use runwisp_core::words::ids::UnitName;

    pub(in crate::tui) fn lines(range: std::ops::RangeInclusive<u64>) -> Vec<LogLine> {
        range.map(|n| line(n, &format!("line {n}"))).collect()
    }

    pub(in crate::tui) fn line(n: u64, text: &str) -> LogLine {
        LogLine {
            unit: UnitName::new("web").unwrap(),
            run_id: RunId::from_u128(1),
            instance: 0,
            n,
            ts: Timestamp::from_second(1_767_225_600 + i64::try_from(n).unwrap()).unwrap(),
            stream: if n.is_multiple_of(5) {
                "stderr"
            } else {
                "stdout"
            }
            .to_owned(),
            text: text.to_owned(),
            missing_bytes: 0,
            after: String::new(),
        }
    }

    fn open() -> Log {
        Log::open(RunId::from_u128(1), 7).0
    }

    fn asked(effect: Option<Effect>) -> (u64, u64) {
        match effect {
            Some(Effect::Ask(Query::Page { from, limit, .. })) => (from, limit),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_flood_is_bounded_and_the_newest_line_stays() {
        let mut log = open();
        for from in (1..200_000).step_by(500) {
            assert_eq!(log.take(lines(from..=from + 499)), None);
            assert!(log.lines.len() <= MOST);
        }
        assert_eq!(log.last(), 200_000);
        let long = "x".repeat(10 * 1024 * 1024);
        log.take(vec![line(200_001, &long)]);
        assert!(log.bytes < MOST_BYTES && log.lines.back().unwrap().text.len() < LONGEST + 9);
    }

    #[test]
    fn one_who_reads_old_lines_keeps_them_while_new_ones_come() {
        let mut log = open();
        log.take(lines(1001..=2000));
        assert_eq!(asked(log.scroll(-960, 20)), (1, 1000));
        assert!(!log.follow && log.stream);
        assert_eq!(log.page(lines(1..=1000), 1, 1000), None);
        assert_eq!((log.first(), log.top), (1, 1021));
        let mut ended = None;
        for from in (2001..40_000).step_by(1000) {
            ended = ended.or(log.take(lines(from..=from + 999)));
        }
        assert_eq!(ended, Some(Effect::StopFollowing));
        assert_eq!((log.first(), log.top, log.stream), (1, 1021, false));
    }

    #[test]
    fn the_end_is_found_again_page_by_page_and_then_followed() {
        let mut log = open();
        log.take(lines(5001..=6000));
        let effects = log.go_to_start();
        assert_eq!(effects[0], Effect::StopFollowing);
        assert_eq!(asked(effects.into_iter().nth(1)), (1, 1000));
        log.page(lines(1..=1000), 1, 1000);
        assert_eq!((log.top, log.first()), (1, 1));
        assert_eq!(asked(log.scroll(2000, 20)), (1001, 1000));
        assert!(!log.follow, "there is more than is known");
        let follow = log.page(lines(1001..=1400), 1001, 1000);
        assert_eq!(
            follow,
            Some(Effect::Follow {
                ticket: 7,
                run: RunId::from_u128(1),
                tail: PAGE
            })
        );
        assert_eq!(log.take(lines(401..=1401)), None);
        assert_eq!(log.last(), 1401);
        assert_eq!(log.scroll(2000, 20), None);
        assert!(log.follow);
    }

    #[test]
    fn a_gap_begins_the_window_anew() {
        let mut log = open();
        log.take(lines(1..=10));
        log.take(lines(8..=12));
        assert_eq!((log.first(), log.last(), log.lines.len()), (1, 12, 12));
        log.take(lines(500..=510));
        assert_eq!((log.first(), log.last()), (500, 510));
    }
}
