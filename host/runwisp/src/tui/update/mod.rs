//! What the terminal UI does next: a function of what it knows and what it hears, which answers with what has to be done.
//! Pure.
//!
//! Invariant: reads no clock and does nothing; a message at which nothing happens leaves `dirty` as it was.
//! Tests: `tests.rs`, as scripts.

mod act;
mod dialog;
mod heard;
mod mouse;
mod press;
mod prompt;
mod runs;
#[cfg(test)]
mod tests;
mod travel;

use jiff::{SignedDuration, Timestamp};

pub(super) use press::areas;

use super::message::{Effect, Message, Query};
use super::state::{App, Page, Toast};
use crate::wire::Problem;

/// How many toasts there are at once.
const TOASTS: usize = 4;

/// How long one is there, seconds.
const TOASTED: i64 = 5;

/// How long one is there that tells of trouble, seconds.
const TOASTED_BAD: i64 = 10;

/// How often figures of host and daemon are asked for while they are on the screen, seconds.
const FIGURES: i64 = 2;

/// What there is to do at the very beginning.
pub(super) fn begin(app: &mut App) -> Vec<Effect> {
    app.asked.status.wanted = true;
    app.asked.bell.wanted = true;
    app.asked.recent.wanted = true;
    questions(app)
}

/// What a message leads to.
pub(super) fn update(app: &mut App, message: Message) -> Vec<Effect> {
    let tick = matches!(message, Message::Tick(_));
    if !tick {
        app.dirty = true;
    }
    let mut effects = match message {
        Message::Key(key) => press::key(app, &key),
        Message::Mouse(event) => mouse::mouse(app, event),
        Message::Paste(text) => prompt::paste(app, &text),
        Message::Resize(width, height) => {
            app.size = (width, height);
            Vec::new()
        }
        Message::Tick(now) => {
            time_passed(app, now);
            Vec::new()
        }
        Message::Leave => vec![Effect::Quit],
        told => heard::heard(app, told),
    };
    effects.extend(questions(app));
    effects
}

/// A second makes lengths longer; a fraction of one changes nothing on the screen.
fn time_passed(app: &mut App, now: Timestamp) {
    let second = now.as_second() != app.now.as_second();
    app.now = now;
    app.dirty |= second;
    let before = app.toasts.len();
    app.toasts.retain(|toast| toast.until > now);
    app.dirty |= app.toasts.len() != before;
    if second && app.page == Page::Info && now.as_second() % FIGURES == 0 {
        app.asked.host.wanted = true;
    }
}

/// Asks for what is wanted and not under way. While the daemon is away nothing is asked.
fn questions(app: &mut App) -> Vec<Effect> {
    let mut queries = Vec::new();
    if matches!(app.link, super::state::Link::Lost { .. }) {
        return Vec::new();
    }
    let asked = &mut app.asked;
    if asked.status.due() {
        queries.push(Query::Status);
    }
    if asked.bell.due() {
        queries.push(Query::Bell);
    }
    if asked.recent.due() {
        queries.push(Query::Recent);
    }
    if asked.host.due() {
        queries.push(Query::Host);
    }
    if asked.runs.due() {
        queries.push(Query::Runs {
            ticket: app.runs.ticket,
            unit: app.runs.unit.clone(),
            bucket: app.runs.bucket,
            after: None,
        });
    }
    match &app.page {
        Page::Unit(name) if asked.unit.due() => {
            queries.push(Query::Unit(name.clone()));
            queries.push(Query::Next(name.clone()));
        }
        Page::Run(id) if asked.run.due() => queries.push(Query::Run(*id)),
        _ => {}
    }
    queries.into_iter().map(Effect::Ask).collect()
}

/// A word in passing.
fn toast(app: &mut App, text: impl Into<String>, bad: bool) {
    let stays = if bad { TOASTED_BAD } else { TOASTED };
    let until = app.now.checked_add(SignedDuration::from_secs(stays));
    let toast = Toast {
        text: text.into(),
        bad,
        until: until.unwrap_or(app.now),
    };
    // The same word again only lasts longer.
    app.toasts.retain(|known| known.text != toast.text);
    app.toasts.push_back(toast);
    if app.toasts.len() > TOASTS {
        app.toasts.pop_front();
    }
}

/// A refusal in passing: what, and what to do.
fn complain(app: &mut App, problem: &Problem) {
    let text = match &problem.help {
        Some(help) => format!("{}. {help}", problem.message),
        None => problem.message.clone(),
    };
    toast(app, text, true);
}

fn ticket(app: &mut App) -> super::message::Ticket {
    app.tickets += 1;
    app.tickets
}
