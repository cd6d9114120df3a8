//! `runwisp reload`: a changed configuration, in force as a whole or not at all.

use super::context::Context;
use super::table::{Tone, paint};
use crate::client::Uri;
use crate::wire::codes::Exit;
use crate::wire::{Problem, Reload, ReloadBody};

/// Which part of it.
///
/// The whole configuration is checked first; with an error anywhere nothing changes and the exit code is 78. Only
/// units that differ are touched.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Touch only these units, by name or pattern
    #[arg(value_name = "UNIT")]
    units: Vec<String>,
    /// Show what would change and change nothing
    #[arg(long)]
    plan: bool,
}

/// Puts it in force.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let mut uri = Uri::new(&["reload"]);
    if args.plan {
        uri = uri.with("plan_only", true);
    }
    let body = ReloadBody {
        units: args.units.clone(),
    };
    let report: Reload = context.client()?.post(&uri, &body).await?;
    if context.out.json {
        context.out.document(&report)?;
    } else {
        for line in lines(&report, context.out.color) {
            context.out.line(&line)?;
        }
    }
    for warning in &report.warnings {
        let place = match (&warning.file, warning.line) {
            (Some(file), Some(line)) => format!("{file}:{line}: "),
            _ => String::new(),
        };
        context
            .out
            .message(&format!("warning: {place}{}", warning.message));
    }
    Ok(Exit::Done)
}

fn lines(report: &Reload, color: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for name in &report.added {
        lines.push(paint(&format!("+ {name}"), Tone::Good, color));
    }
    for unit in &report.changed {
        let keys = unit.keys.join(", ");
        lines.push(paint(
            &format!("~ {} ({keys})", unit.name),
            Tone::Notice,
            color,
        ));
    }
    for name in &report.removed {
        lines.push(paint(&format!("- {name}"), Tone::Bad, color));
    }
    for key in &report.settings {
        lines.push(paint(&format!("~ {key}"), Tone::Notice, color));
    }
    if lines.is_empty() {
        lines.push("nothing has changed".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_like_a_diff() {
        let report: Reload = serde_json::from_value(serde_json::json!({
            "applied": true, "added": ["new"], "removed": ["old"], "settings": ["daemon.timezone"],
            "changed": [{"name": "web", "keys": ["run", "env.PORT"]}], "warnings": [],
        }))
        .unwrap();
        assert_eq!(
            lines(&report, false),
            [
                "+ new",
                "~ web (run, env.PORT)",
                "- old",
                "~ daemon.timezone"
            ]
        );
    }
}
