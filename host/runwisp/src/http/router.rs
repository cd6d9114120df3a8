//! Every path of the API, in one place.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::MAX_BODY;
use super::routes::{
    daemon, events, figures, logs, messages, reload, runs, schedule, search, status, units,
};
use crate::daemon::handle::Handle;
use crate::wire::{PREFIX, Problem};

/// The API over this daemon.
pub fn router(handle: Handle) -> Router {
    let api = Router::new()
        .route("/status", get(status::status))
        .route("/units", get(units::list))
        .route("/units/{name}", get(units::show))
        .route("/units/{name}/start", post(units::start))
        .route("/units/{name}/stop", post(units::stop))
        .route("/units/{name}/restart", post(units::restart))
        .route("/units/{name}/signal", post(units::signal))
        .route("/tasks/{name}/run", post(units::run))
        .route("/runs", get(runs::list))
        .route("/runs/{id}", get(runs::show))
        .route("/runs/{id}/stop", post(runs::stop))
        .route("/runs/{id}/log", get(logs::page))
        .route("/logs/follow", get(logs::follow))
        .route("/search", get(search::search))
        .route("/next", get(schedule::next))
        .route("/explain/{task}", get(schedule::explain))
        .route("/reload", post(reload::reload))
        .route("/daemon/stop", post(daemon::stop))
        .route("/daemon/restart", post(daemon::restart))
        .route("/daemon/upgrade", post(daemon::upgrade))
        .route("/events", get(events::events))
        .route("/host", get(figures::host))
        .route("/samples", get(figures::samples))
        .route("/deliveries", get(messages::deliveries))
        .route("/notifications", get(messages::notifications))
        .route("/notifications/read", post(messages::read))
        .route("/notifiers/{id}/test", post(messages::test))
        .method_not_allowed_fallback(|| async {
            Problem::new("route.method", "this path takes another method")
        })
        .fallback(|| async { Problem::new("route.unknown", "the API has nothing at this path") })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(handle);
    Router::new()
        .nest(PREFIX, api)
        .fallback(|| async { Problem::new("route.unknown", "the API has nothing at this path") })
}
