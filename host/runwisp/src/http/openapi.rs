//! The description of the API (OpenAPI 3.1), made from the handlers and the documents they answer with.
//!
//! `runwisp openapi` prints it, `GET /openapi.json` serves it, `web/openapi.json` is a copy for readers and for the page's
//! types. Tests: below; the copy is compared.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use runwisp_core::words::event::Envelope;
use utoipa::OpenApi as _;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{OpenApi, Ref, RefOr};

use super::router::described;
use crate::wire::{Doc, LogItem, PREFIX, ProblemDocument};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "runwisp",
        description = "Everything the command line can do, over HTTP. Every document has a `schema_version`; within a version fields are \
                       added, never renamed or removed. Names are snake_case; lengths end in `_ms`, sizes in `_bytes`, times are RFC 3339 \
                       in UTC. What is refused is a problem document with a stable `code`.",
        license(name = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "access", description = "Who may do what: sessions, the password, tokens."),
        (name = "daemon", description = "The daemon itself and its configuration."),
        (name = "units", description = "Services and tasks: what they are doing, and what may be asked of them."),
        (name = "runs", description = "What ran, what runs, and how it ended."),
        (name = "logs", description = "What runs printed."),
        (name = "time", description = "Schedules: what fires next, and what became of what fired."),
        (name = "messages", description = "What people were told."),
        (name = "plugins", description = "What runs in a sandbox here, and what each may reach."),
        (name = "figures", description = "What is used: processor time, memory, disks."),
        (name = "events", description = "What happens, as it happens."),
    ),
    components(schemas(crate::http::choose::Order, crate::http::routes::hooks::Action, Doc<ProblemDocument>, Envelope, LogItem)),
)]
struct Head;

/// The description.
pub fn document() -> OpenApi {
    let mut whole = Head::openapi();
    whole.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let mut paths = described();
    for item in paths.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            operation
                .responses
                .responses
                .insert("default".to_owned(), RefOr::T(refusal()));
        }
    }
    whole.nest(PREFIX, paths)
}

/// What every path may answer instead.
fn refusal() -> utoipa::openapi::Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Doc_Problem")))
        .build();
    ResponseBuilder::new()
        .description("It was refused; `code` says why.")
        .content("application/problem+json", content)
        .build()
}

/// The description as text.
pub fn text() -> String {
    // It is made of strings and lists, which JSON can always say.
    let text = document().to_pretty_json().unwrap_or_default();
    // The registry of formats has `uint32`, where the library writes `u-int32`.
    let mut text = text.replace("\"format\": \"u-int", "\"format\": \"uint");
    text.push('\n');
    text
}

/// `GET /openapi.json`
pub(super) async fn show() -> Response {
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| text().into());
    ([(header::CONTENT_TYPE, "application/json")], TEXT.clone()).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn golden_of_the_description() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/openapi.json");
        if std::env::var_os("RUNWISP_BLESS").is_some() {
            std::fs::write(path, text()).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == text(),
            "web/openapi.json is stale; run `cargo xtask codegen`"
        );
    }

    #[test]
    fn every_operation_has_an_id_of_its_own_and_says_what_it_is() {
        let mut seen = HashSet::new();
        for (path, item) in &document().paths.paths {
            for operation in [&item.get, &item.post, &item.put, &item.delete]
                .into_iter()
                .flatten()
            {
                let id = operation.operation_id.clone().unwrap_or_default();
                assert!(!id.is_empty() && seen.insert(id.clone()), "{path}: {id:?}");
                assert!(operation.summary.is_some(), "{path} has no summary");
                assert!(operation.tags.is_some(), "{path} has no tag");
                for (status, response) in &operation.responses.responses {
                    let RefOr::T(response) = response else {
                        continue;
                    };
                    assert!(!response.description.is_empty(), "{path} {status}");
                }
            }
        }
    }

    /// A reference to nothing would break whoever makes types of it.
    #[test]
    fn every_reference_leads_somewhere() {
        let document = serde_json::to_value(document()).unwrap();
        let text = document.to_string();
        for part in text.split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(!document["components"]["schemas"][name].is_null(), "{name}");
        }
    }
}
