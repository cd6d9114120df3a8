//! A line that is typed at the bottom: the sidebar's filter, a search, a file's name.

use std::path::PathBuf;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{toast, travel};
use crate::tui::log::Search;
use crate::tui::message::{Act, Effect, Query};
use crate::tui::state::{App, Asking, Page, SideRow};
use crate::tui::text;

/// The most that is typed or pasted, characters.
const LONGEST: usize = 500;

/// What stands there to begin with.
pub(super) fn first_text(app: &App, what: Asking) -> String {
    match what {
        Asking::Filter => app.side.filter.clone(),
        Asking::Search => String::new(),
        Asking::SaveAs => app.run.as_ref().map_or_else(String::new, |run| {
            let at = run.started_at.unwrap_or(run.created_at);
            format!("{}-{}.log", run.unit, at.strftime("%Y%m%dT%H%M%SZ"))
        }),
    }
}

pub(super) fn key(app: &mut App, key: &KeyEvent) -> Vec<Effect> {
    let Some(prompt) = &mut app.prompt else {
        return Vec::new();
    };
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if ctrl => app.prompt = None,
        KeyCode::Char('u') if ctrl => prompt.text.clear(),
        KeyCode::Char(_) if ctrl => {}
        KeyCode::Char(c) => type_in(&mut prompt.text, &c.to_string()),
        KeyCode::Backspace => {
            prompt.text.pop();
        }
        KeyCode::Enter => return entered(app),
        KeyCode::Up | KeyCode::Down if prompt.what == Asking::Filter => {
            let by = if key.code == KeyCode::Up { -1 } else { 1 };
            return travel::side_by(app, by);
        }
        KeyCode::Esc => {
            if prompt.what == Asking::Filter {
                app.side.filter.clear();
            }
            app.prompt = None;
            return Vec::new();
        }
        _ => {}
    }
    filter_as_typed(app);
    Vec::new()
}

fn filter_as_typed(app: &mut App) {
    if let Some(prompt) = app.prompt.as_ref().filter(|p| p.what == Asking::Filter) {
        app.side.filter.clone_from(&prompt.text);
    }
}

/// Adds text to a line, without what can't be in one.
pub(super) fn type_in(line: &mut String, more: &str) {
    line.push_str(&text::clean(more));
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
    }
}

pub(super) fn paste(app: &mut App, pasted: &str) -> Vec<Effect> {
    if app.dialog.is_some() {
        super::dialog::paste(app, pasted);
    } else if let Some(prompt) = &mut app.prompt {
        type_in(&mut prompt.text, pasted);
        filter_as_typed(app);
    }
    Vec::new()
}

fn entered(app: &mut App) -> Vec<Effect> {
    let Some(prompt) = app.prompt.take() else {
        return Vec::new();
    };
    match prompt.what {
        Asking::Filter => {
            let fits = units(app);
            app.side.filter.clear();
            // The first unit that fits is what was looked for, unless another one was chosen.
            let chosen = fits.contains(&app.side.at) || prompt.text.is_empty();
            match fits.into_iter().next().filter(|_| !chosen) {
                Some(page) => travel::look_at(app, page),
                None => Vec::new(),
            }
        }
        Asking::Search => search(app, prompt.text),
        Asking::SaveAs => match &app.run {
            Some(run) if !prompt.text.trim().is_empty() => vec![Effect::Do(Act::Save {
                run: run.id,
                path: PathBuf::from(prompt.text.trim()),
            })],
            _ => Vec::new(),
        },
    }
}

/// The units in the sidebar.
fn units(app: &App) -> Vec<Page> {
    let rows = app.side_rows().into_iter();
    let units = rows.filter_map(|row| match row {
        SideRow::Page(page @ Page::Unit(_)) => Some(page),
        _ => None,
    });
    units.collect()
}

fn search(app: &mut App, text: String) -> Vec<Effect> {
    let Some(log) = &mut app.log else {
        return Vec::new();
    };
    if text.is_empty() {
        log.search = None;
        return Vec::new();
    }
    log.search = Some(Search {
        text: text.clone(),
        hits: None,
        at: 0,
        partial: false,
    });
    vec![Effect::Ask(Query::Hits {
        ticket: log.ticket,
        run: log.run,
        text,
    })]
}

/// The numbers of the lines that have it have come: to the first one from the screen on, or else the last.
pub(super) fn found(app: &mut App, hits: Vec<u64>, partial: bool) -> Vec<Effect> {
    let Some(log) = &mut app.log else {
        return Vec::new();
    };
    let from = if log.follow { log.last() } else { log.top };
    let Some(search) = &mut log.search else {
        return Vec::new();
    };
    search.at = hits
        .iter()
        .position(|hit| *hit >= from)
        .unwrap_or(hits.len().saturating_sub(1));
    search.partial = partial;
    let goal = hits.get(search.at).copied();
    let text = search.text.clone();
    search.hits = Some(hits);
    match goal {
        Some(line) => log.jump(line),
        None => {
            toast(app, format!("{text:?} is not in this log"), true);
            Vec::new()
        }
    }
}

/// The next hit, or the one before.
pub(super) fn hit(app: &mut App, by: isize) -> Vec<Effect> {
    let Some(log) = &mut app.log else {
        return Vec::new();
    };
    let Some(search) = &mut log.search else {
        return Vec::new();
    };
    let Some(hits) = search.hits.as_ref().filter(|hits| !hits.is_empty()) else {
        return Vec::new();
    };
    // Around the end to the other one.
    search.at = match (search.at, by) {
        (0, ..0) => hits.len() - 1,
        (at, ..0) => at - 1,
        (at, _) => (at + 1) % hits.len(),
    };
    let line = hits[search.at];
    log.jump(line)
}
