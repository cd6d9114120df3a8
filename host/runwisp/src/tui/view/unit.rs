//! A unit: how it stands, its instances, what comes next; below, its runs.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use runwisp_core::words::run::Kind;

use super::places::below;
use super::theme::{Colors, Theme};
use super::{Sheet, one, runs, words};
use crate::tui::state::App;
use crate::tui::text::{clean, fit};
use crate::wire::{Instance, Unit};

/// How many instances are shown one by one.
const INSTANCES: usize = 6;

pub(super) fn draw(app: &App, name: &str, sheet: &mut Sheet<'_, '_>, area: Rect) {
    let head = head(app, name, sheet.theme, area);
    let height = head_height(app, area);
    sheet.lines(Rect { height, ..area }, head);
    runs::list(app, "Runs", sheet, below(area, height));
}

/// How many lines stand above the list of runs; on a low screen the list has the better half.
pub(super) fn head_height(app: &App, area: Rect) -> u16 {
    let crate::tui::state::Page::Unit(name) = &app.page else {
        return 0;
    };
    let lines = head(app, name, Theme::new(Colors::None), area).len();
    let most = if area.height < 16 {
        area.height / 3
    } else {
        area.height / 2
    };
    u16::try_from(lines).unwrap_or(u16::MAX).min(most)
}

fn head(app: &App, name: &str, theme: Theme, area: Rect) -> Vec<Line<'static>> {
    let Some(unit) = app.unit_named(name) else {
        let text = if app.status.is_some() {
            "this unit is gone from the configuration"
        } else {
            "asking …"
        };
        return vec![
            one(name, theme.title(), area),
            one(text, theme.faint(), area),
        ];
    };
    let (mark, word, style) = words::state(unit, theme);
    let kind = match unit.kind {
        Kind::Task => "task",
        Kind::Service => "service",
    };
    let mut lines = vec![Line::from(vec![
        Span::styled(unit.name.to_string(), theme.title()),
        Span::styled(format!("  {mark} {word}"), style),
        Span::styled(format!("  {kind}"), theme.faint()),
        Span::styled(
            unit.group
                .as_ref()
                .map(|g| format!(" of {}", clean(g)))
                .unwrap_or_default(),
            theme.faint(),
        ),
    ])];
    if let Some(description) = &unit.description {
        lines.push(one(description, theme.faint(), area));
    }
    if unit.kind == Kind::Service {
        instances(app, unit, theme, area, &mut lines);
    }
    lines.extend(schedule(app, unit, theme, area));
    lines.push(Line::default());
    lines
}

fn instances(app: &App, unit: &Unit, theme: Theme, area: Rect, lines: &mut Vec<Line<'static>>) {
    let since = app.now.duration_since(app.status_at).as_millis();
    let since = u64::try_from(since).unwrap_or(0);
    for instance in unit.instances.iter().take(INSTANCES) {
        let (mark, word, style) = words::instance_state(instance.state, theme);
        let number = match unit.instances.len() {
            0 | 1 => String::new(),
            _ => format!("#{} ", instance.index),
        };
        let text = fit(
            &clean(&facts(instance, since)),
            usize::from(area.width).saturating_sub(16),
        );
        lines.push(Line::from(vec![
            Span::styled(format!("  {number}{mark} {word}"), style),
            Span::styled(format!("  {text}"), theme.faint()),
        ]));
    }
    if let Some(more) = unit
        .instances
        .len()
        .checked_sub(INSTANCES)
        .filter(|more| *more > 0)
    {
        lines.push(one(&format!("  and {more} more"), theme.faint(), area));
    }
}

/// What is known of an instance, `since` ms after the daemon said it.
fn facts(instance: &Instance, since: u64) -> String {
    let mut facts = Vec::new();
    if let Some(pid) = instance.pid {
        facts.push(format!("pid {pid}"));
    }
    if let Some(ms) = instance.uptime_ms {
        facts.push(format!("up {}", words::length(ms.saturating_add(since))));
    }
    match instance.restarts {
        0 => {}
        1 => facts.push("1 restart".to_owned()),
        n => facts.push(format!("{n} restarts")),
    }
    if let Some(ms) = instance.retry_in_ms {
        facts.push(format!(
            "again in {}",
            words::length(ms.saturating_sub(since))
        ));
    }
    facts.extend(instance.message.clone());
    facts.join(", ")
}

/// When it fires: the expressions in words where the daemon says them, and the next instants.
fn schedule(app: &App, unit: &Unit, theme: Theme, area: Rect) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let more = app
        .unit
        .as_ref()
        .filter(|more| more.name == unit.name.as_str());
    let schedules = more
        .and_then(|more| more.definition.as_ref())
        .and_then(|definition| definition["schedules"].as_array());
    for schedule in schedules.into_iter().flatten().take(3) {
        let text = |key: &str| schedule[key].as_str().unwrap_or_default();
        lines.push(one(
            &format!(
                "  {}  {} ({})",
                text("expression"),
                text("words"),
                text("timezone")
            ),
            theme.plain(),
            area,
        ));
    }
    let firings = more.map_or(&[][..], |more| &more.firings);
    let mut next: Vec<String> = firings
        .iter()
        .take(3)
        .filter_map(|firing| firing.at.parse().ok())
        .map(|at: jiff::Timestamp| words::time(at, app.now, &app.setting.zone))
        .collect();
    if let Some(at) = unit.next_run_at {
        if next.is_empty() {
            next.push(words::time(at, app.now, &app.setting.zone));
        }
        let text = format!(
            "  next {}: {}",
            words::from_now(at, app.now),
            next.join(", ")
        );
        lines.push(one(&text, theme.plain(), area));
    } else if unit.kind == Kind::Task {
        lines.push(one("  runs when it is told to: r", theme.faint(), area));
    }
    lines
}
