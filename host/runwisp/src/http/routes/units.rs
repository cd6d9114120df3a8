//! Units: what they are doing, and what may be asked of them.

use axum::extract::State;
use axum::response::Response;
use runwisp_core::words::command::Command;
use runwisp_core::words::ids::UnitName;
use runwisp_core::words::run::Trigger;
use runwisp_core::words::signal::Signal;

use super::{theirs, visible};
use crate::daemon::handle::Handle;
use crate::http::caller::Caller;
use crate::http::query::{JsonBody, UnitPath, json};
use crate::wire::{Accepted, Doc, Problem, RunBody, SignalBody, Status, Unit, Units};

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
        .map(|unit| json(Unit::from(unit)))
        .ok_or_else(|| Problem::no_unit(name.as_str()))
}

/// Start a service, or run a task once
///
/// A service is wanted up from now on. Starting what runs changes nothing.
#[utoipa::path(
    post, path = "/units/{name}/start", operation_id = "start_unit", tag = "units",
    params(("name" = UnitName, Path, description = "A unit.")),
    responses((status = 200, description = "It is accepted.", body = Doc<Accepted>)),
)]
pub async fn start(
    State(handle): State<Handle>,
    caller: Caller,
    UnitPath(unit): UnitPath,
) -> Result<Response, Problem> {
    theirs(&caller, &unit)?;
    carry_out(&handle, Command::Start { unit }).await
}

/// Stop a service, or what runs of a task
///
/// A service stays down until it is started again, over restarts of the daemon too. The schedule of a task goes on.
#[utoipa::path(
    post, path = "/units/{name}/stop", operation_id = "stop_unit", tag = "units",
    params(("name" = UnitName, Path, description = "A unit.")),
    responses((status = 200, description = "It is accepted.", body = Doc<Accepted>)),
)]
pub async fn stop(
    State(handle): State<Handle>,
    caller: Caller,
    UnitPath(unit): UnitPath,
) -> Result<Response, Problem> {
    theirs(&caller, &unit)?;
    carry_out(&handle, Command::Stop { unit }).await
}

/// Restart a unit
///
/// Every instance of a service anew; of a task, what runs is ended, then one fresh run.
#[utoipa::path(
    post, path = "/units/{name}/restart", operation_id = "restart_unit", tag = "units",
    params(("name" = UnitName, Path, description = "A unit.")),
    responses((status = 200, description = "It is accepted.", body = Doc<Accepted>)),
)]
pub async fn restart(
    State(handle): State<Handle>,
    caller: Caller,
    UnitPath(unit): UnitPath,
) -> Result<Response, Problem> {
    theirs(&caller, &unit)?;
    carry_out(&handle, Command::Restart { unit }).await
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

/// Run a task once
#[utoipa::path(
    post, path = "/tasks/{name}/run", operation_id = "run_task", tag = "units",
    params(("name" = UnitName, Path, description = "A task.")),
    request_body(content = Option<RunBody>, description = "Its parameters."),
    responses((status = 200, description = "The run is decided on; it runs, or waits for its turn.", body = Doc<Accepted>)),
)]
pub async fn run(
    State(handle): State<Handle>,
    caller: Caller,
    UnitPath(unit): UnitPath,
    JsonBody(body): JsonBody<RunBody>,
) -> Result<Response, Problem> {
    theirs(&caller, &unit)?;
    let params = environment(&unit, body)?;
    let trigger = Trigger::Manual;
    carry_out(
        &handle,
        Command::Run {
            unit,
            trigger,
            params,
        },
    )
    .await
}

/// Parameters travel in the environment as `RUNWISP_PARAM_NAME`.
pub(super) fn environment(
    unit: &UnitName,
    body: RunBody,
) -> Result<Vec<(String, String)>, Problem> {
    body.params
        .into_iter()
        .map(|(name, value)| {
            let fine = !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
            if !fine || value.contains('\0') {
                return Err(Problem::invalid(format!(
                    "{name:?} can not be a parameter of {unit}: names are letters, digits, _ and -"
                )));
            }
            let variable = name.to_ascii_uppercase().replace('-', "_");
            Ok((format!("RUNWISP_PARAM_{variable}"), value))
        })
        .collect()
}

/// Asks the loop and answers with what it came to.
pub(super) async fn carry_out(handle: &Handle, command: Command) -> Result<Response, Problem> {
    let done = handle.command(command).await??;
    Ok(json(Accepted::from(done)))
}
