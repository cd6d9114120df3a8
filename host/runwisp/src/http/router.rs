//! Every path of the API, in one place.
//!
//! Invariant: a path stands here once, with its description; the document is made from the same list. Who may ask what
//! stands in `access/rights.rs`; the guard puts a [`super::caller::Caller`] beside each request that it lets pass.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::guard::{self, Guard};
use super::routes::{
    audit, bulk, calendar, daemon, events, figures, healthz, hooks, log_search, log_stream, logs,
    messages, metrics, password, plugins, reload, runs, schedule, search, session, status, tasks,
    ticks, tokens, units,
};
use super::{MAX_BODY, openapi, page, reference};
use crate::daemon::handle::Handle;
use crate::wire::{PREFIX, Problem};

/// The API over this daemon, behind its guard. `listen` is what the command line said about where HTTP is served.
pub fn guarded(handle: Handle, listen: Option<String>) -> Router {
    let guard = Guard::new(handle.clone(), listen);
    router(handle).layer(from_fn_with_state(guard, guard::guard))
}

/// Metrics and nothing else, for who reaches the address that is theirs alone.
pub fn metrics_alone(handle: Handle) -> Router {
    Router::new()
        .route("/metrics", get(metrics::alone))
        .fallback(|| async { Problem::new("route.unknown", "metrics are at /metrics") })
        .with_state(handle)
}

fn router(handle: Handle) -> Router {
    let (paths, _) = paths().split_for_parts();
    let api = paths
        .method_not_allowed_fallback(|| async {
            Problem::new("route.method", "this path takes another method")
        })
        .fallback(|| async { Problem::new("route.unknown", "the API has nothing at this path") })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(handle.clone());
    Router::new()
        .nest(PREFIX, api)
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(openapi::show))
        .route("/api", get(reference::page))
        .route("/api.css", get(reference::style))
        .route("/healthz", get(healthz::healthz))
        .route("/", get(page::index))
        .route("/{*file}", get(page::file))
        .with_state(handle)
        .fallback(|| async { Problem::new("route.unknown", "the API has nothing at this path") })
}

/// What the paths say of themselves.
pub(super) fn described() -> OpenApi {
    paths().split_for_parts().1
}

fn paths() -> OpenApiRouter<Handle> {
    OpenApiRouter::new()
        .routes(routes!(session::show, session::begin, session::end))
        .routes(routes!(session::end_all))
        .routes(routes!(password::show, password::set))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(audit::list))
        .routes(routes!(hooks::trigger))
        .routes(routes!(status::status))
        .routes(routes!(status::daemon))
        .routes(routes!(units::list))
        .routes(routes!(units::show))
        .routes(routes!(units::start))
        .routes(routes!(units::stop))
        .routes(routes!(units::restart))
        .routes(routes!(units::signal))
        .routes(routes!(tasks::run))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show))
        .routes(routes!(runs::summary))
        .routes(routes!(runs::delete))
        .routes(routes!(runs::stop))
        .routes(routes!(runs::rerun))
        .routes(routes!(bulk::bulk))
        .routes(routes!(logs::page))
        .routes(routes!(logs::download))
        .routes(routes!(log_search::search))
        .routes(routes!(log_stream::stream))
        .routes(routes!(logs::follow))
        .routes(routes!(search::search))
        .routes(routes!(schedule::next))
        .routes(routes!(schedule::explain))
        .routes(routes!(ticks::list))
        .routes(routes!(calendar::show))
        .routes(routes!(reload::reload))
        .routes(routes!(daemon::stop))
        .routes(routes!(daemon::restart))
        .routes(routes!(daemon::upgrade))
        .routes(routes!(events::events))
        .routes(routes!(figures::host))
        .routes(routes!(figures::samples))
        .routes(routes!(messages::deliveries))
        .routes(routes!(messages::retry))
        .routes(routes!(messages::notifications))
        .routes(routes!(messages::read))
        .routes(routes!(messages::unread))
        .routes(routes!(messages::notifiers))
        .routes(routes!(messages::test))
        .routes(routes!(plugins::list))
        .routes(routes!(plugins::show))
}
