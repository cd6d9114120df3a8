//! `runwisp man`: manual pages made from the arguments and the table of keys, so they can not disagree. Also `docs/cli.md`.
//!
//! Tests: `tests.rs` holds `docs/cli.md` to the arguments.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Command, CommandFactory};
use runwisp_core::config::reference::reference;

use super::args::Cli;
use super::context::{Context, io_failed};
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// How wide help text is in goldens and in the manual.
pub const WIDTH: usize = 100;

/// Where to.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write runwisp.1, one page per verb and runwisp.toml.5 into this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints runwisp.1, or writes all pages.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        render(command(), "runwisp", &mut page)?;
        context.out.bytes(&page)?;
        return Ok(Exit::Done);
    };
    std::fs::create_dir_all(dir).map_err(|e| io_failed(format!("make {}", dir.display()), &e))?;
    for (name, command) in commands() {
        let mut page = Vec::new();
        render(command, name.as_str(), &mut page)?;
        let path = dir.join(format!("{name}.1"));
        std::fs::write(&path, page)
            .map_err(|e| io_failed(format!("write {}", path.display()), &e))?;
        context.out.line(&path.to_string_lossy())?;
    }
    let path = dir.join("runwisp.toml.5");
    std::fs::write(&path, file_page())
        .map_err(|e| io_failed(format!("write {}", path.display()), &e))?;
    context.out.line(&path.to_string_lossy())?;
    Ok(Exit::Done)
}

fn render(command: Command, title: &str, page: &mut Vec<u8>) -> Result<(), Problem> {
    clap_mangen::Man::new(command)
        .title(title)
        .manual("User Commands")
        .render(page)
        .map_err(|e| io_failed("make a manual page", &e))
}

/// runwisp.toml.5, from the same text as `docs/config.md`.
pub fn file_page() -> String {
    let mut page = String::from(
        ".TH runwisp.toml 5 \"\" \"runwisp\" \"File Formats\"\n.SH NAME\nrunwisp.toml \\- what runwisp runs\n.SH DESCRIPTION\n",
    );
    let text = reference();
    let body = text.lines().skip_while(|line| !line.is_empty());
    for line in body.filter(|line| !line.starts_with("<!--")) {
        let made = match line.strip_prefix("## ") {
            Some(heading) => format!(".SH {}", roff(&heading.replace('`', ""))),
            None if line.starts_with("| key") || line.starts_with("| ---") => continue,
            None if line.starts_with("| ") => match row(line) {
                [key, value, default, meaning] => entry(&key, &value, &default, &meaning),
            },
            None if line.is_empty() => ".PP".to_owned(),
            None => roff(line),
        };
        page.push_str(&made);
        page.push('\n');
    }
    page
}

fn entry(key: &str, value: &str, default: &str, meaning: &str) -> String {
    let default = match default {
        "" => String::new(),
        default => format!("; default {}", roff(default)),
    };
    format!(
        ".TP\n{}\n({}{default}) {}",
        roff(key),
        roff(value),
        roff(meaning)
    )
}

/// The cells of a row of the table of keys. A bar that belongs to the text is escaped there.
fn row(line: &str) -> [String; 4] {
    let line = line.trim_matches(['|', ' ']).replace("\\|", "\0");
    let mut cells = line.split(" | ").map(|cell| cell.trim().replace('\0', "|"));
    std::array::from_fn(|_| cells.next().unwrap_or_default())
}

/// A line of Markdown as roff: code bold, emphasis underlined, what roff itself would act on made harmless.
fn roff(text: &str) -> String {
    let mut made = String::new();
    let (mut code, mut stressed) = (false, false);
    for c in text.chars() {
        match c {
            '`' => {
                code = !code;
                made.push_str(if code { "\\fB" } else { "\\fR" });
            }
            '*' if !code => {
                stressed = !stressed;
                made.push_str(if stressed { "\\fI" } else { "\\fR" });
            }
            '\\' => made.push_str("\\e"),
            '-' => made.push_str("\\-"),
            c => made.push(c),
        }
    }
    if made.starts_with(['.', '\'']) {
        made.insert_str(0, "\\&");
    }
    made
}

fn command() -> Command {
    let mut command = Cli::command().term_width(WIDTH);
    // Global arguments reach the verbs only when the whole is built.
    command.build();
    command
}

/// The program and its verbs, each with the name of its page.
pub fn commands() -> Vec<(String, Command)> {
    let whole = command();
    let verbs: Vec<(String, Command)> = whole
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set())
        .map(|verb| (format!("runwisp-{}", verb.get_name()), verb.clone()))
        .collect();
    std::iter::once(("runwisp".to_owned(), whole.clone()))
        .chain(verbs)
        .collect()
}

/// `docs/cli.md`: the help of every verb.
pub fn manual() -> String {
    let mut text = String::from(
        "# Commands\n\n<!-- Generated from host/runwisp/src/cli. -->\n\n\
         The same text as `--help`. Exit codes are listed in [exit-codes.md](exit-codes.md).\n",
    );
    for (name, mut command) in commands() {
        let mut help = command.render_long_help().to_string();
        // What every verb takes is said once.
        if name != "runwisp"
            && let Some(at) = help.find("\nEverywhere:")
        {
            help.truncate(at);
        }
        let _ = write!(
            text,
            "\n## {}\n\n```text\n{}\n```\n",
            name.replace('-', " "),
            trimmed(&help)
        );
    }
    text
}

/// Without blanks at the ends of lines.
pub fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n")
}
