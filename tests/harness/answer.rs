//! What a client command came to.

use std::fmt;
use std::process::Output;

use serde_json::Value;

/// Exit code and both outputs of one command.
#[derive(Clone)]
pub struct Answer {
    /// The command's words, for messages.
    pub words: String,
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Answer {
    /// What became of a command of these words.
    pub fn new(words: &[&str], output: Output) -> Answer {
        Answer {
            words: words.join(" "),
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same, after making sure that the exit code is `code`.
    #[track_caller]
    pub fn code(self, code: i32) -> Answer {
        assert_eq!(self.code, code, "exit code of {self}");
        self
    }

    /// The same, after making sure that it succeeded.
    #[track_caller]
    pub fn ok(self) -> Answer {
        self.code(0)
    }

    /// The one JSON document on standard output.
    #[track_caller]
    pub fn json(&self) -> Value {
        let document: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("not one JSON document ({e}): {self}"));
        assert_eq!(document["schema_version"], 1, "schema_version of {self}");
        document
    }

    /// One JSON document per line.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        let read = |line| serde_json::from_str(line);
        let lines: Result<_, _> = self.stdout.lines().map(read).collect();
        lines.unwrap_or_else(|e| panic!("not JSON on every line ({e}): {self}"))
    }

    /// Makes sure that standard error holds `text`.
    #[track_caller]
    pub fn says(self, text: &str) -> Answer {
        assert!(self.stderr.contains(text), "{text:?} is not said by {self}");
        self
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer {
            words,
            code,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "`runwisp {words}` (exit code {code})\n-- stdout\n{stdout}\n-- stderr\n{stderr}"
        )
    }
}
