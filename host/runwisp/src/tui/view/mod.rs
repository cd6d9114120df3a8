//! What the terminal UI looks like: a function of what it knows. Pure; draws into a frame and nothing else.
//!
//! Invariant: draws on every screen, from 1 × 1 up, whatever the daemon or a run said: text from outside goes through
//! `text.rs` or `ansi.rs`. Tests: `tests.rs`, as pictures.

mod bell;
mod dialog;
pub(super) mod help;
mod home;
mod info;
pub(super) mod inspect;
mod log;
pub(super) mod places;
mod run;
mod runs;
mod side;
#[cfg(test)]
mod tests;
pub(super) mod theme;
mod unit;
mod words;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Widget};

use super::state::{App, Asking, Link, Page};
use super::text::{clean, fit, pad, width};
use places::places;
use theme::Theme;

/// Draws everything.
pub(super) fn view(app: &App, theme: Theme, frame: &mut Frame<'_>) {
    let places = places(app);
    let mut sheet = Sheet { frame, theme };
    header(app, &mut sheet, places.header);
    side::draw(app, &mut sheet, places.side);
    for y in places.line.y..places.line.bottom() {
        let cell = Rect {
            y,
            height: 1,
            ..places.line
        };
        sheet.line(cell, Line::styled("│", theme.faint()));
    }
    let main = places.main;
    match &app.page {
        Page::Home => home::draw(app, &mut sheet, main),
        Page::Runs => runs::draw(app, &mut sheet, main),
        Page::Bell => bell::draw(app, &mut sheet, main),
        Page::Info => info::draw(app, &mut sheet, main),
        Page::Unit(name) => unit::draw(app, name, &mut sheet, main),
        Page::Run(_) => run::draw(app, &mut sheet, main),
    }
    bar(app, &mut sheet, places.bar);
    toasts(app, &mut sheet, places.bar);
    dialog::draw(app, &mut sheet);
}

/// What is drawn on.
struct Sheet<'a, 'b> {
    frame: &'a mut Frame<'b>,
    theme: Theme,
}

impl Sheet<'_, '_> {
    /// A line in a place; what does not fit is cut off.
    fn line(&mut self, area: Rect, line: Line<'_>) {
        let area = area.intersection(self.frame.area());
        if area.height > 0 && area.width > 0 {
            line.render(Rect { height: 1, ..area }, self.frame.buffer_mut());
        }
    }

    /// Lines from the top of an area down.
    fn lines<'l>(&mut self, area: Rect, lines: impl IntoIterator<Item = Line<'l>>) {
        for (y, line) in (area.y..area.bottom()).zip(lines) {
            self.line(
                Rect {
                    y,
                    height: 1,
                    ..area
                },
                line,
            );
        }
    }

    /// Everything in an area is blank.
    fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.frame.area());
        Clear.render(area, self.frame.buffer_mut());
    }

    /// An area in another style, as the row with the cursor is.
    fn style(&mut self, area: Rect, style: Style) {
        let area = area.intersection(self.frame.area());
        self.frame.buffer_mut().set_style(area, style);
    }
}

fn header(app: &App, sheet: &mut Sheet<'_, '_>, area: Rect) {
    let theme = sheet.theme;
    let mut spans = vec![Span::styled(" runwisp ", theme.title())];
    if app.setting.demo {
        spans.push(Span::styled("demo ", theme.notice()));
    }
    match (&app.link, &app.status) {
        (Link::Lost { since, why }, _) => {
            let ms = app.now.duration_since(*since).as_millis();
            let lost = words::length(u64::try_from(ms).unwrap_or(0));
            spans.push(Span::styled(
                format!("lost for {lost}, trying again: {} ", clean(why)),
                theme.bad(),
            ));
        }
        (_, None) => spans.push(Span::styled("asking …", theme.faint())),
        (_, Some(status)) => {
            spans.extend(words::summary(&status.units, theme));
            if status.daemon.stopping {
                spans.push(Span::styled("  stopping", theme.bad()));
            }
            if status.daemon.config_stale {
                spans.push(Span::styled("  configuration changed: R", theme.notice()));
            }
            if !status.daemon.warnings.is_empty() {
                let many = match status.daemon.warnings.len() {
                    1 => "  1 warning".to_owned(),
                    n => format!("  {n} warnings"),
                };
                spans.push(Span::styled(many, theme.notice()));
            }
        }
    }
    if app.bell.unread > 0 {
        spans.push(Span::styled(
            format!("  {} unread: n", app.bell.unread),
            theme.notice(),
        ));
    }
    let used: usize = spans.iter().map(|span| width(&span.content)).sum();
    let place = clean(&app.setting.place);
    let room = usize::from(area.width).saturating_sub(used + 2);
    if width(&place) <= room {
        spans.push(Span::raw(" ".repeat(room - width(&place) + 1)));
        spans.push(Span::styled(place, theme.faint()));
    }
    sheet.line(area, Line::from(spans));
}

