//! A key: for the dialog, for what is being typed, or by the table.

use ratatui::crossterm::event::{KeyEvent, KeyEventKind};

use super::{act, dialog, prompt, runs, travel};
use crate::tui::keys::{self, Area, Does};
use crate::tui::log::Times;
use crate::tui::message::Effect;
use crate::tui::state::{App, Asking, Dialog, Focus, HomeRow, Page, Prompt};
use crate::tui::view::help;
use crate::tui::view::places::{list_area, log_area};

/// How far a log moves sideways at once, columns.
const PAN: usize = 8;

pub(super) fn key(app: &mut App, key: &KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    if app.dialog.is_some() {
        return dialog::key(app, key);
    }
    if app.prompt.is_some() {
        return prompt::key(app, key);
    }
    match keys::find(&areas(app), key) {
        Some(does) => carry_out(app, does),
        None => Vec::new(),
    }
}

/// Which rows of the table are in force, the nearest first.
pub(in crate::tui) fn areas(app: &App) -> Vec<Area> {
    let mut areas = Vec::new();
    match (&app.page, app.focus) {
        (Page::Run(_), Focus::Main) => areas.push(Area::Run),
        (Page::Bell, Focus::Main) => areas.push(Area::Bell),
        (Page::Runs, Focus::Main) => areas.push(Area::Runs),
        (Page::Unit(_), Focus::Main) => areas.extend([Area::Unit, Area::Runs]),
        (Page::Unit(_), Focus::Side) => areas.extend([Area::Side, Area::Unit]),
        (_, Focus::Side) => areas.push(Area::Side),
        (Page::Home | Page::Info, Focus::Main) => {}
    }
    areas.extend([Area::Moving, Area::Everywhere]);
    areas
}

fn carry_out(app: &mut App, does: Does) -> Vec<Effect> {
    match does {
        Does::Help => {
            app.dialog = Some(help::dialog());
            Vec::new()
        }
        Does::Quit => act::quit(app),
        Does::Bell => to_bell(app),
        Does::AllRuns => to_main(app, Page::Runs),
        Does::Reload => act::plan(app),
        Does::Undo => runs::undo(app),
        Does::Suspend => vec![Effect::Suspend],
        Does::Redraw => vec![Effect::Redraw],
        Does::Up => by(app, -1),
        Does::Down => by(app, 1),
        Does::PageUp => by(app, -page(app)),
        Does::PageDown => by(app, page(app)),
        Does::Left => sideways(app, Focus::Side),
        Does::Right => sideways(app, Focus::Main),
        Does::Top => to_end(app, false),
        Does::Bottom => to_end(app, true),
        Does::OtherSide => {
            app.focus = match app.focus {
                Focus::Side => Focus::Main,
                Focus::Main => Focus::Side,
            };
            Vec::new()
        }
        Does::Open => open(app),
        Does::Back => back(app),
        Does::Filter => ask(app, Asking::Filter),
        Does::Go => act::go(app),
        Does::Stop => act::stop(app),
        Does::Inspect => act::inspect(app),
        Does::FilterRuns => {
            let at = runs::bucket_index(app.runs.bucket);
            app.dialog = Some(Dialog::Buckets { at });
            Vec::new()
        }
        Does::Select => runs::select(app),
        Does::SelectAll => runs::select_all(app),
        Does::Delete => runs::delete(app),
        Does::Cancel => runs::cancel(app),
        Does::Rerun => runs::rerun(app),
        Does::Read => act::read(app, false),
        Does::ReadAll => act::read(app, true),
        in_log => log_key(app, in_log),
    }
}

fn log_key(app: &mut App, does: Does) -> Vec<Effect> {
    let height = usize::from(log_area(app).height);
    let Some(log) = &mut app.log else {
        return Vec::new();
    };
    match does {
        Does::Save => return ask(app, Asking::SaveAs),
        Does::Search => return ask(app, Asking::Search),
        Does::Full => app.full = !app.full,
        Does::Follow => return log.toggle_follow(height).into_iter().collect(),
        Does::Wrap => log.wrap = !log.wrap,
        Does::Times => {
            log.times = match log.times {
                Times::None => Times::Clock,
                Times::Clock => Times::Since,
                Times::Since => Times::None,
            }
        }
        Does::NextHit if log.search.is_some() => return prompt::hit(app, 1),
        Does::PreviousHit => return prompt::hit(app, -1),
        Does::NextHit => return to_bell(app),
        _ => {}
    }
    Vec::new()
}

