//! `runwisp version`: of this program, and of the daemon when one answers.

use serde::Serialize;

use super::context::Context;
use crate::client::Uri;
use crate::wire::codes::Exit;
use crate::wire::{Problem, Status};

/// The version of this program.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub struct Args {}

#[derive(Debug, Serialize)]
struct Versions {
    version: &'static str,
    daemon_version: Option<String>,
}

/// Prints it.
pub(super) async fn run(_: &Args, context: &Context) -> Result<Exit, Problem> {
    let status: Option<Status> = match context.client() {
        Ok(client) => client.get(&Uri::new(&["status"])).await.ok(),
        Err(_) => None,
    };
    let daemon_version = status.map(|status| status.daemon.version);
    if context.out.json {
        context.out.document(Versions {
            version: VERSION,
            daemon_version,
        })?;
        return Ok(Exit::Done);
    }
    context.out.line(&format!("runwisp {VERSION}"))?;
    if let Some(other) = daemon_version.filter(|v| v != VERSION) {
        context.out.message(&format!(
            "the daemon is {other}: `runwisp upgrade` puts this version in charge"
        ));
    }
    Ok(Exit::Done)
}
