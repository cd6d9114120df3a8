//! Repeats: which event makes a message, and which is folded into a later one.
//!
//! Events are alike when unit and kind are the same. A window opens with the first one.
//!
//! | an event like it comes | no window, or it is over | window open |
//! | --- | --- | --- |
//! | and something breaks with it | a message, a window opens | a message, the first two times; after that as below |
//! | any other | a message, a window opens | folded; every `coalesce_limit`-th a message that stands for those before it |
//!
//! | the window ends | |
//! | --- | --- |
//! | nothing is folded | silently |
//! | something is | one message, the newest of them, that stands for the others |
//!
//! The next event after a window is a message at once. When what was broken is well again, the message that says so
//! stands for what is folded, and the window stays: something that breaks and mends all day makes three messages of
//! each kind, not a hundred.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::retry::plus;
use crate::words::notice::{MessageId, Notice};

/// How many times something may break within one window and be told of at once.
const BREAKS: u32 = 3;

/// What the configuration says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    /// How long a window is; zero folds nothing.
    pub(crate) window: Duration,
    /// How many repeats make a message of their own.
    pub(crate) limit: u32,
}

/// The row of the bell that repeats are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counted {
    pub(crate) id: MessageId,
    pub(crate) count: u32,
    pub(crate) first_at: Timestamp,
}

/// An open window. Kept over restarts of the daemon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Window {
    /// When it ends.
    pub(crate) ends_at: Timestamp,
    /// How often something broke and was told of at once.
    breaks: u32,
    /// Events that are folded, with no message yet that stands for them.
    folded: u32,
    /// When the first of those happened.
    since: Option<Timestamp>,
    /// The newest of those.
    newest: Option<Box<Notice>>,
    /// Where the bell counts them.
    pub(crate) bell: Option<Counted>,
}

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A message now, that stands for so many others, the first of which happened then.
    Tell(u32, Option<Timestamp>),
    /// Folded.
    Fold,
}

/// One more event; `breaks` says that something was well before it.
pub(crate) fn hear(
    slot: &mut Option<Window>,
    rule: Rule,
    now: Timestamp,
    notice: &Notice,
    breaks: bool,
) -> Verdict {
    if rule.window.is_zero() {
        *slot = None;
        return Verdict::Tell(0, None);
    }
    let Some(window) = slot.as_mut().filter(|window| window.ends_at > now) else {
        *slot = Some(Window {
            ends_at: plus(now, rule.window),
            breaks: u32::from(breaks),
            folded: 0,
            since: None,
            newest: None,
            bell: None,
        });
        return Verdict::Tell(0, None);
    };
    let at_once = breaks && window.breaks < BREAKS;
    window.breaks += u32::from(at_once);
    if at_once || window.folded + 1 >= rule.limit {
        let (folded, since) = window.take();
        return Verdict::Tell(folded, since);
    }
    window.folded += 1;
    window.since.get_or_insert(notice.at);
    window.newest = Some(Box::new(notice.clone()));
    Verdict::Fold
}

impl Window {
    /// What is folded, now that a message stands for it: how many, and when the first happened.
    pub(crate) fn take(&mut self) -> (u32, Option<Timestamp>) {
        self.newest = None;
        (std::mem::take(&mut self.folded), self.since.take())
    }

    /// Its end: the message that stands for what is folded.
    pub(crate) fn close(mut self) -> Option<Notice> {
        let mut notice = *self.newest.take()?;
        let (folded, since) = self.take();
        notice.folded = folded.saturating_sub(1);
        notice.since = since;
        Some(notice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::tests::notice;

    /// Feeds events at these seconds; what became of each, and of the window's end.
    fn lives(limit: u32, events: &[(i64, bool)]) -> (String, Option<u32>) {
        let rule = Rule {
            window: Duration::from_secs(100),
            limit,
        };
        let mut slot = None;
        let mut shown = Vec::new();
        for (second, breaks) in events {
            let now = Timestamp::from_second(*second).unwrap();
            let verdict = hear(&mut slot, rule, now, &notice("a", now), *breaks);
            shown.push(match verdict {
                Verdict::Tell(folded, _) => folded.to_string(),
                Verdict::Fold => "-".to_owned(),
            });
        }
        let summary = slot.and_then(Window::close).map(|notice| notice.folded);
        (shown.join(" "), summary)
    }

    #[test]
    fn the_first_at_once_then_every_third_then_a_summary() {
        let events: Vec<_> = (0..9).map(|n| (n, n == 0)).collect();
        assert_eq!(lives(3, &events), ("0 - - 2 - - 2 - -".to_owned(), Some(1)));
        assert_eq!(lives(1, &events), ("0 0 0 0 0 0 0 0 0".to_owned(), None));
    }

    #[test]
    fn after_the_window_the_next_is_told_at_once() {
        let events = [(0, true), (50, false), (100, false), (150, false)];
        assert_eq!(lives(10, &events), ("0 - 0 -".to_owned(), Some(0)));
    }

    #[test]
    fn what_breaks_again_and_again_is_told_of_thrice() {
        let events: Vec<_> = (0..6).map(|n| (n, true)).collect();
        assert_eq!(lives(10, &events), ("0 0 0 - - -".to_owned(), Some(2)));
    }

    #[test]
    fn a_thousand_in_a_minute_make_a_hundred_messages_at_most() {
        let events: Vec<_> = (0..1000).map(|n| (n / 20, n == 0)).collect();
        let (shown, summary) = lives(10, &events);
        let told: Vec<u32> = shown
            .split(' ')
            .filter_map(|text| text.parse().ok())
            .collect();
        assert_eq!(told.len(), 100);
        let stood_for = told.iter().map(|folded| folded + 1).sum::<u32>();
        assert_eq!(stood_for + summary.map_or(0, |folded| folded + 1), 1000);
    }
}
