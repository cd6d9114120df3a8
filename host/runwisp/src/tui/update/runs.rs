//! Lists of runs: the cursor, what is selected, and what is done with it.

use runwisp_core::words::ids::RunId;
use runwisp_core::words::run::RunState;

use super::{toast, travel};
use crate::tui::message::{Act, Bucket, Bulk, Chosen, Effect, Query};
use crate::tui::state::{App, Dialog, Page};

/// How near the end of what is loaded more is asked for.
const AHEAD: usize = 20;

pub(super) fn bucket_index(bucket: Bucket) -> usize {
    Bucket::EACH
        .iter()
        .position(|known| *known == bucket)
        .unwrap_or(0)
}

pub(super) fn by(app: &mut App, by: i64) -> Vec<Effect> {
    let list = &mut app.runs;
    list.at = travel::moved(list.at, by, list.runs.len());
    if list.at + AHEAD >= list.runs.len()
        && let Some(after) = list.next.take()
    {
        return vec![Effect::Ask(Query::Runs {
            ticket: list.ticket,
            unit: list.unit.clone(),
            bucket: list.bucket,
            after: Some(after),
        })];
    }
    Vec::new()
}

pub(super) fn select(app: &mut App) -> Vec<Effect> {
    let list = &mut app.runs;
    if let Some(run) = list.runs.get(list.at).map(|run| run.id)
        && !list.selected.remove(&run)
    {
        list.selected.insert(run);
    }
    by(app, 1)
}

pub(super) fn select_all(app: &mut App) -> Vec<Effect> {
    app.runs.all = !app.runs.all;
    app.runs.selected.clear();
    Vec::new()
}

/// What an action is about: the selected runs, or the one at the cursor; on a run's page, that run.
fn chosen(app: &App, fits: impl Fn(RunState) -> bool) -> Option<(Chosen, String)> {
    if let Page::Run(id) = app.page {
        let fine = app.run.as_ref().is_some_and(|run| fits(run.state));
        return fine.then(|| (Chosen::These(vec![id]), "this run".to_owned()));
    }
    let list = &app.runs;
    if list.all {
        let all = Chosen::All {
            unit: list.unit.clone(),
            bucket: list.bucket,
            except: list.selected.iter().copied().collect(),
        };
        let of = list
            .unit
            .as_ref()
            .map(|unit| format!(" of {unit}"))
            .unwrap_or_default();
        let which = match list.bucket {
            Bucket::All => format!("all runs{of}"),
            bucket => format!("all runs{of} that are: {}", bucket.words()),
        };
        let but = match list.selected.len() {
            0 => String::new(),
            n => format!(", but {n}"),
        };
        return Some((all, format!("{which}{but}")));
    }
    let wanted: Vec<RunId> = match list.selected.len() {
        0 => list
            .runs
            .get(list.at)
            .map(|run| run.id)
            .into_iter()
            .collect(),
        _ => list.selected.iter().copied().collect(),
    };
    let known = |id: &RunId| list.runs.iter().find(|run| run.id == *id);
    let fit: Vec<RunId> = wanted
        .into_iter()
        .filter(|id| known(id).is_none_or(|run| fits(run.state)))
        .collect();
    let words = match fit.len() {
        0 => return None,
        1 => "1 run".to_owned(),
        n => format!("{n} runs"),
    };
    Some((Chosen::These(fit), words))
}

pub(super) fn delete(app: &mut App) -> Vec<Effect> {
    match chosen(app, |state| state == RunState::Ended) {
        Some((chosen, words)) => confirm(
            app,
            Bulk::Delete,
            chosen,
            &format!("Delete {words} with the logs?"),
            "delete",
        ),
        None => toast(app, "only runs that have ended can be deleted", true),
    }
    Vec::new()
}

pub(super) fn cancel(app: &mut App) -> Vec<Effect> {
    match chosen(app, |state| state != RunState::Ended) {
        Some((chosen, words)) => {
            confirm(app, Bulk::Stop, chosen, &format!("Stop {words}?"), "stop")
        }
        None => toast(app, "what has ended can't be stopped", true),
    }
    Vec::new()
}

pub(super) fn rerun(app: &mut App) -> Vec<Effect> {
    match chosen(app, |state| state == RunState::Ended) {
        Some((chosen, words)) => confirm(
            app,
            Bulk::Rerun,
            chosen,
            &format!("Run {words} again?"),
            "run again",
        ),
        None => toast(app, "only runs that have ended can be run again", true),
    }
    Vec::new()
}

fn confirm(app: &mut App, what: Bulk, chosen: Chosen, title: &str, yes: &str) {
    let text = match what {
        Bulk::Delete => "u takes it back for a minute.",
        Bulk::Rerun => "With the parameters they had.",
        Bulk::Stop | Bulk::Restore => "",
    };
    app.dialog = Some(Dialog::Confirm {
        title: title.to_owned(),
        text: text.to_owned(),
        yes: yes.to_owned(),
        act: Act::Bulk(what, chosen),
    });
}

pub(super) fn undo(app: &mut App) -> Vec<Effect> {
    match app.undo.take() {
        Some(runs) => vec![Effect::Do(Act::Bulk(Bulk::Restore, Chosen::These(runs)))],
        None => {
            toast(app, "nothing was deleted that could be taken back", false);
            Vec::new()
        }
    }
}
