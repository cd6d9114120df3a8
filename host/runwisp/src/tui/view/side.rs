//! The sidebar: the pages, then units by group with the mark of their state.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::places::window;
use super::{Sheet, words};
use crate::tui::state::{App, Focus, Page, SideRow};
use crate::tui::text::{clean, fit, pad, width};

pub(super) fn draw(app: &App, sheet: &mut Sheet<'_, '_>, area: Rect) {
    let rows = app.side_rows();
    let at = rows
        .iter()
        .position(|row| *row == SideRow::Page(app.side.at.clone()));
    let top = window(at.unwrap_or(0), rows.len(), usize::from(area.height));
    for (y, (index, row)) in (area.y..area.bottom()).zip(rows.iter().enumerate().skip(top)) {
        let place = Rect {
            y,
            height: 1,
            ..area
        };
        sheet.line(place, line(app, row, sheet, area));
        if Some(index) == at {
            let style = sheet.theme.cursor(app.focus == Focus::Side);
            sheet.style(place, style);
        }
    }
    if !app.side.filter.is_empty()
        && !rows
            .iter()
            .any(|row| matches!(row, SideRow::Page(Page::Unit(_))))
    {
        let y = area.y + u16::try_from(rows.len()).unwrap_or(0);
        let place = Rect {
            y,
            height: 1,
            ..area
        };
        if y < area.bottom() {
            sheet.line(
                place,
                Line::styled(" no unit has that in its name", sheet.theme.faint()),
            );
        }
    }
}

fn line(app: &App, row: &SideRow, sheet: &Sheet<'_, '_>, area: Rect) -> Line<'static> {
    let theme = sheet.theme;
    let room = usize::from(area.width);
    match row {
        SideRow::Heading(name) => {
            Line::styled(fit(&format!(" {}", clean(name)), room), theme.faint())
        }
        SideRow::Page(Page::Unit(name)) => {
            let Some(unit) = app.unit_named(name) else {
                return Line::raw(fit(name, room));
            };
            let (mark, _, style) = words::state(unit, theme);
            let note = note(app, unit);
            let left = room.saturating_sub(4 + width(&note));
            Line::from(vec![
                Span::styled(format!("  {mark} "), style),
                Span::raw(pad(name, left)),
                Span::styled(note, theme.faint()),
            ])
        }
        SideRow::Page(page) => {
            let name = match page {
                Page::Home => "Overview",
                Page::Runs => "All runs",
                Page::Bell => "Notifications",
                _ => "Info",
            };
            let count = match page {
                Page::Bell if app.bell.unread > 0 => format!("{} ", app.bell.unread),
                _ => String::new(),
            };
            let left = room.saturating_sub(1 + width(&count));
            Line::from(vec![
                Span::raw(format!(" {}", pad(name, left))),
                Span::styled(count, theme.notice()),
            ])
        }
    }
}

/// What stands at the right of a unit: how many of its instances run, or when it fires.
fn note(app: &App, unit: &crate::wire::Unit) -> String {
    use runwisp_core::words::run::Kind;
    use runwisp_core::words::status::InstanceState;
    match (unit.kind, unit.next_run_at) {
        (Kind::Service, _) if unit.instances.len() > 1 => {
            let up = |i: &&crate::wire::Instance| i.state == InstanceState::Running;
            format!(
                " {}/{} ",
                unit.instances.iter().filter(up).count(),
                unit.instances.len()
            )
        }
        (Kind::Task, Some(at)) => {
            let seconds = at.as_second() - app.now.as_second();
            match seconds {
                ..0 => String::new(),
                0..60 => format!(" {seconds}s "),
                60..3_600 => format!(" {}m ", seconds / 60),
                3_600..86_400 => format!(" {}h ", seconds / 3_600),
                _ => format!(" {}d ", seconds / 86_400),
            }
        }
        _ => String::new(),
    }
}
