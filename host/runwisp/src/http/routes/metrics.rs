//! What has been counted, for Prometheus and its kin.
//!
//! Not part of the API's version: whoever reads it looks for `/metrics`, and for a media type of its own.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use runwisp_core::config::plan::Metrics;
use runwisp_core::figures::exposition::{Dialect, expose};

use super::past;
use crate::daemon::handle::Handle;
use crate::http::access::guard::Peer;
use crate::wire::Problem;

/// `GET /metrics` beside the API: on the socket always, on TCP where the configuration says so.
pub async fn metrics(
    State(handle): State<Handle>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let on = handle.plan().daemon.metrics() == Metrics::On;
    if !on && matches!(peer, Peer::Tcp { .. }) {
        return Err(Problem::new("route.unknown", "metrics are not served here")
            .help("`metrics = \"on\"` in `[daemon]` serves them."));
    }
    answer(&handle, &headers).await
}

/// `GET /metrics` at an address of its own.
pub async fn alone(State(handle): State<Handle>, headers: HeaderMap) -> Result<Response, Problem> {
    answer(&handle, &headers).await
}

async fn answer(handle: &Handle, headers: &HeaderMap) -> Result<Response, Problem> {
    let accept = headers.get(header::ACCEPT);
    let dialect = Dialect::for_reader(accept.and_then(|accept| accept.to_str().ok()));
    let mut snapshot = handle.figures().await?;
    let text = past(handle, move |history| {
        for (unit, run, bytes) in &mut snapshot.live {
            *bytes = history.written(unit, *run);
        }
        Ok(expose(&snapshot, dialect))
    })
    .await?;
    Ok(([(header::CONTENT_TYPE, dialect.content_type())], text).into_response())
}

#[cfg(test)]
mod tests {
    use runwisp_core::figures::exposition::manual;

    #[test]
    fn golden_of_the_manuals_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (before, rest) = page.split_once("<!-- metrics -->\n").unwrap();
        let (_, after) = rest.split_once("<!-- /metrics -->").unwrap();
        let fresh = format!(
            "{before}<!-- metrics -->\n{}<!-- /metrics -->{after}",
            manual()
        );
        if std::env::var_os("RUNWISP_BLESS").is_some() {
            std::fs::write(path, &fresh).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap();
        assert!(
            kept == fresh,
            "docs/metrics.md is stale; run `cargo xtask codegen`"
        );
    }
}
