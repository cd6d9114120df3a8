//! The import, brought to where it is wanted: standard output, a file, or staged; and the report to people.

use std::fs;
use std::path::Path;

use runwisp_plugin_host::Conversion;

use super::Args;
use super::sources::Sources;
use crate::cli::context::Context;
use crate::config;
use crate::import::stage::{self, Refusal};
use crate::import::{self, Existing, Imported, Purpose};
use crate::replace::{Change, Lock, replace};
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// Writes, tells, and says how it ended.
pub(super) fn emit(
    args: &Args,
    context: &Context,
    importer: &str,
    read: &Sources,
    conversion: &Conversion,
) -> Result<Exit, Problem> {
    let title = format!("{importer} of {}", read.title());
    let imported = if args.write {
        staged(args, context, &title, conversion)?
    } else {
        let mut imported = import::import(conversion, &Existing::default(), Purpose::File);
        imported.toml = format!("{}{}", head(&title), imported.toml);
        report(context, &imported);
        match &args.output {
            Some(file) if file != Path::new("-") => to_file(args, context, file, &imported.toml)?,
            _ if context.out.json => {}
            _ => context.out.text(&imported.toml)?,
        }
        imported
    };
    if context.out.json {
        context.out.document(import::document(&imported))?;
    }
    advise(args, context, &imported);
    Ok(
        if imported.blocked() || (args.strict && imported.changed()) {
            Exit::Failed
        } else {
            Exit::Done
        },
    )
}

/// The lines above the configuration.
fn head(title: &str) -> String {
    let words: Vec<&str> = title.split_whitespace().collect();
    let title = words.join(" ").replace(char::is_control, "?");
    format!(
        "# Made by `runwisp import`: {title}.\n\
         # What is marked TODO needs a person; `runwisp validate -c FILE` checks the rest.\n\n"
    )
}

fn report(context: &Context, imported: &Imported) {
    if context.out.json {
        return;
    }
    let people = import::people(imported, context.out.quiet());
    if !people.is_empty() {
        context.out.stderr_line(people.trim_end());
    }
    context.out.stderr_line(&import::summary(imported));
}

/// What has to be done with the old program.
fn advise(args: &Args, context: &Context, imported: &Imported) {
    if context.out.json || imported.units.is_empty() {
        return;
    }
    let when = if args.write {
        "The old program still runs these; before `runwisp reload`, let it go:"
    } else {
        "The old program still runs these; before runwisp does too, let it go:"
    };
    if !imported.retirement.is_empty() {
        context.out.message(when);
        for line in &imported.retirement {
            context.out.message(&format!("  {line}"));
        }
    }
}

fn to_file(args: &Args, context: &Context, file: &Path, text: &str) -> Result<(), Problem> {
    let special = fs::metadata(file).is_ok_and(|meta| !meta.is_file());
    let failed = |why: &dyn std::fmt::Display| {
        Problem::new(
            "io.failed",
            format!("could not write {}: {why}", file.display()),
        )
    };
    if special {
        // A device or a pipe, such as /dev/stdout.
        return fs::write(file, text).map_err(|why| failed(&why));
    }
    let before = match config::read_file(file) {
        Ok(text) => Some(text),
        Err(_) if file.symlink_metadata().is_err() => None,
        Err(why) => return Err(failed(&why)),
    };
    let name = file.display();
    if before.as_deref() == Some(text) {
        context
            .out
            .message(&format!("{name} is as it would be written"));
        return Ok(());
    }
    let change = Change {
        path: std::path::absolute(file).map_err(|why| failed(&why))?,
        before,
        after: text.to_owned(),
    };
    if args.dry_run {
        return show(context, &[change]);
    }
    if change.before.is_some() && !args.force {
        let problem = Problem::new("import.refused", format!("{name} is there already"));
        return Err(problem.help("Choose another file, or replace it with --force."));
    }
    replace(&[change], file).map_err(|why| Problem::new("io.failed", why.to_string()))?;
    context.out.message(&format!("wrote {name}"));
    Ok(())
}

/// Puts the import beside the configuration in force.
fn staged(
    args: &Args,
    context: &Context,
    title: &str,
    conversion: &Conversion,
) -> Result<Imported, Problem> {
    let root = &context.paths.config;
    let folder = root.parent().unwrap_or(Path::new("/"));
    let failed = |why: std::io::Error| {
        Problem::new(
            "io.failed",
            format!("could not use {}: {why}", folder.display()),
        )
    };
    let lock = if args.dry_run {
        None
    } else {
        fs::create_dir_all(folder).map_err(failed)?;
        Some(Lock::of(folder).map_err(failed)?)
    };
    let plan = stage::plan(root, title, conversion, args.force)
        .map_err(|refusal| refused(context, &refusal))?;
    report(context, &plan.imported);
    if plan.changes.is_empty() {
        context
            .out
            .message("nothing changes: the configuration has it all");
        return Ok(plan.imported);
    }
    if args.dry_run {
        show(context, &plan.changes)?;
        return Ok(plan.imported);
    }
    replace(&plan.changes, root).map_err(|why| Problem::new("io.failed", why.to_string()))?;
    drop(lock);
    for change in &plan.changes {
        context
            .out
            .message(&format!("wrote {}", change.path.display()));
    }
    if plan.replaces > 0 {
        context.out.message(&format!(
            "it replaces the {} tables of the last import of the same source",
            plan.replaces
        ));
    }
    Ok(plan.imported)
}

fn show(context: &Context, changes: &[Change]) -> Result<(), Problem> {
    for change in changes {
        context
            .out
            .message(&format!("would write {}", change.path.display()));
        if !context.out.json {
            context.out.text(&stage::diff(change))?;
        }
    }
    Ok(())
}

fn refused(context: &Context, refusal: &Refusal) -> Problem {
    let problem = Problem::new(
        "import.refused",
        format!("could not stage the import: {refusal}; nothing was written"),
    );
    match refusal {
        Refusal::Broken(loaded) | Refusal::Breaks(loaded) => Problem {
            code: "config.invalid".to_owned(),
            rendered: Some(config::render(
                &loaded.diagnostics,
                &loaded.sources,
                context.out.color_messages,
            )),
            ..problem
        },
        Refusal::Edited { .. } => problem.help(
            "Move what you changed to a file of your own, or let it go with --force; --dry-run shows what would change.",
        ),
        Refusal::Include(_) => problem.help("Then import again."),
        Refusal::Unreadable { .. } | Refusal::Unwired { .. } => problem,
    }
}
