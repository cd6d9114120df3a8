//! The configuration, read anew.

use axum::extract::State;
use axum::response::Response;
use runwisp_core::words::glob::Glob;
use serde::Deserialize;

use crate::daemon::handle::Handle;
use crate::http::query::{JsonBody, Params, json};
use crate::wire::{Problem, Reload, ReloadBody};

/// How.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct How {
    #[serde(default)]
    plan_only: bool,
}

/// `POST /reload`
pub async fn reload(
    State(handle): State<Handle>,
    Params(how): Params<How>,
    JsonBody(body): JsonBody<ReloadBody>,
) -> Result<Response, Problem> {
    let only = body.units.into_iter().map(Glob::new).collect();
    let report = handle.reload(only, how.plan_only).await??;
    Ok(json(Reload::from(report)))
}
