//! What only tasks have.
//!
//! Tests: through `super::tests` and the goldens.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::check_unit::Shared;
use super::plan::{Curve, Overlap, RunOnStart, Task};
use super::read::{Reader, join};
use super::typed::{Layers, Text, Typed};
use crate::schedule::Schedule;
use crate::words::diagnostic::Diagnostic;

pub(super) fn task(reader: &mut Reader<'_>, shared: &Shared<'_>, layers: &Layers<'_>) -> Task {
    let own = layers.own;
    let zone = match layers.value("timezone") {
        Some(Typed::Zone(zone)) => zone.clone(),
        _ => shared.zone.clone(),
    };
    let has_cron = own.get("cron").is_some();
    let overlap = match layers.word("on_overlap") {
        "skip" => Overlap::Skip,
        "kill" => Overlap::Kill,
        _ => Overlap::Queue,
    };
    catch_up(reader, layers, overlap);
    let jitter = layers.duration("jitter").unwrap_or_default();
    if let (Some(item), false) = (own.get("jitter"), has_cron || jitter.is_zero()) {
        reader.error(
            "config.jitter",
            item.at,
            &join(&own.path, "jitter"),
            "`jitter` without `cron`".to_owned(),
            "It delays scheduled starts; add a `cron`, or remove it.",
        );
    }
    Task {
        schedules: schedules(reader, layers, "cron", &zone),
        jitter: if has_cron { jitter } else { Duration::ZERO },
        run_on_start: match layers.value("run_on_start") {
            Some(Typed::Bool(true) | Typed::Word("daemon")) => RunOnStart::Daemon,
            Some(Typed::Word(_)) => RunOnStart::Boot,
            _ => RunOnStart::No,
        },
        catch_up: layers.int("catch_up").unwrap_or_default(),
        on_overlap: overlap,
        max_concurrent: layers.int("max_concurrent").unwrap_or(1),
        max_queued: layers.int("max_queued").unwrap_or_default(),
        retry_attempts: retries(reader, layers),
        retry_delay: layers.duration("retry_delay").unwrap_or_default(),
        retry_backoff: curve(layers.word("retry_backoff")),
        expect_by: schedules(reader, layers, "expect_by", &zone),
        max_silence: layers.limit("max_silence"),
    }
}

/// How a delay grows, by its word.
pub(super) fn curve(word: &str) -> Curve {
    match word {
        "constant" => Curve::Constant,
        "linear" => Curve::Linear,
        _ => Curve::Exponential,
    }
}

fn catch_up(reader: &mut Reader<'_>, layers: &Layers<'_>, overlap: Overlap) {
    let several = layers.int::<u32>("catch_up").is_some_and(|ticks| ticks > 1);
    if !several || overlap == Overlap::Queue {
        return;
    }
    let (Some(catch_up), Some(overlap)) = (layers.get("catch_up"), layers.get("on_overlap")) else {
        return;
    };
    let path = join(&layers.own.path, "catch_up");
    reader.out.push(
        Diagnostic::error(
            "config.catch-up",
            overlap.span,
            "missed ticks are made up for one after the other, which needs a queue",
        )
        .help("Write `on_overlap = \"queue\"`, or `catch_up = 1` or 0.")
        .key(path)
        .related(catch_up.span, "more than one tick is made up for"),
    );
}

/// None is without limit.
fn retries(reader: &mut Reader<'_>, layers: &Layers<'_>) -> Option<u32> {
    let attempts = layers.int("retry_attempts");
    let written = layers.own.get("retry_attempts");
    match (layers.word("restart"), layers.own.get("restart"), written) {
        ("on_failure", Some(restart), Some(retry)) => {
            reader.out.push(
                Diagnostic::warning(
                    "config.ignored-key",
                    restart.at,
                    "`restart = \"on_failure\"` is without effect beside `retry_attempts`",
                )
                .help("Remove one of them: `restart` tries again without limit.")
                .key(join(&layers.own.path, "restart"))
                .related(retry.at, "this holds"),
            );
            attempts
        }
        ("on_failure", ..) => None,
        _ => attempts.or(Some(0)),
    }
}

/// The schedules under a key; each text that is none is an error at its own place.
fn schedules(
    reader: &mut Reader<'_>,
    layers: &Layers<'_>,
    key: &str,
    zone: &TimeZone,
) -> Vec<Schedule> {
    let own = layers.own;
    let path = join(&own.path, key);
    let mut schedules = Vec::new();
    for text in own.texts(key) {
        let daily = if key == "expect_by" {
            time_of_day(text)
        } else {
            None
        };
        match Schedule::parse(daily.as_deref().unwrap_or(&text.text), zone) {
            Ok(schedule) => schedules.push(schedule),
            Err(error) => {
                let help = error.help();
                let message = error.to_string();
                reader.error(error.code(), text.span, &path, message, sentence(&help));
            }
        }
    }
    if own
        .get(key)
        .is_some_and(|item| matches!(&item.value, Typed::Texts(list) if list.is_empty()))
    {
        let span = own.get(key).map_or(own.span, |item| item.span);
        reader.error(
            "config.value",
            span,
            &path,
            format!("`{key}` is an empty list"),
            "Remove the key when there is no time.",
        );
    }
    schedules
}

/// `06:00` as a cron expression.
fn time_of_day(text: &Text) -> Option<String> {
    let (hour, minute) = clock(&text.text)?;
    Some(format!("{minute} {hour} * * *"))
}

/// Hours and minutes of a text such as `06:00`.
pub(super) fn clock(text: &str) -> Option<(u8, u8)> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |digits: &str| -> Option<u8> {
        let two = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|_| two)
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// A help text as a sentence of its own.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect::<String>() + ".",
        None => String::new(),
    }
}
