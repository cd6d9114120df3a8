//! `runwisp plugin add`: installs a plugin, after somebody said yes to what it asks for.

use runwisp_plugin_host::{Component, Digest, Grants, Inspection};
use serde_json::json;

use super::{consent, fetch, look, registry};
use crate::bundled;
use crate::cli::context::Context;
use crate::cli::plugin::failure;
use crate::plugins::Registry;
use crate::plugins::lock::Locked;
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// What to install.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A file, an https address, or oci://HOST/NAME:TAG
    source: String,
    /// The digest that it must have; an address needs one
    #[arg(long, value_name = "HEX")]
    sha256: Option<Digest>,
    /// Grant what it asks for, without a question
    #[arg(long, visible_alias = "yes")]
    grant: bool,
}

/// Installs it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let registry = registry(context)?;
    let plugins = registry.place().open().map_err(failure::open)?;
    let fetched = fetch::fetch(&plugins, &args.source, args.sha256)?;
    let component = Component::bytes(&args.source, fetched.bytes.clone());
    let inspection = look::inspect(&plugins, &component)?;
    install(context, &registry, &fetched, &inspection, args.grant)
}

/// Shows, asks, and puts it into store and lock file.
pub(super) fn install(
    context: &Context,
    registry: &Registry,
    fetched: &fetch::Fetched,
    inspection: &Inspection,
    granted: bool,
) -> Result<Exit, Problem> {
    let name = &inspection.descriptor.name;
    let before = registry.locked(name);
    let asked = crate::plugins::asked(inspection);
    let had = before
        .map(|locked| locked.grants.clone())
        .unwrap_or_default();
    for line in look::who(inspection, &fetched.source) {
        context.out.message(&line);
    }
    match before {
        Some(before) if before.sha256 == inspection.digest && covered(&had, &asked) => {
            context.out.message(&format!("{name} is installed already"));
            registry
                .place()
                .store(&fetched.bytes)
                .map_err(failure::place)?;
            return told(context, before, "unchanged");
        }
        Some(before) => context
            .out
            .message(&format!("It replaces {name} {}.", before.version)),
        None if bundled::find(name).is_some() => context
            .out
            .message(&format!("It takes the place of the bundled {name}.")),
        None => {}
    }
    agree(context, &had, &asked, before.is_some(), granted)?;
    let digest = registry
        .place()
        .store(&fetched.bytes)
        .map_err(failure::place)?;
    let locked = Locked {
        name: name.clone(),
        kind: inspection.kind,
        version: inspection.descriptor.version.clone(),
        interface: inspection.interface.clone(),
        source: fetched.source.clone(),
        sha256: digest,
        grants: asked,
    };
    registry.place().put(&locked).map_err(failure::place)?;
    if let Some(before) = before.filter(|before| before.sha256 != digest) {
        // Only room is lost when an old component stays.
        let _ = registry.place().forget(before.sha256);
    }
    let done = if before.is_some() {
        "updated"
    } else {
        "installed"
    };
    context.out.message(&format!(
        "{done} {name} {} in {}",
        locked.version,
        registry.place().lock_file().display()
    ));
    told(context, &locked, done)
}

fn told(context: &Context, locked: &Locked, state: &str) -> Result<Exit, Problem> {
    if context.out.json {
        context.out.document(json!({
            "name": locked.name,
            "kind": locked.kind,
            "version": locked.version,
            "interface": locked.interface,
            "source": locked.source,
            "sha256": locked.sha256,
            "grants": locked.grants,
            "done": state,
        }))?;
    }
    Ok(Exit::Done)
}

/// Whether everything asked for was granted before.
fn covered(had: &Grants, asked: &Grants) -> bool {
    new_words(had, asked).is_empty()
}

fn new_words(had: &Grants, asked: &Grants) -> Vec<String> {
    let had = had.words();
    let mut words = asked.words();
    words.retain(|word| !had.contains(word));
    words
}

/// Asks about what is asked for and was not granted before.
fn agree(
    context: &Context,
    had: &Grants,
    asked: &Grants,
    update: bool,
    granted: bool,
) -> Result<(), Problem> {
    let new = new_words(had, asked);
    let gone = new_words(asked, had);
    if update {
        for line in look::wishes(&gone) {
            context.out.message(&format!(
                "no longer asked for:{}",
                line.trim_start_matches("  -")
            ));
        }
        if new.is_empty() {
            context.out.message("It asks for nothing new.");
            return Ok(());
        }
    }
    match (new.is_empty(), update) {
        (true, _) => context
            .out
            .message("It asks for nothing beyond writing log lines."),
        (false, false) => context.out.message("It asks to:"),
        (false, true) => context.out.message("New is that it asks to:"),
    }
    for line in look::wishes(&new) {
        context.out.message(&line);
    }
    consent::ask(context, "Install it, and grant that?", granted)
}
