//! What an event says to people, ready to be sent: the same mark, sentence, facts and footer whatever the channel.
//!
//! Invariant: where a user's route has a text of its own, that text stands for title, sentence and tail. Tests: `tests`
//! below, `text.rs`, `time.rs`, `values.rs`.

mod text;
mod time;
mod values;

pub use text::{cut, cut_start};
pub(crate) use time::from_http_date;
pub use time::{duration, rfc3339};
pub use values::{event_json, template_values};

use crate::template::{self, Escaping};
use crate::{Context, Event, Finding, Severity, log, sample};

/// What colour a message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It works, or works again.
    Good,
    /// Worth knowing.
    Plain,
    /// Not as it should be.
    Warning,
    /// Something failed.
    Bad,
}

impl Tone {
    /// A sign that is seen in any list of messages.
    pub fn mark(self) -> &'static str {
        match self {
            Tone::Good => "🟢",
            Tone::Plain => "🔵",
            Tone::Warning => "🟠",
            Tone::Bad => "🔴",
        }
    }

    /// The same as a colour of the web.
    pub fn colour(self) -> &'static str {
        match self {
            Tone::Good => "#1a7f37",
            Tone::Plain => "#0969da",
            Tone::Warning => "#bc4c00",
            Tone::Bad => "#cf222e",
        }
    }
}

/// An event, as people read it.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    event: &'a Event,
    context: &'a Context,
}

/// The longest title.
const TITLE: usize = 150;

/// Between facts that stand in one line.
const BETWEEN: &str = " · ";

