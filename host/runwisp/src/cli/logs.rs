//! `runwisp logs`: what runs have printed, and what they print.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use runwisp_core::words::run::Outcome;

use super::context::Context;
use super::following::Following;
use super::naming::Names;
use super::runs::since;
use super::target::{matching, split_runs};
use crate::client::{Client, Lines, Uri};
use crate::human;
use crate::wire::codes::Exit;
use crate::wire::{LogItem, LogLine, Problem, Run, Status, Units};

/// How many lines come first when following and nobody says.
const FOLLOWED: u64 = 10;

/// How long a follower waits for the next daemon.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked for.
const PAUSE: Duration = Duration::from_millis(50);

/// Whose, how much.
///
/// A unit stands for its active runs, or for its newest one when none is active; with -f for its new runs too. All of it
/// goes to standard output; --json says which stream a line is from.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Units by name or pattern, runs by id
    #[arg(required = true, value_name = "TARGET")]
    targets: Vec<String>,
    /// Go on as more is printed; runs given by id end it with their own end
    #[arg(short, long)]
    follow: bool,
    /// The last N lines of each run, the first with +N, or all; default: all, with -f 10
    #[arg(short, value_name = "N", allow_hyphen_values = true)]
    n: Option<Amount>,
    /// Only lines since then: 10m, 2h, 2026-01-31T18:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

/// How much of each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    All,
    First(u64),
    Last(u64),
}

/// The text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadAmount;

impl fmt::Display for BadAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("write a number, a number after +, or all")
    }
}

impl std::error::Error for BadAmount {}

impl FromStr for Amount {
    type Err = BadAmount;

    fn from_str(text: &str) -> Result<Self, BadAmount> {
        let number = |digits: &str| {
            let plain = digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse().ok().filter(|_| plain).ok_or(BadAmount)
        };
        match text.strip_prefix('+') {
            _ if text == "all" => Ok(Amount::All),
            Some(rest) => number(rest).map(Amount::First),
            None => number(text).map(Amount::Last),
        }
    }
}

/// Shows it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let client = context.client()?;
    let (runs, patterns) = split_runs(&args.targets);
    let (names, numbered) = names(&client, &patterns).await?;
    let mut targets: Vec<String> = runs.iter().map(ToString::to_string).collect();
    targets.extend(names);
    let since = since(args.since.as_deref())?;
    let amount = args.n.unwrap_or(match (args.follow, since) {
        (true, None) => Amount::Last(FOLLOWED),
        _ => Amount::All,
    });
    let (tail, head) = match amount {
        Amount::All => (None, None),
        Amount::Last(n) => (Some(n), None),
        Amount::First(_) if args.follow => {
            return Err(Problem::invalid("-n +N and -f exclude each other"));
        }
        Amount::First(n) => (None, Some(n)),
    };
    let mut uri = Uri::new(&["logs", "follow"])
        .with("target", targets.join(","))
        .with("follow", args.follow)
        .with_some("tail", tail)
        .with_some("head", head)
        .with_some("since", since);
    let prefix = targets.len() > 1 || numbered.any();
    let printer = Printer::new(context, prefix, numbered);
    if !args.follow {
        print(&client, &uri, &printer, None).await?;
        return Ok(Exit::Done);
    }
    let status: Status = client.get(&Uri::new(&["status"])).await?;
    let mut following = Following::begin(Timestamp::now());
    let mut lost: Option<Instant> = None;
    loop {
        match print(&client, &uri, &printer, Some(&mut following)).await {
            Ok(()) if targets.len() == runs.len() && following.has_ended(&runs) => {
                return Ok(Exit::Done);
            }
            // The daemon hung up. It comes back as long as its keeper lives.
            Ok(()) => lost = Some(Instant::now()),
            Err(problem) if problem.code.starts_with("daemon.") => {
                let since = *lost.get_or_insert_with(Instant::now);
                if since.elapsed() > PATIENCE {
                    return Err(problem);
                }
            }
            Err(problem) => return Err(problem),
        }
        // A daemon elsewhere is waited for: whether its keeper lives can't be seen from here.
        if !client.is_remote() && is_gone(status.daemon.pid) {
            return Ok(Exit::Done);
        }
        tokio::time::sleep(PAUSE).await;
        let open = following.under_way().map(|run| run.to_string());
        let again: BTreeSet<String> = targets.iter().cloned().chain(open).collect();
        uri = Uri::new(&["logs", "follow"])
            .with("target", again.into_iter().collect::<Vec<_>>().join(","))
            .with("follow", true)
            .with("since", following.since());
    }
}

