//! Refusals as documents (RFC 9457).
//!
//! Tests: `tests`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Finding, codes};

/// Why something was refused. `code` is stable; the table is [`codes`]. It is written as a [`ProblemDocument`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "ProblemDocument")]
pub struct Problem {
    /// The stable name.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The findings, when a configuration was refused.
    #[serde(default)]
    pub errors: Vec<Finding>,
    /// The findings drawn for people.
    #[serde(default)]
    pub rendered: Option<String>,
}

/// A problem document (RFC 9457): why something was refused. `code` is stable; the manual's page `exit-codes` has all.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// Where the code is explained: a reference to the API's own page.
    #[serde(rename = "type")]
    pub reference: String,
    /// What the code means, whatever the occasion.
    pub title: &'static str,
    /// The HTTP status; absent for what never travels over HTTP.
    #[serde(skip_serializing_if = "is_none")]
    #[schema(required = true)]
    pub status: u16,
    /// The stable name.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The findings, when a configuration was refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Finding>,
    /// The findings drawn for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rendered: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_none(status: &u16) -> bool {
    *status == 0
}

impl From<Problem> for ProblemDocument {
    fn from(problem: Problem) -> Self {
        let row = codes::problem(&problem.code);
        ProblemDocument {
            reference: format!("/api#{}", problem.code),
            title: row.means,
            status: row.status,
            code: problem.code,
            message: problem.message,
            help: problem.help,
            errors: problem.errors,
            rendered: problem.rendered,
        }
    }
}

/// Why a stream ends early.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Broken {
    /// The stable name, as in a problem document.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl From<Problem> for Broken {
    fn from(problem: Problem) -> Self {
        Broken {
            code: problem.code,
            message: problem.message,
            help: problem.help,
        }
    }
}

impl From<Broken> for Problem {
    fn from(broken: Broken) -> Self {
        Problem {
            help: broken.help,
            ..Problem::new(&broken.code, broken.message)
        }
    }
}

impl Problem {
    /// A problem of this code.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Problem {
            code: code.to_owned(),
            message: message.into(),
            help: None,
            errors: Vec::new(),
            rendered: None,
        }
    }

    /// The same with a sentence that says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A parameter or body that can not be understood.
    pub fn invalid(message: impl Into<String>) -> Self {
        Problem::new("request.invalid", message)
    }

    /// No unit has this name.
    pub fn no_unit(name: &str) -> Self {
        Problem::new("unit.unknown", format!("there is no unit {name:?}"))
            .help("`runwisp list` shows the units of the configuration.")
    }

    /// The configuration has no such notifier.
    pub fn no_notifier(id: &str, known: &[String]) -> Self {
        let help = match known {
            [] => "Define one as `[notifiers.ID]`; the manual's page `notifications` shows how."
                .to_owned(),
            known => format!("The notifiers are {}.", known.join(", ")),
        };
        Problem::new("notifier.unknown", format!("there is no notifier {id:?}")).help(help)
    }

    /// No run has this id.
    pub fn no_run(id: impl std::fmt::Display) -> Self {
        Problem::new("run.unknown", format!("there is no run {id}"))
            .help("`runwisp runs` shows the runs that are kept.")
    }
}
