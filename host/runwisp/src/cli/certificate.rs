//! `runwisp certificate`: the fingerprint of what HTTPS is served with, to compare with what a browser shows.

use super::context::Context;
use crate::client::Uri;
use crate::wire::codes::Exit;
use crate::wire::{Problem, Status};

/// Prints the SHA-256 fingerprint of the certificate that the daemon serves HTTPS with.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Shows it.
pub(super) async fn run(_: &Args, context: &Context) -> Result<Exit, Problem> {
    let status: Status = context.client()?.get(&Uri::new(&["status"])).await?;
    let fingerprint = status.daemon.certificate.clone().ok_or_else(|| {
        Problem::new("certificate.none", "the daemon serves no HTTPS")
            .help("`tls = \"auto\"` in `[daemon]`, or `tls_cert` and `tls_key`, turn it on.")
    })?;
    if context.out.json {
        context.out.document(&status.daemon)?;
    } else {
        context.out.line(&fingerprint)?;
    }
    Ok(Exit::Done)
}
