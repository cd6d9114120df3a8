//! Plugins: what there is, what each may reach, and how it stands. They are added and removed by the command line alone.

use axum::extract::{Path, State};
use axum::response::Response;

use crate::daemon::handle::{Handle, PluginSeen};
use crate::http::query::json;
use crate::wire::{Doc, Plugin, PluginDetails, Plugins, Problem};

/// The plugins there are
#[utoipa::path(
    get, path = "/plugins", operation_id = "list_plugins", tag = "plugins",
    responses((status = 200, description = "Bundled ones first.", body = Doc<Plugins>)),
)]
pub async fn list(State(handle): State<Handle>) -> Result<Response, Problem> {
    let seen = handle.plugins(None).await??;
    Ok(json(Plugins {
        plugins: seen
            .iter()
            .map(|seen| counted(seen, Plugin::from(&seen.looked)))
            .collect(),
    }))
}

/// A plugin, with what it asks for and the settings it takes
///
/// What is wrong with one that can not be run stands in `problem`.
#[utoipa::path(
    get, path = "/plugins/{name}", operation_id = "get_plugin", tag = "plugins",
    params(("name" = String, Path, description = "Its name.")),
    responses((status = 200, description = "It.", body = Doc<PluginDetails>)),
)]
pub async fn show(
    State(handle): State<Handle>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let seen = handle.plugins(Some(name.clone())).await??;
    let seen = seen
        .first()
        .ok_or_else(|| Problem::new("plugin.unknown", format!("there is no plugin `{name}`")))?;
    let mut details = PluginDetails::from(&seen.looked);
    details.plugin = counted(seen, details.plugin);
    Ok(json(details))
}

fn counted(seen: &PluginSeen, plugin: Plugin) -> Plugin {
    Plugin {
        calls: Some(seen.calls),
        failures: Some(seen.failures),
        ..plugin
    }
}
