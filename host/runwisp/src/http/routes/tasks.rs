//! Running tasks: parameters, keys, and waiting for the end.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use runwisp_core::config::params;
use runwisp_core::words::command::{Command, Done};
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::{RunRecord, Trigger};
use runwisp_core::words::spawn::RunVars;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{past, theirs};
use crate::daemon::handle::{Handle, Key, Keyed};
use crate::http::caller::Caller;
use crate::http::query::{JsonBody, Params, UnitPath, json};
use crate::wire::{Accepted, Doc, Problem, Run, RunBody};

/// The most bytes of all parameters together.
const MAX_PARAMS: usize = 16 * 1024;

/// The longest key.
const MAX_KEY: usize = 200;

/// How long is waited when nobody says, and at most.
const DEFAULT_WAIT: Duration = Duration::from_secs(120);
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// What variables of parameters begin with that a unit does not declare.
const PREFIX: &str = "RUNWISP_PARAM_";

/// Whether to wait.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// Answer only once it is true: the run has ended, the unit runs or is stopped.
    #[serde(default)]
    pub wait: bool,
    /// The longest to wait; 120,000 unless told, 3,600,000 at most. What was begun goes on.
    pub timeout_ms: Option<u64>,
}

impl Wait {
    /// The longest to wait.
    pub fn longest(&self) -> Duration {
        self.timeout_ms
            .map_or(DEFAULT_WAIT, Duration::from_millis)
            .min(MAX_WAIT)
    }
}

/// It took too long.
pub(in crate::http) fn too_long(longest: Duration) -> Problem {
    let ms = longest.as_millis();
    Problem::new(
        "wait.timeout",
        format!("it did not come true within {ms} ms"),
    )
    .help("What was begun goes on; ask again, or with a larger `timeout_ms`.")
}

/// Run a task once
///
/// With the header `Idempotency-Key`, the same request sent again within 24 h is answered with the same run.
#[utoipa::path(
    post, path = "/tasks/{name}/run", operation_id = "run_task", tag = "units",
    params(
        ("name" = UnitName, Path, description = "A task."), Wait,
        ("idempotency-key" = Option<String>, Header, description = "What the caller calls this request; 1 to 200 characters."),
    ),
    request_body(content = Option<RunBody>, description = "Its parameters."),
    responses((status = 200, description = "The run is decided on; or with `wait`, it has ended.", body = Doc<Accepted>)),
)]
pub async fn run(
    State(handle): State<Handle>,
    caller: Caller,
    UnitPath(unit): UnitPath,
    Params(wait): Params<Wait>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<RunBody>,
) -> Result<Response, Problem> {
    theirs(&caller, &unit)?;
    let given = variables(&handle, &unit, &body.params)?;
    let name = key(&headers)?;
    let command = Command::Run {
        unit: unit.clone(),
        trigger: Trigger::Manual,
        params: given,
    };
    let done = match name {
        None => handle.command(command).await??,
        Some(name) => {
            let key = Key {
                unit,
                name,
                body: serde_json::to_string(&body.params).unwrap_or_default(),
            };
            once(&handle, key, command).await?
        }
    };
    let mut accepted = Accepted::from(done);
    if wait.wait
        && let Some(run) = accepted.runs.last()
    {
        accepted.run = Some(ended(&handle, *run, wait.longest()).await?);
    }
    Ok(json(accepted))
}

/// The name of the request, where it has one.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let name = value.to_str().unwrap_or_default();
    if name.is_empty() || name.len() > MAX_KEY {
        return Err(Problem::invalid(format!(
            "idempotency-key is of 1 to {MAX_KEY} visible characters"
        )));
    }
    Ok(Some(name.to_owned()))
}

async fn once(handle: &Handle, key: Key, command: Command) -> Result<Done, Problem> {
    let taken = || {
        Problem::new(
            "request.idempotency",
            "this idempotency-key was used for another request",
        )
        .help("Give every request its own key.")
    };
    let (unit, name) = (key.unit.clone(), key.name.clone());
    let before = past(handle, move |history| history.request(&unit, &name)).await?;
    match before {
        Some(before) if before.body != key.body => Err(taken()),
        Some(before) => Ok(Done {
            runs: vec![before.run],
            changed: false,
        }),
        None => match handle.keyed(key, command).await?? {
            Keyed::Done(done) => Ok(done),
            Keyed::Taken => Err(taken()),
        },
    }
}

/// The row of a run once it has ended.
async fn ended(handle: &Handle, run: RunId, longest: Duration) -> Result<Run, Problem> {
    let row = tokio::time::timeout(longest, handle.run(run, true)).await;
    let row = match row.map_err(|_| too_long(longest))?? {
        Some(row) => Some(*row),
        None => past(handle, move |history| history.run(run)).await?,
    };
    row.map(Run::from).ok_or_else(|| Problem::no_run(run))
}

/// The command that runs the task of a run once more.
pub(super) fn again(
    handle: &Handle,
    row: RunRecord,
    others: Option<BTreeMap<String, String>>,
) -> Result<Command, Problem> {
    let params = match others {
        Some(others) => variables(handle, &row.unit, &others)?,
        None => {
            let same = row.params.into_iter();
            let named = same.map(|(name, value)| {
                let bare = name.strip_prefix(PREFIX).map(str::to_owned);
                (bare.unwrap_or(name), value)
            });
            variables(handle, &row.unit, &named.collect())?
        }
    };
    Ok(Command::Run {
        unit: row.unit,
        trigger: Trigger::Manual,
        params,
    })
}

/// Parameters as variables: those that the unit declares, by their names; those of a unit that declares none as
/// `RUNWISP_PARAM_NAME`.
pub(super) fn variables(
    handle: &Handle,
    unit: &UnitName,
    given: &BTreeMap<String, String>,
) -> Result<RunVars, Problem> {
    let size: usize = given
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > MAX_PARAMS {
        let message = format!("the parameters are {size} bytes; {MAX_PARAMS} are taken");
        return Err(Problem::new("request.params", message));
    }
    let plan = handle.plan();
    let declared = plan.units.get(unit).map(params::declared);
    match declared {
        Some(declared) if !declared.is_empty() => {
            params::check(&declared, given).map_err(|wrong| {
                let list: Vec<String> = wrong
                    .iter()
                    .map(|bad| format!("{} {}", bad.name, bad.why))
                    .collect();
                let names: Vec<&str> = declared.iter().map(|p| p.name.as_str()).collect();
                Problem::new("request.params", format!("{unit}: {}", list.join("; ")))
                    .help(format!("Its parameters are {}.", names.join(", ")))
            })
        }
        _ => given
            .iter()
            .map(|(name, value)| undeclared(unit, name, value))
            .collect(),
    }
}

/// Refuses what would run a task without a parameter that it requires.
pub(super) fn nothing_missing(handle: &Handle, unit: &UnitName) -> Result<(), Problem> {
    variables(handle, unit, &BTreeMap::new()).map(drop)
}

fn undeclared(unit: &UnitName, name: &str, value: &str) -> Result<(String, String), Problem> {
    let fine = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !fine || value.contains('\0') {
        return Err(Problem::new(
            "request.params",
            format!(
                "{name:?} can not be a parameter of {unit}: names are letters, digits, _ and -"
            ),
        ));
    }
    let variable = name.to_ascii_uppercase().replace('-', "_");
    Ok((format!("{PREFIX}{variable}"), value.to_owned()))
}
