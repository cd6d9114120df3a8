//! Parameters and bodies of requests, read strictly: what is unknown or malformed is a problem that names it.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use runwisp_core::words::glob::Glob;
use runwisp_core::words::ids::{RunId, UnitName};
use serde::de::DeserializeOwned;

use crate::wire::{Problem, doc};

/// Query parameters; unknown ones are refused where `T` denies them.
pub struct Params<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::<T>::try_from_uri(&parts.uri)
            .map(|Query(value)| Params(value))
            .map_err(|e| Problem::invalid(e.body_text()))
    }
}

/// A JSON body; an empty one and `null` are the default.
pub struct JsonBody<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await.map_err(|e| {
            if e.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::new("request.too-large", "the body of the request is too large")
            } else {
                Problem::invalid(e.body_text())
            }
        })?;
        if bytes.is_empty() {
            return Ok(JsonBody(T::default()));
        }
        serde_json::from_slice::<Option<T>>(&bytes)
            .map(|body| JsonBody(body.unwrap_or_default()))
            .map_err(|e| Problem::invalid(format!("the body can not be understood: {e}")))
    }
}

/// The name of a unit in the path.
pub struct UnitPath(pub UnitName);

impl<S: Send + Sync> FromRequestParts<S> for UnitPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|e| Problem::invalid(e.body_text()))?;
        UnitName::new(&text)
            .map(UnitPath)
            .map_err(|_| Problem::no_unit(&text))
    }
}

/// The id of a run in the path.
pub struct RunPath(pub RunId);

impl<S: Send + Sync> FromRequestParts<S> for RunPath {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|e| Problem::invalid(e.body_text()))?;
        text.parse().map(RunPath).map_err(|_| Problem::no_run(text))
    }
}

/// A document of this version as an answer.
pub fn json<T: serde::Serialize>(body: T) -> Response {
    axum::Json(doc(body)).into_response()
}

/// A time of a query, RFC 3339.
pub fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| {
        text.parse()
            .map_err(|_| Problem::invalid(format!("{name} is not a time of RFC 3339: {text:?}")))
    })
    .transpose()
}

/// A word of a query that serde knows, such as an outcome.
pub fn word<T: DeserializeOwned>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    text.map(|text| {
        serde_json::from_value(serde_json::Value::String(text.to_owned()))
            .map_err(|e| Problem::invalid(format!("{name}: {e}")))
    })
    .transpose()
}

/// Patterns of a query, separated by commas, which no unit name holds.
pub fn globs(text: Option<&str>) -> Vec<Glob> {
    text.unwrap_or_default()
        .split(',')
        .filter(|part| !part.is_empty())
        .map(Glob::new)
        .collect()
}
