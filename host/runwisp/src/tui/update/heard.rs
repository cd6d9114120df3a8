//! What the daemon says: events, answers, lines, and silence.

use runwisp_core::words::event::{Envelope, Event};

use super::{complain, prompt, toast};
use crate::tui::message::{Act, Answer, Bulk, Chosen, Effect, Message, Outcome, Query};
use crate::tui::state::{App, Dialog, Link, Page};
use crate::wire::Problem;

/// The most runs in memory of one list.
const MOST_RUNS: usize = 5_000;

pub(super) fn heard(app: &mut App, message: Message) -> Vec<Effect> {
    match message {
        Message::Event(event) => happened(app, &event),
        Message::Connected => connected(app),
        Message::Lost(problem) => lost(app, &problem),
        Message::Lines(ticket, lines) => {
            let log = app.log.as_mut().filter(|log| log.ticket == ticket);
            return log.and_then(|log| log.take(lines)).into_iter().collect();
        }
        Message::Ended(ticket, run) => {
            if let Some(log) = app.log.as_mut().filter(|log| log.ticket == ticket) {
                log.complete = true;
                log.stream = false;
                app.run = Some(*run);
            }
        }
        Message::LogLost(ticket, problem) => {
            if let Some(log) = app.log.as_mut().filter(|log| log.ticket == ticket) {
                log.trouble = Some(problem.message);
            }
        }
        Message::Answer(query, Ok(answer)) => return answered(app, query, answer),
        Message::Answer(query, Err(problem)) => return refused(app, query, &problem),
        Message::Done(act, Ok(outcome)) => return done(app, act, outcome),
        Message::Done(_, Err(problem)) => complain(app, &problem),
        _ => {}
    }
    Vec::new()
}

fn connected(app: &mut App) {
    if matches!(app.link, Link::Lost { .. }) {
        toast(app, "the daemon is there again", false);
    }
    app.link = Link::Up;
    // What was under way when the connection broke has no answer to come.
    app.asked = super::super::state::Asked::default();
    for poll in [
        &mut app.asked.status,
        &mut app.asked.bell,
        &mut app.asked.recent,
        &mut app.asked.unit,
        &mut app.asked.run,
    ] {
        poll.wanted = true;
    }
    if matches!(app.page, Page::Runs | Page::Unit(_)) {
        app.asked.runs.wanted = true;
    }
}

fn lost(app: &mut App, problem: &Problem) {
    match &mut app.link {
        Link::Lost { why, .. } => why.clone_from(&problem.message),
        link => {
            *link = Link::Lost {
                since: app.now,
                why: problem.message.clone(),
            }
        }
    }
}

fn happened(app: &mut App, event: &Envelope) {
    app.asked.status.wanted = true;
    match &event.event {
        Event::Run { run, unit, .. } => {
            app.asked.recent.wanted |= app.page == Page::Home;
            let listed = match &app.page {
                Page::Runs => true,
                Page::Unit(name) => unit.as_str() == name,
                _ => false,
            };
            app.asked.runs.wanted |= listed;
            app.asked.run.wanted |= app.page == Page::Run(*run);
        }
        Event::Instance { .. } => {}
        Event::Reloaded { .. } => {
            toast(app, "a new configuration is in force", false);
            app.asked.unit.wanted = true;
        }
        Event::DaemonStarted { version } => {
            toast(
                app,
                format!("the daemon was restarted; it is runwisp {version}"),
                false,
            );
        }
        Event::DaemonStopping => toast(app, "the daemon is stopping everything", true),
        Event::Degraded {
            part,
            message: Some(message),
        } => toast(app, format!("{part}: {message}"), true),
        Event::Degraded {
            part,
            message: None,
        } => toast(app, format!("{part}: right again"), false),
        Event::Notification { title, .. } => {
            app.asked.bell.wanted = true;
            toast(app, title.clone(), true);
        }
        Event::Overdue { unit, .. } => toast(app, format!("{unit} is overdue"), true),
        Event::ClockJump { .. } => toast(app, "the clock was set", false),
        _ => {}
    }
}

