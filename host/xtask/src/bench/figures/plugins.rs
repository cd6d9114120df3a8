//! What plugins cost. The figures are taken by a bench of the crate that runs them, which prints `NAME VALUE`.

use crate::bench::place::Place;
use crate::bench::subjects::Subject;
use crate::shell::{command, output};

pub(super) fn first(_: &dyn Subject, _: &Place, _: bool) -> Result<String, String> {
    figure("plugin-first")
}

pub(super) fn cached(_: &dyn Subject, _: &Place, _: bool) -> Result<String, String> {
    figure("plugin-cached")
}

pub(super) fn warm(_: &dyn Subject, _: &Place, _: bool) -> Result<String, String> {
    figure("plugin-warm")
}

pub(super) fn memory(_: &dyn Subject, _: &Place, _: bool) -> Result<String, String> {
    figure("plugin-memory")
}

pub(super) fn timers(_: &dyn Subject, _: &Place, _: bool) -> Result<String, String> {
    figure("plugin-timers")
}

fn figure(name: &str) -> Result<String, String> {
    let package = ["bench", "--package", "runwisp-plugin-host"];
    let printed = output(&mut command(
        "cargo",
        &[&package[..], &["--bench", "plugins", "--", name]].concat(),
    ))?;
    let value = printed.lines().find_map(|line| line.strip_prefix(name));
    value
        .map(|value| value.trim().to_owned())
        .ok_or_else(|| format!("the bench printed no {name}"))
}
