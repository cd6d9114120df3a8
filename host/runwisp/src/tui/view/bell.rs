//! The bell: what happened that people should know, newest first.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use runwisp_core::words::event_kind::Severity;

use super::places::{below, window};
use super::runs::HEAD;
use super::theme::Theme;
use super::{Sheet, col, one, row, words};
use crate::tui::state::{App, Focus};
use crate::tui::text::clean;
use crate::wire::Notification;

pub(super) fn draw(app: &App, sheet: &mut Sheet<'_, '_>, area: Rect) {
    let theme = sheet.theme;
    let unread = match app.bell.unread {
        0 => "  all read".to_owned(),
        n => format!("  {n} unread"),
    };
    let title = vec![
        Span::styled("Notifications", theme.title()),
        Span::styled(unread, theme.faint()),
    ];
    sheet.line(area, Line::from(title));
    let rows = below(area, HEAD);
    if app.bell.rows.is_empty() {
        sheet.line(
            rows,
            one(
                "nothing has happened that you would have to know",
                theme.faint(),
                rows,
            ),
        );
        return;
    }
    let top = window(app.bell.at, app.bell.rows.len(), usize::from(rows.height));
    for (y, (index, told)) in
        (rows.y..rows.bottom()).zip(app.bell.rows.iter().enumerate().skip(top))
    {
        let place = Rect {
            y,
            height: 1,
            ..rows
        };
        sheet.line(place, line(app, told, theme, area));
        if index == app.bell.at && app.focus == Focus::Main {
            sheet.style(place, theme.cursor(true));
        }
    }
}

fn line(app: &App, told: &Notification, theme: Theme, area: Rect) -> Line<'static> {
    let style = match told.severity {
        Severity::Info => theme.good(),
        Severity::Warning => theme.notice(),
        Severity::Error => theme.bad(),
    };
    let count = if told.count > 1 {
        format!("×{}", told.count)
    } else {
        String::new()
    };
    let rest = usize::from(area.width).saturating_sub(2 + 13 + 5);
    let (mark, text) = if told.read {
        ("·", theme.faint())
    } else {
        ("●", theme.plain())
    };
    let words = if told.sentence.is_empty() {
        &told.title
    } else {
        &told.sentence
    };
    row(vec![
        col(mark, style, 2),
        col(
            words::time(told.last_at, app.now, &app.setting.zone),
            theme.faint(),
            13,
        ),
        col(count, theme.notice(), 5),
        col(clean(words), text, rest),
    ])
}