fn answered(app: &mut App, query: Query, answer: Answer) -> Vec<Effect> {
    match (query, answer) {
        (Query::Status, Answer::Status(status)) => {
            app.asked.status.waiting = false;
            app.status = Some(*status);
            app.status_at = app.now;
            if app.link == Link::Connecting {
                app.link = Link::Up;
            }
        }
        (Query::Runs { ticket, after, .. }, Answer::Runs { runs, next }) => {
            app.asked.runs.waiting = false;
            if ticket == app.runs.ticket {
                listed(app, after.is_some(), runs.runs, next);
            }
        }
        (Query::Recent, Answer::Runs { runs, .. }) => {
            app.asked.recent.waiting = false;
            app.recent = runs.runs;
        }
        (Query::Run(id), Answer::Run(run)) => {
            app.asked.run.waiting = false;
            if app.page == Page::Run(id) {
                app.run = Some(*run);
            }
        }
        (Query::Unit(name), Answer::Unit(value)) => {
            app.asked.unit.waiting = false;
            if let Some(more) = app.unit.as_mut().filter(|more| more.name == name) {
                more.definition = value.get("definition").filter(|d| !d.is_null()).cloned();
            }
        }
        (Query::Next(name), Answer::Firings(firings)) => {
            if let Some(more) = app.unit.as_mut().filter(|more| more.name == name) {
                more.firings = firings.firings;
            }
        }
        (Query::Bell, Answer::Bell(bell)) => {
            app.asked.bell.waiting = false;
            bell_is(app, bell);
        }
        (Query::Host, Answer::Host(host)) => {
            app.asked.host.waiting = false;
            app.host = Some(host);
        }
        (
            Query::Page {
                ticket,
                from,
                limit,
                ..
            },
            Answer::Page(page),
        ) => {
            let log = app.log.as_mut().filter(|log| log.ticket == ticket);
            return log
                .and_then(|log| log.page(page.lines, from, limit))
                .into_iter()
                .collect();
        }
        (Query::Hits { ticket, .. }, Answer::Hits(hits))
            if app.log.as_ref().is_some_and(|log| log.ticket == ticket) =>
        {
            return prompt::found(app, hits, false);
        }
        (Query::Plan, Answer::Plan(plan)) => planned(app, plan),
        _ => {}
    }
    Vec::new()
}

fn planned(app: &mut App, plan: crate::wire::Reload) {
    let nothing = plan.added.is_empty()
        && plan.changed.is_empty()
        && plan.removed.is_empty()
        && plan.settings.is_empty();
    if nothing {
        toast(app, "the configuration has not changed", false);
    } else {
        app.dialog = Some(Dialog::Plan(plan));
    }
}

/// A page of the list. A fresh look at its beginning takes the place of what was there, and the cursor stays at its run.
fn listed(app: &mut App, more: bool, runs: Vec<crate::wire::Run>, next: Option<String>) {
    let list = &mut app.runs;
    let at = list.runs.get(list.at).map(|run| run.id);
    let first = list.at == 0;
    if more {
        let known: std::collections::BTreeSet<_> = list.runs.iter().map(|run| run.id).collect();
        list.runs
            .extend(runs.into_iter().filter(|run| !known.contains(&run.id)));
        list.next = next.filter(|_| list.runs.len() < MOST_RUNS);
    } else {
        let deeper = list.runs.len() > runs.len();
        let last = runs.last().map(|run| run.id);
        let rest = match list.runs.iter().position(|run| Some(run.id) == last) {
            Some(at) if deeper => list.runs.split_off(at + 1),
            _ => {
                list.next = next;
                Vec::new()
            }
        };
        list.runs = runs;
        list.runs.extend(rest);
    }
    list.loaded = true;
    let found = at
        .filter(|_| !first)
        .and_then(|id| list.runs.iter().position(|run| run.id == id));
    list.at = found
        .unwrap_or(list.at)
        .min(list.runs.len().saturating_sub(1));
}

fn bell_is(app: &mut App, bell: crate::wire::Notifications) {
    app.bell.unread = bell.unread;
    app.bell.rows = bell.notifications;
    app.bell.at = app.bell.at.min(app.bell.rows.len().saturating_sub(1));
}