impl<'a> Message<'a> {
    /// The message of one delivery.
    pub fn new(event: &'a Event, context: &'a Context) -> Message<'a> {
        Message { event, context }
    }

    /// How it is meant: bad, good, or only worth knowing.
    pub fn tone(&self) -> Tone {
        let good = [".recovered", ".succeeded"]
            .iter()
            .any(|end| self.event.kind.ends_with(end));
        match self.event.severity {
            Severity::Error => Tone::Bad,
            Severity::Warning => Tone::Warning,
            Severity::Info if good => Tone::Good,
            Severity::Info => Tone::Plain,
        }
    }

    /// The text of the user's route, if there is one.
    pub fn own_text(&self) -> Option<&'a str> {
        let text = self.context.text.as_deref()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// What happened in a few words, and how often: `backup failed ×4`. One line of at most 150 characters.
    pub fn title(&self) -> String {
        let words = match self.own_text() {
            Some(text) => text.lines().next().unwrap_or_default(),
            None => &self.event.title,
        };
        let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let times = match self.event.folded {
            0 => String::new(),
            folded => format!(" ×{}", u64::from(folded) + 1),
        };
        cut(&line, TITLE - times.chars().count(), |_| 1) + &times
    }

    /// The title with its mark before it.
    pub fn heading(&self) -> String {
        format!("{} {}", self.tone().mark(), self.title())
    }

    /// What happened, in a sentence with its cause; or the user's own text.
    pub fn sentence(&self) -> &'a str {
        self.own_text().unwrap_or(&self.event.sentence)
    }

    /// What else there is to know and does not stand in the sentence, as pairs of a label and a value, both for people.
    /// None beside a user's own text.
    pub fn facts(&self) -> Vec<(String, String)> {
        let event = self.event;
        if self.own_text().is_some() {
            return Vec::new();
        }
        let mut facts = Vec::new();
        let mut tell = |label: &str, value: String| facts.push((label.to_string(), value));
        if let (Some(lasted), false) = (event.lasted_ms, self.tone() == Tone::Good) {
            tell("for", duration(lasted));
        }
        if let Some(run) = &event.run {
            tell("started by", run.trigger.replace('_', " "));
            if run.attempt > 1 {
                tell("attempt", run.attempt.to_string());
            }
        }
        for fact in &event.facts {
            // The sentence says it.
            if fact.name != "failures" {
                tell(&fact.name.replace('_', " "), fact.value.clone());
            }
        }
        facts
    }

    /// The facts in one line, if there are any: `started by: schedule · attempt: 2`.
    pub fn facts_line(&self) -> Option<String> {
        let pairs = self.facts();
        let told: Vec<String> = pairs
            .iter()
            .map(|(label, value)| format!("{label}: {value}"))
            .collect();
        (!told.is_empty()).then(|| told.join(BETWEEN))
    }

    /// The end of the output, as much of it as fits: `cost` says what each character takes of the `limit`. Whole lines,
    /// as far as there are any that fit. None beside a user's own text.
    pub fn tail(&self, limit: usize, cost: impl Fn(char) -> usize + Copy) -> Option<String> {
        if self.own_text().is_some() {
            return None;
        }
        text::last_lines(&self.event.tail, limit, cost)
    }

    /// Where to look at it in a browser.
    pub fn link(&self) -> Option<&'a str> {
        self.event.link.as_deref()
    }

    /// Where and when: `web-1 · 2026-11-24 13:32:22 CET`.
    pub fn footer(&self) -> String {
        [self.event.host.as_str(), self.event.at_text.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(BETWEEN)
    }

    /// All of it as plain text of at most `limit` characters; what has to give way is the tail first.
    pub fn plain(&self, limit: usize) -> String {
        self.plain_within(limit, |_| 1)
    }

    /// All of it as plain text; `cost` says what each character takes of the `limit`, such as [`char::len_utf8`].
    pub fn plain_within(&self, limit: usize, cost: impl Fn(char) -> usize + Copy) -> String {
        let head = match self.own_text() {
            Some(text) => format!("{} {text}", self.tone().mark()),
            None => format!("{}\n{}", self.heading(), self.sentence()),
        };
        self.with_the_rest(head, limit, cost)
    }

    /// All of it but the heading, for where that has a place of its own.
    pub fn body_within(&self, limit: usize, cost: impl Fn(char) -> usize + Copy) -> String {
        self.with_the_rest(self.sentence().to_string(), limit, cost)
    }

    fn with_the_rest(
        &self,
        mut head: String,
        limit: usize,
        cost: impl Fn(char) -> usize + Copy,
    ) -> String {
        if let Some(facts) = self.facts_line() {
            head.push('\n');
            head.push_str(&facts);
        }
        let mut foot = String::new();
        if let Some(link) = self.link() {
            foot.push_str(link);
            foot.push('\n');
        }
        foot.push_str(&self.footer());
        let price = |text: &str| text.chars().map(cost).sum::<usize>();
        // Two blank lines stand between the three parts.
        let taken = price(&head) + price(&foot) + 4 * cost('\n');
        let tail = limit
            .checked_sub(taken)
            .and_then(|left| self.tail(left, cost));
        let whole = match tail {
            Some(tail) => format!("{head}\n\n{tail}\n\n{foot}"),
            None => format!("{head}\n\n{foot}"),
        };
        cut(&whole, limit, cost)
    }

    /// The text that a user's template makes of this message. When the template fails, which `check` has tried to find
    /// out before, the failure is logged and the answer is none: a message without its beauty is better than none.
    pub fn filled(&self, template: Option<&str>, escaping: Escaping) -> Option<String> {
        let template = template?;
        let values = template_values(self.event, self.context);
        match template::render(template, &values, escaping) {
            Ok(text) => Some(text),
            Err(why) => {
                log::warning(format!(
                    "a template failed, the text without it was sent: {why}"
                ));
                None
            }
        }
    }
}

/// What is wrong with a template in the settings, found out by filling it with two events: one that has everything, and
/// one that has next to nothing.
pub fn check_template(pointer: &str, template: Option<&str>) -> Option<Finding> {
    let template = template?;
    let context = Context::default();
    ["run.failed", "daemon.started"].iter().find_map(|kind| {
        let values = template_values(&sample::sample(kind), &context);
        let why = template::render(template, &values, Escaping::None).err()?;
        Some(
            Finding::error(pointer, format!("the template can't be filled: {why}"))
                .help("The names that a template may use are in docs/notifiers/templates.md."),
        )
    })
}

#[cfg(test)]
mod tests;
