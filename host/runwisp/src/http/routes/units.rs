//! Units: what they are doing, and what may be asked of them.

use axum::extract::State;
use axum::response::Response;
use runwisp_core::words::command::Command;
use runwisp_core::words::ids::UnitName;
use runwisp_core::words::signal::Signal;

use super::tasks::{self, Wait};
use super::{theirs, visible};
use crate::daemon::handle::Handle;
use crate::http::caller::Caller;
use crate::http::query::{JsonBody, Params, UnitPath, json};
use crate::http::waiting::{Wish, runs_of, until};
use crate::wire::{Accepted, Doc, Problem, SignalBody, Status, Unit, Units, definition};

/// Every unit
#[utoipa::path(
    get, path = "/units", operation_id = "list_units", tag = "units",
    responses((status = 200, description = "By name.", body = Doc<Units>)),
)]
pub async fn list(State(handle): State<Handle>, caller: Caller) -> Result<Response, Problem> {
    let status = Status::from(visible(handle.status().await?, &caller));
    Ok(json(Units {
        units: status.units,
    }))
}

/// One unit
#[utoipa::path(
    get, path = "/units/{name}", operation_id = "get_unit", tag = "units",
    params(("name" = UnitName, Path, description = "A unit.")),
    responses((status = 200, description = "What it is doing.", body = Doc<Unit>)),
)]
pub async fn show(
    State(handle): State<Handle>,
    caller: Caller,
    UnitPath(name): UnitPath,
) -> Result<Response, Problem> {
    let snapshot = visible(handle.status().await?, &caller);
    snapshot
        .units
        .into_iter()
        .find(|unit| unit.name == name)
        .map(|unit| {
            json(Unit {
                definition: definition(&handle.plan(), &name),
                ..Unit::from(unit)
            })
        })
        .ok_or_else(|| Problem::no_unit(name.as_str()))
}

/// Start a service, or run a task once
///
/// A service is wanted up from now on. Starting what runs changes nothing.
#[utoipa::path(
    post, path = "/units/{name}/start", operation_id = "start_unit", tag = "units",
    params(("name" = UnitName, Path, description = "A unit."), Wait),
    responses((status = 200, description = "It is accepted; or with `wait`, it has come true, and `unit` says how.", body = Doc<Accepted>)),
)]
pub async fn start(
    State(handle): State<Handle>,
    caller: Caller,
    UnitPath(unit): UnitPath,
    Params(wait): Params<Wait>,
) -> Result<Response, Problem> {
    theirs(&caller, &unit)?;
    tasks::nothing_missing(&handle, &unit)?;
    let wish = Wish::Up {
        without: Vec::new(),
    };
    let command = Command::Start { unit: unit.clone() };
    carry_out_and_wait(&handle, command, &unit, &wish, &wait).await
}

/// Stop a service, or what runs of a task
///
/// A service stays down until it is started again, over restarts of the daemon too. The schedule of a task goes on.
#[utoipa::path(
    post, path = "/units/{name}/stop", operation_id = "stop_unit", tag = "units",
    params(("name" = UnitName, Path, description = "A unit."), Wait),
    responses((status = 200, description = "It is accepted; or with `wait`, it has come true, and `unit` says how.", body = Doc<Accepted>)),
)]
pub async fn stop(
    State(handle): State<Handle>,
    caller: Caller,
    UnitPath(unit): UnitPath,
    Params(wait): Params<Wait>,
) -> Result<Response, Problem> {
    theirs(&caller, &unit)?;
    let wish = Wish::Down;
    let command = Command::Stop { unit: unit.clone() };
    carry_out_and_wait(&handle, command, &unit, &wish, &wait).await
}

/// Restart a unit
///
/// Every instance of a service anew; of a task, what runs is ended, then one fresh run.
#[utoipa::path(
    post, path = "/units/{name}/restart", operation_id = "restart_unit", tag = "units",
    params(("name" = UnitName, Path, description = "A unit."), Wait),
    responses((status = 200, description = "It is accepted; or with `wait`, it has come true, and `unit` says how.", body = Doc<Accepted>)),
)]
pub async fn restart(
    State(handle): State<Handle>,
    caller: Caller,
    UnitPath(unit): UnitPath,
    Params(wait): Params<Wait>,
) -> Result<Response, Problem> {
    theirs(&caller, &unit)?;
    tasks::nothing_missing(&handle, &unit)?;
    let wish = Wish::Up {
        without: match wait.wait {
            true => runs_of(&handle, &unit).await?,
            false => Vec::new(),
        },
    };
    let command = Command::Restart { unit: unit.clone() };
    carry_out_and_wait(&handle, command, &unit, &wish, &wait).await
}

/// Send a signal to what runs of a unit
#[utoipa::path(
    post, path = "/units/{name}/signal", operation_id = "signal_unit", tag = "units",
    params(("name" = UnitName, Path, description = "A unit.")),
    request_body(content = SignalBody, description = "Which signal, and to which processes."),
    responses((status = 200, description = "It is sent.", body = Doc<Accepted>)),
)]
pub async fn signal(
    State(handle): State<Handle>,
    caller: Caller,
    UnitPath(unit): UnitPath,
    JsonBody(body): JsonBody<Option<SignalBody>>,
) -> Result<Response, Problem> {
    theirs(&caller, &unit)?;
    let body = body.ok_or_else(|| Problem::invalid("the body has to name a signal"))?;
    let signal: Signal = body
        .signal
        .parse()
        .map_err(|e| Problem::invalid(format!("{e}")))?;
    let scope = body.scope;
    carry_out(
        &handle,
        Command::Signal {
            unit,
            signal,
            scope,
        },
    )
    .await
}

/// Asks the loop and, if that is wanted, waits until it has come true.
async fn carry_out_and_wait(
    handle: &Handle,
    command: Command,
    name: &UnitName,
    wish: &Wish,
    wait: &Wait,
) -> Result<Response, Problem> {
    let mut accepted = Accepted::from(handle.command(command).await??);
    if wait.wait {
        let unit = until(handle, name, wish, wait.longest()).await?;
        accepted.unit = Some(Unit::from(unit));
    }
    Ok(json(accepted))
}

/// Asks the loop and answers with what it came to.
pub(super) async fn carry_out(handle: &Handle, command: Command) -> Result<Response, Problem> {
    let done = handle.command(command).await??;
    Ok(json(Accepted::from(done)))
}
