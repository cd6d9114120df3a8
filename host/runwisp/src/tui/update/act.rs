//! Keys that change something: what they are about, and what is asked before.

use runwisp_core::words::run::Kind;
use runwisp_core::words::status::InstanceState;

use super::{toast, travel};
use crate::tui::message::{Act, Effect, Query};
use crate::tui::state::{App, Dialog, Form, Page};
use crate::tui::view::inspect;
use crate::wire::Unit;

/// The unit that the page is about.
fn unit(app: &App) -> Option<&Unit> {
    let name = match &app.page {
        Page::Unit(name) => name.as_str(),
        Page::Run(_) => app.run.as_ref().map(|run| run.unit.as_str())?,
        _ => return None,
    };
    app.unit_named(name)
}

/// `r`: a task runs, a service that is down comes up, one that is up is restarted.
pub(super) fn go(app: &mut App) -> Vec<Effect> {
    let Some(unit) = unit(app) else {
        return Vec::new();
    };
    let name = unit.name.to_string();
    match (unit.kind, &app.page) {
        (Kind::Task, Page::Run(id)) => vec![Effect::Do(Act::Rerun(*id))],
        (Kind::Task, _) => run(app, name),
        (Kind::Service, _) if is_down(unit.state) => vec![Effect::Do(Act::Start(name))],
        (Kind::Service, _) => restart(app),
    }
}

fn is_down(state: InstanceState) -> bool {
    use InstanceState::{Exited, Fatal, Stopped};
    matches!(state, Stopped | Exited | Fatal)
}

/// A task: at once when it takes no parameters, else after its form. What it takes has to be asked for first.
fn run(app: &mut App, unit: String) -> Vec<Effect> {
    let known = app
        .unit
        .as_ref()
        .filter(|more| more.name == unit)
        .and_then(|more| more.definition.as_ref());
    let fields = known.map(Form::fields).unwrap_or_default();
    if fields.is_empty() {
        return vec![Effect::Do(Act::Run {
            unit,
            params: Vec::new(),
        })];
    }
    app.dialog = Some(Dialog::Form(Form {
        unit,
        fields,
        at: 0,
        trouble: None,
    }));
    Vec::new()
}

pub(super) fn restart(app: &mut App) -> Vec<Effect> {
    if let Some(unit) = unit(app) {
        let name = unit.name.to_string();
        let text = match unit.instances.len() {
            0 | 1 => "Its process is stopped, and a new one started.".to_owned(),
            n => format!("Its {n} instances are stopped and started anew."),
        };
        confirm(
            app,
            format!("Restart {name}?"),
            text,
            "restart",
            Act::Restart(name),
        );
    }
    Vec::new()
}

/// `s`: on a run's page that run, else the unit.
pub(super) fn stop(app: &mut App) -> Vec<Effect> {
    if let (Page::Run(id), Some(run)) = (&app.page, &app.run) {
        let id = *id;
        if app.is_over() {
            toast(app, "it has ended already", false);
            return Vec::new();
        }
        if run.kind == Kind::Task {
            let title = format!("Stop this run of {}?", run.unit);
            confirm(
                app,
                title,
                "Its schedule goes on.".to_owned(),
                "stop",
                Act::StopRun(id),
            );
            return Vec::new();
        }
    }
    if let Some(unit) = unit(app) {
        let name = unit.name.to_string();
        let text = match unit.kind {
            Kind::Service => {
                "It stays down until it is started again, also when the daemon or the machine restarts."
            }
            Kind::Task => "Active and waiting runs end; its schedule goes on.",
        };
        confirm(
            app,
            format!("Stop {name}?"),
            text.to_owned(),
            "stop",
            Act::Stop(name),
        );
    }
    Vec::new()
}

fn confirm(app: &mut App, title: String, text: String, yes: &str, act: Act) {
    app.dialog = Some(Dialog::Confirm {
        title,
        text,
        yes: yes.to_owned(),
        act,
    });
}

/// `R`: first what would change.
pub(super) fn plan(_: &mut App) -> Vec<Effect> {
    vec![Effect::Ask(Query::Plan)]
}

pub(super) fn inspect(app: &mut App) -> Vec<Effect> {
    if let Some(dialog) = inspect::dialog(app) {
        app.dialog = Some(dialog);
    }
    Vec::new()
}

pub(super) fn read(app: &mut App, all: bool) -> Vec<Effect> {
    if all {
        return vec![Effect::Do(Act::ReadBell(None))];
    }
    let row = app.bell.rows.get(app.bell.at).filter(|row| !row.read);
    let act = row.map(|row| Act::ReadBell(Some(row.id)));
    act.map(Effect::Do).into_iter().collect()
}

/// To the run that a notification is about, or else to its unit; with that it is read.
pub(super) fn open_notification(app: &mut App) -> Vec<Effect> {
    let mut effects = read(app, false);
    let Some(row) = app.bell.rows.get(app.bell.at) else {
        return effects;
    };
    let page = match (&row.run_id, &row.unit) {
        (Some(run), _) => Page::Run(*run),
        (None, Some(unit)) => Page::Unit(unit.to_string()),
        (None, None) => return effects,
    };
    effects.extend(travel::go(app, page));
    effects
}

/// `q`: at once, unless the daemon was started for this.
pub(super) fn quit(app: &mut App) -> Vec<Effect> {
    if app.setting.own_daemon && !app.setting.demo {
        app.dialog = Some(Dialog::Quit { at: 0 });
        return Vec::new();
    }
    vec![Effect::Quit]
}
