//! What states, outcomes, lengths and instants are called here, and the mark and colour of each. Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::style::Style;
use ratatui::text::Span;
use runwisp_core::words::run::{Kind, Outcome, RunState, Trigger};
use runwisp_core::words::status::InstanceState;

use super::theme::Theme;
pub(super) use crate::human::{length, size};
use crate::tui::state::needs_attention;
use crate::wire::{Run, Unit};

/// An instant: the time alone when that is today, else day and time.
pub(super) fn time(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let shown = zone.to_datetime(at);
    if shown.date() == zone.to_datetime(now).date() {
        shown.strftime("%H:%M:%S").to_string()
    } else {
        shown.strftime("%m-%d %H:%M").to_string()
    }
}

/// How far off an instant is: `in 3m 2s`, `5s ago`.
pub(super) fn from_now(at: Timestamp, now: Timestamp) -> String {
    let seconds = at.as_second() - now.as_second();
    let far = match seconds.unsigned_abs() {
        seconds @ 0..10 => format!("{seconds}s"),
        seconds => length(seconds * 1_000),
    };
    match seconds {
        0 => "now".to_owned(),
        1.. => format!("in {far}"),
        ..0 => format!("{far} ago"),
    }
}

/// The mark, word and style of a unit's state.
pub(super) fn state(unit: &Unit, theme: Theme) -> (&'static str, String, Style) {
    if unit.kind == Kind::Task && unit.state == InstanceState::Stopped {
        return match unit.last_run.as_ref().and_then(|run| run.outcome) {
            Some(outcome) => outcome_mark(outcome, theme),
            None => ("·", "never ran".to_owned(), theme.faint()),
        };
    }
    let (mark, word, style) = instance_state(unit.state, theme);
    (mark, word.to_owned(), style)
}

pub(super) fn instance_state(
    state: InstanceState,
    theme: Theme,
) -> (&'static str, &'static str, Style) {
    match state {
        InstanceState::Running => ("●", "running", theme.good()),
        InstanceState::Starting => ("◐", "starting", theme.notice()),
        InstanceState::Waiting => ("◌", "waiting", theme.notice()),
        InstanceState::Backoff => ("↻", "backoff", theme.notice()),
        InstanceState::Stopping => ("◑", "stopping", theme.notice()),
        InstanceState::Unhealthy => ("✖", "unhealthy", theme.bad()),
        InstanceState::Fatal => ("✖", "fatal", theme.bad()),
        InstanceState::Exited => ("○", "exited", theme.faint()),
        InstanceState::Stopped => ("○", "stopped", theme.faint()),
    }
}

fn outcome_mark(outcome: Outcome, theme: Theme) -> (&'static str, String, Style) {
    let word = outcome.as_str().replace('_', " ");
    match outcome {
        Outcome::Succeeded => ("✓", word, theme.good()),
        outcome if outcome.is_failure() => ("✖", word, theme.bad()),
        _ => ("–", word, theme.faint()),
    }
}

/// Whose run it is: the first instance goes without its number.
pub(super) fn name(run: &Run) -> String {
    match run.instance {
        0 => run.unit.to_string(),
        n => format!("{}#{n}", run.unit),
    }
}

/// The mark, word and style of how a run stands.
pub(super) fn result(run: &Run, theme: Theme) -> (&'static str, String, Style) {
    match (run.state, run.outcome) {
        (RunState::Ended, Some(outcome)) => {
            let (mark, word, style) = outcome_mark(outcome, theme);
            let word = match (outcome, run.exit_code) {
                (Outcome::Failed, Some(code)) => format!("{word} ({code})"),
                _ => word,
            };
            (mark, word, style)
        }
        (RunState::Ended, None) => ("–", "ended".to_owned(), theme.faint()),
        (RunState::Queued, _) => ("◌", "queued".to_owned(), theme.notice()),
        (RunState::Starting, _) => ("◐", "starting".to_owned(), theme.notice()),
        (RunState::Running, _) => ("●", "running".to_owned(), theme.accent()),
        (RunState::Stopping, _) => ("◑", "stopping".to_owned(), theme.notice()),
    }
}

/// How long a run took, or has taken so far.
pub(super) fn took(run: &Run, now: Timestamp) -> String {
    let so_far = || {
        let began = run.started_at.filter(|_| run.state != RunState::Ended)?;
        u64::try_from(now.duration_since(began).as_millis()).ok()
    };
    run.duration_ms
        .or_else(so_far)
        .map(length)
        .unwrap_or_default()
}

pub(super) fn trigger(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Schedule => "schedule",
        Trigger::CatchUp => "catch-up",
        Trigger::Manual => "by hand",
        Trigger::Start => "start",
        Trigger::Retry => "retry",
        Trigger::Restart => "restart",
        Trigger::Chain => "chain",
        Trigger::Hook => "hook",
        Trigger::Watch => "watch",
        Trigger::Reload => "reload",
    }
}

/// How all units stand, in a few words.
pub(super) fn summary(units: &[Unit], theme: Theme) -> Vec<Span<'static>> {
    let broken = units.iter().filter(|unit| needs_attention(unit)).count();
    let up = |unit: &&Unit| unit.kind == Kind::Service && unit.state == InstanceState::Running;
    let running = units.iter().filter(up).count();
    let services = units
        .iter()
        .filter(|unit| unit.kind == Kind::Service)
        .count();
    let mut spans = vec![Span::styled(
        format!("{running}/{services} services up"),
        theme.plain(),
    )];
    let tasks = units.len() - services;
    if tasks > 0 {
        spans.push(Span::styled(format!("  {tasks} tasks"), theme.plain()));
    }
    if broken > 0 {
        spans.push(Span::styled(
            format!("  {broken} need attention"),
            theme.bad(),
        ));
    }
    spans
}
