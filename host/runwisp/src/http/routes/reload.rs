//! The configuration, read anew.

use axum::extract::State;
use axum::response::Response;
use runwisp_core::words::glob::Glob;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::daemon::handle::Handle;
use crate::http::query::{JsonBody, Params, json};
use crate::wire::{Doc, Problem, Reload, ReloadBody};

/// How.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct How {
    /// Change nothing, and say what would change.
    #[serde(default)]
    plan_only: bool,
}

/// Put a changed configuration in force
///
/// The files are read anew and checked. With an error in them nothing changes, and the problem lists every finding.
#[utoipa::path(
    post, path = "/reload", operation_id = "reload", tag = "daemon", params(How),
    request_body(content = Option<ReloadBody>, description = "Which units to touch; without a body, all that changed."),
    responses((status = 200, description = "What changed, or would.", body = Doc<Reload>)),
)]
pub async fn reload(
    State(handle): State<Handle>,
    Params(how): Params<How>,
    JsonBody(body): JsonBody<ReloadBody>,
) -> Result<Response, Problem> {
    let only = body.units.into_iter().map(Glob::new).collect();
    let report = handle.reload(only, how.plan_only).await??;
    Ok(json(Reload::from(report)))
}
