//! The password, for those on the socket.

use axum::extract::State;
use axum::response::Response;

use super::session::changed;
use crate::access::Access;
use crate::daemon::handle::Handle;
use crate::http::query::{JsonBody, json};
use crate::wire::access::{Password, SetPassword};
use crate::wire::{Doc, Problem};

/// Show the password
///
/// One that was generated is shown, others are not: only their digest is kept. Answered on the socket alone.
#[utoipa::path(
    get, path = "/password", operation_id = "show_password", tag = "access",
    responses((status = 200, description = "What can be said of it.", body = Doc<Password>)),
)]
pub async fn show(State(handle): State<Handle>) -> Response {
    json(described(&handle.access()))
}

/// Set a password
///
/// Ends every session that was made with the one before. Answered on the socket alone.
#[utoipa::path(
    put, path = "/password", operation_id = "set_password", tag = "access", request_body = SetPassword,
    responses((status = 200, description = "It is in force.", body = Doc<Password>)),
)]
pub async fn set(
    State(handle): State<Handle>,
    JsonBody(body): JsonBody<SetPassword>,
) -> Result<Response, Problem> {
    let access = handle.access();
    let set = access.set_password(body.viewer, body.password).await;
    set.map_err(|e| changed(&e))?;
    Ok(json(described(&access)))
}

fn described(access: &Access) -> Password {
    let (origin, password) = access.password();
    Password {
        password,
        origin: origin.as_str().to_owned(),
        viewer: access.has_viewer(),
    }
}
