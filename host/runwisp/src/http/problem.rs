//! Refusals on the wire. HTTP status and exit code of each come from the table in `wire/codes.rs`.
//!
//! Tests: `wire/tests`.

use axum::Extension;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use runwisp_core::words::command::Refusal;

use crate::daemon::handle::{AskError, ReloadRefusal};
use crate::daemon::history::HistoryError;
use crate::notify::SampleRefusal;
use crate::plugins::NoLook;
use crate::wire::{Problem, codes, doc, plugin_failure};

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoSuchUnit { unit } => Problem::no_unit(&unit),
            Refusal::NoSuchRun { run } => Problem::no_run(run),
            Refusal::NotRunning { unit } => {
                Problem::new("unit.not-running", format!("{unit} does not run"))
            }
            Refusal::Locked { unit } => Problem::new(
                "unit.locked",
                format!("{unit} can not be triggered by hand"),
            )
            .help("Its configuration says `manual_trigger = false`."),
            Refusal::WrongKind { unit, help } => Problem::new(
                "unit.wrong-kind",
                format!("{unit} is not of the kind that this is for"),
            )
            .help(help),
            Refusal::ShuttingDown => Problem::new("daemon.stopping", "the daemon is stopping"),
        }
    }
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Busy => Problem::new("daemon.busy", "too many requests are waiting")
                .help("Try again in a moment."),
            AskError::Gone => Problem::new("daemon.leaving", "the daemon is leaving")
                .help("A restarted daemon answers on the same socket in a moment."),
        }
    }
}

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        let code = match &error {
            HistoryError::Pattern(_) => "search.pattern",
            HistoryError::NoOutput(_) => "log.none",
            HistoryError::Read(_) => "history.unreadable",
        };
        Problem::new(code, format!("could not {error}"))
    }
}

impl From<ReloadRefusal> for Problem {
    fn from(refusal: ReloadRefusal) -> Self {
        match refusal {
            ReloadRefusal::NoSuchUnit { pattern } => Problem::no_unit(&pattern),
            ReloadRefusal::Busy { why } => Problem::new("reload.busy", why),
            ReloadRefusal::Invalid { findings, rendered } => Problem {
                errors: findings,
                rendered: Some(rendered),
                ..Problem::new(
                    "config.invalid",
                    "the new configuration has errors; the old one stays in force",
                )
            },
        }
    }
}

impl From<NoLook> for Problem {
    fn from(error: NoLook) -> Self {
        plugin_failure::look(error)
    }
}

impl From<SampleRefusal> for Problem {
    fn from(refusal: SampleRefusal) -> Self {
        match refusal {
            SampleRefusal::NoNotifier { id, known } => Problem::no_notifier(&id, &known),
            SampleRefusal::NoEvent { why } => {
                Problem::invalid(why).help("The manual's page `notifications` lists the events.")
            }
        }
    }
}

/// The code of a problem, beside the answer that it became, for the audit log.
#[derive(Clone, Debug)]
pub struct Refused(pub String);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(codes::problem(&self.code).status)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let refused = Refused(self.code.clone());
        let body = serde_json::to_vec(&doc(self)).unwrap_or_default();
        (
            status,
            [(header::CONTENT_TYPE, "application/problem+json")],
            Extension(refused),
            body,
        )
            .into_response()
    }
}
