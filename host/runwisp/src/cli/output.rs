//! The only place that prints. Data goes to standard output, everything said to people about it to standard error.
//!
//! Invariant: a reader that goes away (`| head`) ends the command quietly, it never panics or complains.
//! Tests: below, and the goldens of `table.rs`.

use std::cell::RefCell;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use serde::Serialize;

use crate::wire::{Problem, doc};

/// The code of a problem that only says that nobody reads any more. It is never shown.
pub const CLOSED: &str = "output.closed";

/// How a command speaks.
pub struct Output {
    stdout: RefCell<BufWriter<Stdout>>,
    /// Whether standard output may have colours.
    pub color: bool,
    /// Whether standard error may have colours.
    pub color_messages: bool,
    /// Whether colours are not wanted at all.
    pub plain: bool,
    /// Whether data is JSON.
    pub json: bool,
    quiet: bool,
    verbose: bool,
}

/// What the arguments say about speaking.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// `--json`
    pub json: bool,
    /// `-q`
    pub quiet: bool,
    /// `-v`
    pub verbose: bool,
    /// `--no-color`
    pub no_color: bool,
}

impl Output {
    /// Colours only on a terminal, and neither with `--no-color` nor with a `NO_COLOR` that is not empty.
    pub fn new(manner: Manner) -> Self {
        let plain = manner.no_color || std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Output {
            stdout: RefCell::new(BufWriter::new(io::stdout())),
            color: !plain && io::stdout().is_terminal(),
            color_messages: !plain && io::stderr().is_terminal(),
            plain,
            json: manner.json,
            quiet: manner.quiet,
            verbose: manner.verbose,
        }
    }

    /// Text as it is.
    pub fn text(&self, text: &str) -> Result<(), Problem> {
        self.bytes(text.as_bytes())
    }

    /// Bytes as they are.
    pub fn bytes(&self, bytes: &[u8]) -> Result<(), Problem> {
        self.stdout
            .borrow_mut()
            .write_all(bytes)
            .map_err(|e| unwritten(&e))
    }

    /// A line.
    pub fn line(&self, line: &str) -> Result<(), Problem> {
        self.text(line)?;
        self.text("\n")
    }

    /// One document, with its version.
    pub fn document<T: Serialize>(&self, body: T) -> Result<(), Problem> {
        self.json_line(&doc(body))
    }

    /// One value on one line.
    pub fn json_line<T: Serialize>(&self, value: &T) -> Result<(), Problem> {
        let text = serde_json::to_string(value)
            .map_err(|e| Problem::new("io.failed", format!("could not write JSON: {e}")))?;
        self.line(&text)
    }

    /// Hands everything over to the reader.
    pub fn flush(&self) -> Result<(), Problem> {
        self.stdout.borrow_mut().flush().map_err(|e| unwritten(&e))
    }

    /// Whether `-q` was given.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// A message; silent with `-q`.
    pub fn message(&self, text: &str) {
        if !self.quiet {
            say(text);
        }
    }

    /// A message that only `-v` shows.
    pub fn detail(&self, text: &str) {
        if self.verbose && !self.quiet {
            say(text);
        }
    }

    /// A line that a run wrote to its standard error.
    pub fn stderr_line(&self, line: &str) {
        say(line);
    }

    /// What went wrong and what to do, for people; with `--json` also as a document, so that a script finds it.
    pub fn problem(&self, problem: &Problem) {
        if problem.code == CLOSED {
            return;
        }
        if self.json {
            let _ = self.document(problem);
        }
        let _ = self.flush();
        if let Some(rendered) = &problem.rendered {
            say(rendered.trim_end());
        }
        let name = if self.color_messages {
            "\u{1b}[1;31mrunwisp:\u{1b}[0m"
        } else {
            "runwisp:"
        };
        say(&format!("{name} {}", problem.message));
        if let Some(help) = &problem.help {
            say(&format!("  {help}"));
        }
    }
}

/// A text for people as it is: a question on the same line as its answer, or the help.
pub fn prompt(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

fn say(text: &str) {
    let mut line = text.to_owned();
    line.push('\n');
    // One write per line keeps lines whole; that nobody hears it is no reason to fail.
    let _ = io::stderr().write_all(line.as_bytes());
}

fn unwritten(error: &io::Error) -> Problem {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Problem::new(CLOSED, "nobody reads the output any more")
    } else {
        Problem::new("io.failed", format!("could not write the output: {error}"))
    }
}
