//! Units: what they are doing, and what may be asked of them.

use axum::extract::State;
use axum::response::Response;
use runwisp_core::words::command::Command;
use runwisp_core::words::ids::UnitName;
use runwisp_core::words::run::Trigger;
use runwisp_core::words::signal::Signal;

use crate::daemon::handle::Handle;
use crate::http::query::{JsonBody, UnitPath, json};
use crate::wire::{Accepted, Problem, RunBody, SignalBody, Status, Unit, Units};

/// `GET /units`
pub async fn list(State(handle): State<Handle>) -> Result<Response, Problem> {
    let status = Status::from(handle.status().await?);
    Ok(json(Units {
        units: status.units,
    }))
}

/// `GET /units/{name}`
pub async fn show(
    State(handle): State<Handle>,
    UnitPath(name): UnitPath,
) -> Result<Response, Problem> {
    let snapshot = handle.status().await?;
    snapshot
        .units
        .into_iter()
        .find(|unit| unit.name == name)
        .map(|unit| json(Unit::from(unit)))
        .ok_or_else(|| Problem::no_unit(name.as_str()))
}

/// `POST /units/{name}/start`
pub async fn start(
    State(handle): State<Handle>,
    UnitPath(unit): UnitPath,
) -> Result<Response, Problem> {
    carry_out(&handle, Command::Start { unit }).await
}

/// `POST /units/{name}/stop`
pub async fn stop(
    State(handle): State<Handle>,
    UnitPath(unit): UnitPath,
) -> Result<Response, Problem> {
    carry_out(&handle, Command::Stop { unit }).await
}

/// `POST /units/{name}/restart`
pub async fn restart(
    State(handle): State<Handle>,
    UnitPath(unit): UnitPath,
) -> Result<Response, Problem> {
    carry_out(&handle, Command::Restart { unit }).await
}

/// `POST /units/{name}/signal`
pub async fn signal(
    State(handle): State<Handle>,
    UnitPath(unit): UnitPath,
    JsonBody(body): JsonBody<Option<SignalBody>>,
) -> Result<Response, Problem> {
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

/// `POST /tasks/{name}/run`
pub async fn run(
    State(handle): State<Handle>,
    UnitPath(unit): UnitPath,
    JsonBody(body): JsonBody<RunBody>,
) -> Result<Response, Problem> {
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
fn environment(unit: &UnitName, body: RunBody) -> Result<Vec<(String, String)>, Problem> {
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