fn ask(app: &mut App, what: Asking) -> Vec<Effect> {
    app.prompt = Some(Prompt {
        what,
        text: prompt::first_text(app, what),
    });
    Vec::new()
}

fn to_bell(app: &mut App) -> Vec<Effect> {
    if app.page == Page::Bell {
        return travel::back(app);
    }
    to_main(app, Page::Bell)
}

fn to_main(app: &mut App, page: Page) -> Vec<Effect> {
    app.focus = Focus::Main;
    travel::go(app, page)
}

/// How many lines a page is, for the half that has the keys.
fn page(app: &App) -> i64 {
    let height = match (&app.page, app.focus) {
        (Page::Run(_), Focus::Main) => log_area(app).height,
        _ => list_area(app).height,
    };
    i64::from(height.saturating_sub(1).max(1))
}

pub(super) fn by(app: &mut App, by: i64) -> Vec<Effect> {
    if app.focus == Focus::Side {
        return travel::side_by(app, by);
    }
    match app.page {
        Page::Home => {
            let rows = app.home_rows();
            app.home_at = next_thing(&rows, app.home_at, by);
        }
        Page::Runs | Page::Unit(_) => return runs::by(app, by),
        Page::Bell => app.bell.at = travel::moved(app.bell.at, by, app.bell.rows.len()),
        Page::Info => {}
        Page::Run(_) => {
            let height = usize::from(log_area(app).height);
            return app
                .log
                .as_mut()
                .and_then(|log| log.scroll(by, height))
                .into_iter()
                .collect();
        }
    }
    Vec::new()
}

/// The row that can be opened, so many rows on, passing over headings.
fn next_thing(rows: &[HomeRow], at: usize, by: i64) -> usize {
    let things: Vec<usize> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| matches!(row, HomeRow::Unit(_) | HomeRow::Run(_)))
        .map(|(index, _)| index)
        .collect();
    let now = things.iter().position(|index| *index >= at).unwrap_or(0);
    things
        .get(travel::moved(now, by, things.len()))
        .copied()
        .unwrap_or(0)
}

fn sideways(app: &mut App, to: Focus) -> Vec<Effect> {
    if let (Page::Run(_), Focus::Main, Some(log)) = (&app.page, app.focus, &mut app.log) {
        match to {
            Focus::Main => log.pan += PAN,
            Focus::Side if log.pan > 0 => log.pan = log.pan.saturating_sub(PAN),
            Focus::Side if app.full => {}
            Focus::Side => app.focus = to,
        }
        return Vec::new();
    }
    app.focus = to;
    Vec::new()
}

fn to_end(app: &mut App, last: bool) -> Vec<Effect> {
    if let (Page::Run(_), Focus::Main, Some(log)) = (&app.page, app.focus, &mut app.log) {
        return if last {
            log.go_to_end().into_iter().collect()
        } else {
            log.go_to_start()
        };
    }
    by(
        app,
        if last {
            i64::from(u32::MAX)
        } else {
            -i64::from(u32::MAX)
        },
    )
}

pub(super) fn open(app: &mut App) -> Vec<Effect> {
    if app.focus == Focus::Side {
        app.focus = Focus::Main;
        return Vec::new();
    }
    let page = match &app.page {
        Page::Home => {
            let rows = app.home_rows();
            let at = next_thing(&rows, app.home_at, 0);
            match rows.get(at) {
                Some(HomeRow::Unit(name)) => Some(Page::Unit(name.clone())),
                Some(HomeRow::Run(run)) => Some(Page::Run(*run)),
                _ => None,
            }
        }
        Page::Runs | Page::Unit(_) => app.runs.runs.get(app.runs.at).map(|run| Page::Run(run.id)),
        Page::Bell => return act::open_notification(app),
        Page::Info | Page::Run(_) => None,
    };
    page.map_or_else(Vec::new, |page| travel::go(app, page))
}

fn back(app: &mut App) -> Vec<Effect> {
    if let Some(log) = &mut app.log
        && log.search.take().is_some()
    {
        return Vec::new();
    }
    if app.full {
        app.full = false;
        return Vec::new();
    }
    if app.focus == Focus::Main
        && matches!(app.page, Page::Runs | Page::Unit(_))
        && app.runs.any_selected()
    {
        app.runs.selected.clear();
        app.runs.all = false;
        return Vec::new();
    }
    if app.focus == Focus::Side {
        app.side.filter.clear();
        return Vec::new();
    }
    travel::back(app)
}