/// Prints what the daemon sends, and passes over what was shown before, until it has said everything or hangs up.
async fn print(
    client: &Client,
    uri: &Uri,
    printer: &Printer<'_>,
    mut following: Option<&mut Following>,
) -> Result<(), Problem> {
    let mut lines: Lines<LogItem> = client.lines(uri).await?;
    loop {
        if !lines.has_more() {
            printer.context.out.flush()?;
        }
        let Some(item) = lines.next().await? else {
            return Ok(());
        };
        if following.as_mut().is_none_or(|f| f.is_new(&item)) {
            printer.print(&item)?;
        }
    }
}

/// Whether no process has this pid.
fn is_gone(pid: i32) -> bool {
    let found = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None);
    found == Err(nix::errno::Errno::ESRCH)
}

/// The units that fit, and those of them with several instances.
async fn names(client: &Client, patterns: &[String]) -> Result<(Vec<String>, Names), Problem> {
    if patterns.is_empty() {
        return Ok((Vec::new(), Names::default()));
    }
    let units: Units = client.get(&Uri::new(&["units"])).await?;
    let known: Vec<&str> = units.units.iter().map(|u| u.name.as_str()).collect();
    let names: Vec<String> = matching(&known, patterns)?
        .into_iter()
        .map(str::to_owned)
        .collect();
    let chosen = units
        .units
        .iter()
        .filter(|u| names.iter().any(|name| name == u.name.as_str()));
    let several = Names::of(chosen);
    Ok((names, several))
}

/// Prints lines and ends of runs: JSON as they come, or text with a prefix where sources mix.
pub(super) struct Printer<'a> {
    context: &'a Context,
    prefix: bool,
    search: bool,
    names: Names,
}

impl<'a> Printer<'a> {
    pub(super) fn new(context: &'a Context, prefix: bool, names: Names) -> Self {
        Printer {
            context,
            prefix,
            search: false,
            names,
        }
    }

    /// For hits: each with its unit and time, all of them data.
    pub(super) fn for_search(context: &'a Context, names: Names) -> Self {
        Printer {
            context,
            prefix: true,
            search: true,
            names,
        }
    }

    pub(super) fn print(&self, item: &LogItem) -> Result<(), Problem> {
        let out = &self.context.out;
        match item {
            LogItem::Broken(problem) => return Err(problem.clone().into()),
            item if out.json => return out.json_line(item),
            LogItem::Line(line) => {
                if line.missing_bytes > 0 && !self.search {
                    out.flush()?;
                    out.message(&self.gap(line));
                }
                out.line(&self.text(line))?;
            }
            LogItem::End(end) => {
                out.flush()?;
                out.message(&ended(&end.run, &self.names));
            }
            LogItem::Lagged { .. } => {}
        }
        Ok(())
    }

    fn source(&self, line: &LogLine) -> String {
        self.names.instance(line.unit.as_str(), line.instance)
    }

    /// What stands where output is missing.
    fn gap(&self, line: &LogLine) -> String {
        let missing = human::size(line.missing_bytes);
        format!("{}: {missing} of output not kept here", self.source(line))
    }

    fn text(&self, line: &LogLine) -> String {
        let source = self.source(line);
        if self.search {
            let at = line.ts.strftime("%Y-%m-%dT%H:%M:%SZ");
            format!("{at} {source} {}:{}", line.n, line.text)
        } else if self.prefix {
            format!("{source} | {}", line.text)
        } else {
            line.text.clone()
        }
    }
}

/// The end of a run in one line.
pub(super) fn ended(run: &Run, names: &Names) -> String {
    let name = names.run(run);
    let outcome = run.outcome.map_or("ended", Outcome::as_str);
    let after = run
        .duration_ms
        .map(|ms| format!(" after {}", human::length(ms)));
    let why = run.message.as_deref().map(|m| format!(": {m}"));
    format!(
        "{name} {outcome}{}{}",
        after.unwrap_or_default(),
        why.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_last_first_or_all() {
        for (text, expected) in [
            ("5", Ok(Amount::Last(5))),
            ("+5", Ok(Amount::First(5))),
            ("all", Ok(Amount::All)),
            ("", Err(BadAmount)),
            ("-5", Err(BadAmount)),
            ("++5", Err(BadAmount)),
            ("many", Err(BadAmount)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }
}