fn refused(app: &mut App, query: Query, problem: &Problem) -> Vec<Effect> {
    let asked = &mut app.asked;
    // A daemon that is away is told of once, by the banner.
    let away = problem.code.starts_with("daemon.");
    match query {
        Query::Status => asked.status.waiting = false,
        Query::Runs { .. } => asked.runs.waiting = false,
        Query::Recent => asked.recent.waiting = false,
        Query::Bell => asked.bell.waiting = false,
        Query::Run(_) => asked.run.waiting = false,
        Query::Unit(_) => asked.unit.waiting = false,
        // Asked every few seconds; the page says that it has none.
        Query::Host => {
            asked.host.waiting = false;
            return Vec::new();
        }
        Query::Next(_) => return Vec::new(),
        Query::Page { ticket, .. } => {
            if let Some(log) = app.log.as_mut().filter(|log| log.ticket == ticket) {
                log.failed(problem.message.clone());
            }
            return Vec::new();
        }
        Query::Hits { ticket, text, .. } => {
            let here = app
                .log
                .as_ref()
                .filter(|log| log.ticket == ticket)
                .map(|log| log.hits_here(&text));
            if let Some(hits) = here {
                toast(
                    app,
                    format!("only what is loaded was searched: {}", problem.message),
                    true,
                );
                return prompt::found(app, hits, true);
            }
            return Vec::new();
        }
        Query::Plan => {}
    }
    if !away {
        complain(app, problem);
    }
    Vec::new()
}

fn done(app: &mut App, act: Act, outcome: Outcome) -> Vec<Effect> {
    app.asked.status.wanted = true;
    app.asked.recent.wanted = true;
    match (act, outcome) {
        (Act::ReadBell(_), Outcome::Bell(bell)) => bell_is(app, bell),
        (Act::Run { unit, .. }, Outcome::Runs { runs, .. }) => return started(app, &unit, &runs),
        (Act::Rerun(_), Outcome::Runs { runs, .. }) => return started(app, "the task", &runs),
        (Act::Start(unit), Outcome::Runs { changed, .. }) => {
            toast(
                app,
                if changed {
                    format!("{unit} is being started")
                } else {
                    format!("{unit} is up already")
                },
                false,
            );
        }
        (Act::Stop(unit), Outcome::Runs { changed, .. }) => {
            toast(
                app,
                if changed {
                    format!("{unit} is being stopped")
                } else {
                    format!("{unit} is stopped already")
                },
                false,
            );
        }
        (Act::Restart(unit), _) => toast(app, format!("{unit} is being restarted"), false),
        (Act::StopRun(_), _) => toast(app, "the run is being stopped", false),
        (Act::Bulk(what, chosen), Outcome::Bulk { affected, skipped }) => {
            return bulk_done(app, what, chosen, affected, skipped);
        }
        (Act::Reload, Outcome::Reloaded(reload)) => {
            let n = reload.added.len() + reload.changed.len() + reload.removed.len();
            toast(app, format!("reloaded; {n} units touched"), false);
        }
        (Act::Save { path, .. }, _) => toast(app, format!("saved as {}", path.display()), false),
        _ => {}
    }
    Vec::new()
}

/// A run that was asked for is what people want to see.
fn started(app: &mut App, unit: &str, runs: &[runwisp_core::words::ids::RunId]) -> Vec<Effect> {
    toast(app, format!("{unit} was told to run"), false);
    app.asked.runs.wanted = true;
    match runs.last() {
        Some(run) => super::travel::go(app, Page::Run(*run)),
        None => Vec::new(),
    }
}

fn bulk_done(
    app: &mut App,
    what: Bulk,
    chosen: Chosen,
    affected: u64,
    skipped: u64,
) -> Vec<Effect> {
    let verb = match what {
        Bulk::Stop => "told to stop",
        Bulk::Delete => "deleted; u takes it back",
        Bulk::Restore => "there again",
        Bulk::Rerun => "run again",
    };
    let over = if skipped > 0 {
        format!("; {skipped} passed over")
    } else {
        String::new()
    };
    toast(
        app,
        format!(
            "{affected} {} {verb}{over}",
            if affected == 1 { "run" } else { "runs" }
        ),
        false,
    );
    app.runs.selected.clear();
    app.runs.all = false;
    app.asked.runs.wanted = true;
    if what == Bulk::Delete {
        if let Chosen::These(runs) = chosen {
            app.runs.runs.retain(|run| !runs.contains(&run.id));
            app.recent.retain(|run| !runs.contains(&run.id));
            app.undo = Some(runs);
        }
        if matches!(app.page, Page::Run(_)) {
            return super::travel::back(app);
        }
    }
    Vec::new()
}
