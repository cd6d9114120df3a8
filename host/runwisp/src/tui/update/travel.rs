//! From page to page.

use runwisp_core::words::ids::RunId;

use crate::tui::log::Log;
use crate::tui::message::{Bucket, Effect};
use crate::tui::state::{App, Focus, Page, RunList, SideRow, UnitMore};

/// How many pages back one can go.
const BACK: usize = 50;

/// Shows a page; the one before is remembered.
pub(super) fn go(app: &mut App, page: Page) -> Vec<Effect> {
    if app.page == page {
        return Vec::new();
    }
    let before = app.page.clone();
    app.before.push(before);
    if app.before.len() > BACK {
        app.before.remove(0);
    }
    show(app, page)
}

/// Shows the page of the sidebar's cursor; looking through it is no journey that one would go back on.
pub(super) fn look_at(app: &mut App, page: Page) -> Vec<Effect> {
    app.side.at = page.clone();
    app.before.clear();
    if app.page == page {
        return Vec::new();
    }
    show(app, page)
}

/// Back to the page before; from the first one to the sidebar.
pub(super) fn back(app: &mut App) -> Vec<Effect> {
    app.full = false;
    match app.before.pop() {
        Some(page) => show(app, page),
        None => {
            app.focus = Focus::Side;
            let page = app.side.at.clone();
            if app.page == page {
                Vec::new()
            } else {
                show(app, page)
            }
        }
    }
}

fn show(app: &mut App, page: Page) -> Vec<Effect> {
    let mut effects = Vec::new();
    if app.log.take().is_some_and(|log| log.stream) {
        effects.push(Effect::StopFollowing);
    }
    app.full = false;
    app.prompt = None;
    app.run = None;
    match &page {
        Page::Home => app.asked.recent.wanted = true,
        Page::Runs => list(app, None),
        Page::Unit(name) => {
            list(app, Some(name.clone()));
            app.unit = Some(UnitMore {
                name: name.clone(),
                definition: None,
                firings: Vec::new(),
            });
            app.asked.unit = super::super::state::Poll {
                wanted: true,
                waiting: false,
            };
        }
        Page::Bell => app.asked.bell.wanted = true,
        Page::Info => app.asked.host.wanted = true,
        Page::Run(id) => effects.push(open_run(app, *id)),
    }
    if matches!(
        page,
        Page::Home | Page::Runs | Page::Bell | Page::Info | Page::Unit(_)
    ) {
        app.side.at = page.clone();
    }
    app.page = page;
    effects
}

fn open_run(app: &mut App, id: RunId) -> Effect {
    let known = app
        .runs
        .runs
        .iter()
        .chain(&app.recent)
        .find(|run| run.id == id);
    app.run = known.cloned();
    app.asked.run = super::super::state::Poll {
        wanted: true,
        waiting: false,
    };
    let ticket = super::ticket(app);
    let (log, effect) = Log::open(id, ticket);
    app.log = Some(log);
    effect
}

/// A list of runs from its beginning. The one that is there is kept when it is of the same unit: back from a run, the
/// cursor is where it was.
fn list(app: &mut App, unit: Option<String>) {
    app.asked.runs = super::super::state::Poll {
        wanted: true,
        waiting: false,
    };
    if app.runs.unit == unit && app.runs.loaded {
        return;
    }
    app.runs = RunList {
        ticket: super::ticket(app),
        unit,
        ..RunList::default()
    };
}

/// The list with another filter.
pub(super) fn filter(app: &mut App, bucket: Bucket) {
    app.runs = RunList {
        ticket: super::ticket(app),
        unit: app.runs.unit.clone(),
        bucket,
        ..RunList::default()
    };
    app.asked.runs = super::super::state::Poll {
        wanted: true,
        waiting: false,
    };
}

/// The sidebar's cursor by so many rows, passing over headings.
pub(super) fn side_by(app: &mut App, by: i64) -> Vec<Effect> {
    let pages: Vec<Page> = app
        .side_rows()
        .into_iter()
        .filter_map(|row| match row {
            SideRow::Page(page) => Some(page),
            SideRow::Heading(_) => None,
        })
        .collect();
    let at = pages
        .iter()
        .position(|page| *page == app.side.at)
        .unwrap_or(0);
    let to = moved(at, by, pages.len());
    match pages.get(to) {
        Some(page) => look_at(app, page.clone()),
        None => Vec::new(),
    }
}

/// An index moved by so many, within a list.
pub(super) fn moved(at: usize, by: i64, length: usize) -> usize {
    let step = usize::try_from(by.unsigned_abs()).unwrap_or(usize::MAX);
    let to = if by < 0 {
        at.saturating_sub(step)
    } else {
        at.saturating_add(step)
    };
    to.min(length.saturating_sub(1))
}