/// What is typed, or the keys that matter here.
fn bar(app: &App, sheet: &mut Sheet<'_, '_>, area: Rect) {
    let theme = sheet.theme;
    if let Some(prompt) = &app.prompt {
        let label = match prompt.what {
            Asking::Filter => "filter: ",
            Asking::Search => "search: ",
            Asking::SaveAs => "save as: ",
        };
        let room = usize::from(area.width).saturating_sub(width(label) + 2);
        // The end of what is typed is where the cursor is.
        let skip = prompt.text.chars().count().saturating_sub(room);
        let shown: String = prompt.text.chars().skip(skip).collect();
        let line = Line::from(vec![
            Span::styled(format!(" {label}"), theme.accent()),
            Span::raw(shown),
            Span::styled("▏", theme.accent()),
        ]);
        sheet.line(area, line);
        return;
    }
    let mut spans = Vec::new();
    let keys = help::bar(app);
    let room = |key: &str, short: &str| width(key) + width(short) + 3;
    // Whatever is left out, the way to all of them is there.
    let help = keys.iter().find(|(key, _)| key == "?");
    let mut kept = help.map_or(0, |(key, short)| room(key, short));
    let mut left = usize::from(area.width);
    for (key, short) in keys {
        let cells = room(&key, short);
        if key == "?" {
            kept = 0;
        }
        if cells + kept > left {
            continue;
        }
        left -= cells;
        spans.push(Span::styled(format!(" {key}"), theme.accent()));
        spans.push(Span::styled(format!(" {short} "), theme.faint()));
    }
    sheet.line(area, Line::from(spans));
}

/// Words in passing, above the bar at the right.
fn toasts(app: &App, sheet: &mut Sheet<'_, '_>, bar: Rect) {
    let theme = sheet.theme;
    let most = usize::from(bar.width).saturating_sub(4).min(76);
    if most < 8 {
        return;
    }
    let mut bottom = bar.y;
    for toast in app.toasts.iter().rev() {
        let style = if toast.bad { theme.bad() } else { theme.good() };
        let lines = super::text::wrap(&toast.text, most - 4);
        let widest = lines.iter().map(|line| width(line)).max().unwrap_or(0);
        for line in lines.iter().take(4).rev() {
            if bottom <= 1 {
                return;
            }
            bottom -= 1;
            let cells = u16::try_from(widest + 3).unwrap_or(u16::MAX).min(bar.width);
            let area = Rect::new(bar.width - cells, bottom, cells, 1);
            sheet.clear(area);
            let spans = vec![Span::styled("▌ ", style), Span::raw(pad(line, widest))];
            sheet.line(area, Line::from(spans));
        }
    }
}

/// A field of a row.
struct Col {
    text: String,
    style: Style,
    room: usize,
    right: bool,
}

fn col(text: impl Into<String>, style: Style, room: usize) -> Col {
    Col {
        text: text.into(),
        style,
        room,
        right: false,
    }
}

/// The fields beside each other, each in its room.
fn row(cols: Vec<Col>) -> Line<'static> {
    let spans = cols.into_iter().filter(|col| col.room > 0).map(|col| {
        let inner = col.room.saturating_sub(1);
        let text = if col.right {
            super::text::pad_left(&col.text, inner)
        } else {
            pad(&col.text, inner)
        };
        Span::styled(format!("{text} "), col.style)
    });
    Line::from(spans.collect::<Vec<_>>())
}

/// A text in one style, cut to an area's width.
fn one(text: &str, style: Style, area: Rect) -> Line<'static> {
    Line::styled(fit(&clean(text), usize::from(area.width)), style)
}
