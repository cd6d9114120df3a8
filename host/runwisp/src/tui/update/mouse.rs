//! The mouse: a click chooses, a click on what is chosen opens, the wheel moves what is under it.

use ratatui::crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::{press, travel};
use crate::tui::message::Effect;
use crate::tui::state::{App, Dialog, Focus, Page, SideRow};
use crate::tui::view::places::{list_area, places, window};

/// How many lines one notch of the wheel is.
const NOTCH: i64 = 3;

pub(super) fn mouse(app: &mut App, event: MouseEvent) -> Vec<Effect> {
    let at = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::Down(MouseButton::Left) => click(app, at),
        MouseEventKind::ScrollUp => wheel(app, at, -NOTCH),
        MouseEventKind::ScrollDown => wheel(app, at, NOTCH),
        _ => Vec::new(),
    }
}

fn wheel(app: &mut App, at: Position, by: i64) -> Vec<Effect> {
    if let Some(dialog) = &mut app.dialog {
        if let Dialog::Text { lines, top, .. } = dialog {
            *top = travel::moved(*top, by, lines.len());
        }
        return Vec::new();
    }
    let over = if places(app).side.contains(at) {
        Focus::Side
    } else {
        Focus::Main
    };
    let focus = std::mem::replace(&mut app.focus, over);
    let effects = press::by(app, by);
    app.focus = focus;
    effects
}

fn click(app: &mut App, at: Position) -> Vec<Effect> {
    if app.dialog.is_some() || app.prompt.is_some() {
        return Vec::new();
    }
    let places = places(app);
    if places.side.contains(at) {
        app.focus = Focus::Side;
        let rows = app.side_rows();
        let chosen = rows
            .iter()
            .position(|row| *row == SideRow::Page(app.side.at.clone()));
        let top = window(
            chosen.unwrap_or(0),
            rows.len(),
            usize::from(places.side.height),
        );
        let row = rows
            .into_iter()
            .nth(top + usize::from(at.y - places.side.y));
        if let Some(SideRow::Page(page)) = row {
            if page == app.side.at && app.page == page {
                app.focus = Focus::Main;
                return Vec::new();
            }
            return travel::look_at(app, page);
        }
        return Vec::new();
    }
    if places.main.contains(at) {
        app.focus = Focus::Main;
        return in_list(app, at);
    }
    Vec::new()
}

fn in_list(app: &mut App, at: Position) -> Vec<Effect> {
    let area = list_area(app);
    if !area.contains(at) {
        return Vec::new();
    }
    let height = usize::from(area.height);
    let (now, length) = match &app.page {
        Page::Home => (app.home_at, app.home_rows().len()),
        Page::Runs | Page::Unit(_) => (app.runs.at, app.runs.runs.len()),
        Page::Bell => (app.bell.at, app.bell.rows.len()),
        Page::Info | Page::Run(_) => return Vec::new(),
    };
    let row = window(now, length, height) + usize::from(at.y - area.y);
    if row >= length {
        return Vec::new();
    }
    if row == now {
        return press::open(app);
    }
    match &app.page {
        Page::Home => app.home_at = row,
        Page::Bell => app.bell.at = row,
        _ => app.runs.at = row,
    }
    Vec::new()
}
