//! `runwisp search`: text in the output of all runs that are kept.

use super::context::Context;
use super::logs::Printer;
use super::naming::Names;
use super::runs::since;
use crate::client::{Lines, Uri};
use crate::wire::codes::Exit;
use crate::wire::{LogItem, Problem};

/// What to look for.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A regular expression
    #[arg(value_name = "PATTERN")]
    pattern: String,
    /// Only in runs of these units, by name or pattern
    #[arg(long, short, value_name = "GLOB")]
    unit: Vec<String>,
    /// Upper and lower case are the same
    #[arg(short, long)]
    ignore_case: bool,
    /// The pattern is plain text
    #[arg(short = 'F', long)]
    fixed: bool,
    /// Only in runs since then
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// At most so many lines
    #[arg(short, value_name = "N", default_value_t = 1000)]
    n: usize,
}

/// Looks for it. Ends with 1 when nothing was found, as grep does.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let units = (!args.unit.is_empty()).then(|| args.unit.join(","));
    let uri = Uri::new(&["search"])
        .with("pattern", &args.pattern)
        .with_some("unit", units)
        .with("ignore_case", args.ignore_case)
        .with("fixed", args.fixed)
        .with_some("since", since(args.since.as_deref())?)
        .with("limit", args.n);
    let client = context.client()?;
    let names = Names::ask(&client).await;
    let mut hits: Lines<LogItem> = client.lines(&uri).await?;
    let printer = Printer::for_search(context, names);
    let mut found = 0;
    while let Some(item) = hits.next().await? {
        if matches!(item, LogItem::Line(_)) {
            found += 1;
        }
        printer.print(&item)?;
    }
    context.out.detail(&format!("{found} lines"));
    Ok(if found > 0 { Exit::Done } else { Exit::Failed })
}
