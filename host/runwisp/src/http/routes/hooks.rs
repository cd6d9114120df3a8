//! Hooks: a remote caller with a unit's `hook_tokens` triggers that unit and can do nothing else.
//!
//! Invariant: an unknown unit, a unit without tokens and a wrong token get one answer, after the same work.
//! Tests: below, `wire/tests/guard.rs`, `tests/e2e/access.rs`.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use runwisp_core::config::plan::Unit;
use runwisp_core::words::command::Command;
use runwisp_core::words::run::{Kind, Trigger};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::tasks::{nothing_missing, variables};
use super::units::carry_out;
use crate::access::secret;
use crate::daemon::handle::Handle;
use crate::http::access::guard::{Origin, bearer};
use crate::http::caller::{Caller, CallerKind, Scope};
use crate::http::query::{JsonBody, Params};
use crate::wire::{Accepted, Doc, Problem, RunBody};

/// What the hook is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Run the task now.
    Run,
    /// Start the service, or the task if it does not run.
    Start,
    /// Stop it.
    Stop,
    /// Stop it and start it again.
    Restart,
}

/// How.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// What to do; left out, a task is run and a service is started.
    action: Option<Action>,
}

/// Trigger a unit by its hook
///
/// The token is one of the unit's `hook_tokens`, as `Authorization: Bearer …` or `X-Runwisp-Token`. A token without
/// `allow` runs a task, or starts and restarts a service. Wrong ones are counted for each address.
#[utoipa::path(
    post, path = "/hooks/{unit}", operation_id = "trigger_hook", tag = "units",
    params(("unit" = String, Path, description = "The unit."), Wanted),
    request_body(content = Option<RunBody>, description = "Parameters of a run."),
    responses((status = 200, description = "It is decided on.", body = Doc<Accepted>)),
)]
pub async fn trigger(
    State(handle): State<Handle>,
    Extension(origin): Extension<Origin>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Params(wanted): Params<Wanted>,
    JsonBody(body): JsonBody<RunBody>,
) -> Result<Response, Problem> {
    let access = handle.access();
    if let Some(address) = origin.address
        && let Err(seconds) = access.hook_begins(address)
    {
        return Ok(too_many(seconds));
    }
    let plan = handle.plan();
    let unit = plan.units.iter().find(|(known, _)| known.as_str() == name);
    let unit = unit.map(|(_, unit)| unit);
    let known = known(unit, bearer(&headers).unwrap_or_default());
    let (Some(unit), Some(token)) = (unit, known) else {
        return Err(Problem::new(
            "hook.invalid",
            "there is no such unit, or this is not one of its hook tokens",
        ));
    };
    if let Some(address) = origin.address {
        access.hook_was_right(address);
    }
    let caller = Caller {
        kind: CallerKind::Hook,
        name: format!("hook of {name}"),
        scope: Scope::Operate,
        units: Some(vec![]),
        from: origin.shown,
    };
    let answer = carried_out(&handle, unit, token, wanted, body).await;
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    response.extensions_mut().insert(caller);
    Ok(response)
}

async fn carried_out(
    handle: &Handle,
    unit: &Unit,
    token: &Value,
    wanted: Wanted,
    body: RunBody,
) -> Result<Response, Problem> {
    let usual = match unit.kind() {
        Kind::Task => Action::Run,
        Kind::Service => Action::Start,
    };
    let action = wanted.action.unwrap_or(usual);
    if !allows(unit.kind(), token, action) {
        return Err(
            Problem::new("hook.action", "this token does not allow that")
                .help("`allow` in `hook_tokens` says what it does."),
        );
    }
    let name = unit.name.clone();
    if matches!(action, Action::Start | Action::Restart) {
        nothing_missing(handle, &name)?;
    }
    let command = match action {
        Action::Run => Command::Run {
            params: variables(handle, &name, &body.params)?,
            trigger: Trigger::Hook,
            unit: name,
        },
        Action::Start => Command::Start { unit: name },
        Action::Stop => Command::Stop { unit: name },
        Action::Restart => Command::Restart { unit: name },
    };
    carry_out(handle, command).await
}

/// The token of the unit that this is. Looks at every one of them, so that the time says nothing about which it was.
fn known<'a>(unit: Option<&'a Unit>, sent: &str) -> Option<&'a Value> {
    let tokens = unit.map(|unit| &unit.edges["hook_tokens"]);
    let tokens: Vec<&Value> = match tokens {
        Some(Value::Array(tokens)) => tokens.iter().collect(),
        Some(Value::Null) | None => Vec::new(),
        Some(one) => vec![one],
    };
    let sent = secret::digest(sent);
    let mut found = None;
    for token in tokens {
        let text = token.as_str().or_else(|| token["token"].as_str());
        if text.is_some_and(|text| secret::digest(text) == sent) {
            found = Some(token);
        }
    }
    found
}

/// Whether a token allows this; one that does not say so allows to trigger.
fn allows(kind: Kind, token: &Value, action: Action) -> bool {
    let word = match action {
        Action::Run => "run",
        Action::Start => "start",
        Action::Stop => "stop",
        Action::Restart => "restart",
    };
    match (&token["allow"], kind) {
        (Value::Array(words), _) => words.iter().any(|allowed| allowed == word),
        (_, Kind::Task) => action == Action::Run,
        (_, Kind::Service) => matches!(action, Action::Start | Action::Restart),
    }
}

fn too_many(seconds: u64) -> Response {
    let problem = Problem::new(
        "hook.too-many",
        "too many wrong hook tokens came from this address",
    )
    .help(format!("Try again in {seconds} s."));
    let mut response = problem.into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_does_what_it_says_or_triggers() {
        let plain = json!("secret");
        let stops = json!({"token": "secret", "allow": ["stop"]});
        let none = json!({"token": "secret", "allow": []});
        for (kind, token, action, allowed) in [
            (Kind::Task, &plain, Action::Run, true),
            (Kind::Task, &plain, Action::Stop, false),
            (Kind::Service, &plain, Action::Restart, true),
            (Kind::Service, &plain, Action::Stop, false),
            (Kind::Task, &stops, Action::Stop, true),
            (Kind::Task, &stops, Action::Run, false),
            (Kind::Task, &none, Action::Run, false),
        ] {
            assert_eq!(allows(kind, token, action), allowed, "{token} {action:?}");
        }
    }
}
