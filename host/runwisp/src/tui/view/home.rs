//! The first page: what is broken, what runs, what comes, what was.

use ratatui::layout::Rect;
use ratatui::text::Line;
use runwisp_core::words::run::Kind;

use super::places::window;
use super::{Sheet, col, one, row, words};
use crate::tui::state::{App, Focus, HomeRow, needs_attention};
use crate::tui::text::clean;
use crate::wire::{Run, Unit};

pub(super) fn draw(app: &App, sheet: &mut Sheet<'_, '_>, area: Rect) {
    let rows = app.home_rows();
    let at = cursor(&rows, app.home_at);
    let top = window(at.unwrap_or(0), rows.len(), usize::from(area.height));
    let mut section = rows[..top]
        .iter()
        .rev()
        .find_map(heading)
        .unwrap_or_default();
    for (y, (index, home)) in (area.y..area.bottom()).zip(rows.iter().enumerate().skip(top)) {
        section = heading(home).unwrap_or(section);
        let place = Rect {
            y,
            height: 1,
            ..area
        };
        let line = match home {
            HomeRow::Heading(title) => one(title, sheet.theme.title(), area),
            HomeRow::Nothing(text) => one(&format!("  {text}"), sheet.theme.faint(), area),
            HomeRow::Unit(name) => match app.unit_named(name) {
                Some(unit) => unit_line(app, unit, section == "Up next", sheet, area),
                None => Line::raw(name.clone()),
            },
            HomeRow::Run(id) => match app.recent.iter().find(|run| run.id == *id) {
                Some(run) => run_line(app, run, sheet, area),
                None => Line::default(),
            },
        };
        sheet.line(place, line);
        if Some(index) == at && app.focus == Focus::Main {
            let style = sheet.theme.cursor(true);
            sheet.style(place, style);
        }
    }
}

fn heading(row: &HomeRow) -> Option<&'static str> {
    match row {
        HomeRow::Heading(title) => Some(title),
        _ => None,
    }
}

/// The row with the cursor: the first from there on that can be opened.
fn cursor(rows: &[HomeRow], at: usize) -> Option<usize> {
    let things = rows.iter().enumerate();
    let mut things = things.filter(|(_, row)| matches!(row, HomeRow::Unit(_) | HomeRow::Run(_)));
    things
        .find(|(index, _)| *index >= at)
        .map(|(index, _)| index)
}

fn name_room(area: Rect) -> usize {
    (usize::from(area.width) / 4).clamp(10, 28)
}

fn unit_line(
    app: &App,
    unit: &Unit,
    next: bool,
    sheet: &Sheet<'_, '_>,
    area: Rect,
) -> Line<'static> {
    let theme = sheet.theme;
    let (mark, word, style) = words::state(unit, theme);
    let detail = if !next && needs_attention(unit) {
        trouble(unit)
    } else if let Some(at) = unit.next_run_at {
        format!(
            "{}, at {}",
            words::from_now(at, app.now),
            words::time(at, app.now, &app.setting.zone)
        )
    } else {
        String::new()
    };
    let rest = usize::from(area.width).saturating_sub(2 + 2 + name_room(area) + 16);
    row(vec![
        col("", theme.plain(), 2),
        col(mark, style, 2),
        col(unit.name.as_str(), theme.plain(), name_room(area)),
        col(word, style, 16),
        col(clean(&detail), theme.faint(), rest),
    ])
}

/// Why a unit needs attention.
fn trouble(unit: &Unit) -> String {
    let instance = unit.instances.iter().find_map(|i| i.message.clone());
    let run = unit.last_run.as_ref().and_then(|run| run.message.clone());
    match unit.kind {
        Kind::Service => instance.or(run),
        Kind::Task => run,
    }
    .unwrap_or_default()
}

fn run_line(app: &App, run: &Run, sheet: &Sheet<'_, '_>, area: Rect) -> Line<'static> {
    let theme = sheet.theme;
    let (mark, word, style) = words::result(run, theme);
    let at = run.started_at.unwrap_or(run.created_at);
    let rest = usize::from(area.width).saturating_sub(2 + 2 + name_room(area) + 16 + 10 + 13);
    row(vec![
        col("", theme.plain(), 2),
        col(mark, style, 2),
        col(words::name(run), theme.plain(), name_room(area)),
        col(word, style, 16),
        col(words::took(run, app.now), theme.plain(), 10),
        col(
            words::time(at, app.now, &app.setting.zone),
            theme.faint(),
            13,
        ),
        col(
            clean(run.message.as_deref().unwrap_or_default()),
            theme.faint(),
            rest,
        ),
    ])
}
