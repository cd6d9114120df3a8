//! Who asks: put beside every request by what let it in, read by handlers.
//!
//! Invariant: a request without a caller is refused; no handler gives itself one.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use runwisp_core::words::event::Event;
use runwisp_core::words::glob::Glob;
use runwisp_core::words::ids::UnitName;

use crate::access::sessions::Session;
use crate::wire::Problem;
pub use crate::wire::caller::{CallerKind, Scope};

/// Who asks, and what is theirs.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// By what they are known.
    pub kind: CallerKind,
    /// What the audit log calls them: `uid 0`, the name of a token.
    pub name: String,
    /// How much they may do.
    pub scope: Scope,
    /// The units they see and touch; none is all of them.
    pub units: Option<Vec<Glob>>,
    /// From where: an address, or `socket`.
    pub from: String,
}

impl Caller {
    /// Somebody on the Unix socket, for whom the kernel vouches.
    pub fn socket(uid: u32) -> Self {
        Caller {
            kind: CallerKind::Socket,
            name: format!("uid {uid}"),
            scope: Scope::Admin,
            units: None,
            from: "socket".to_owned(),
        }
    }

    /// Somebody with a session: the operator, or a viewer.
    pub fn session(session: &Session, from: String) -> Self {
        let (name, scope) = if session.viewer {
            ("viewer", Scope::Read)
        } else {
            ("operator", Scope::Admin)
        };
        Caller {
            kind: CallerKind::Session,
            name: name.to_owned(),
            scope,
            units: None,
            from,
        }
    }

    /// Whether a unit of this name is one of theirs.
    pub fn sees(&self, unit: &str) -> bool {
        self.units
            .as_ref()
            .is_none_or(|globs| globs.iter().any(|glob| glob.matches(unit)))
    }

    /// The same for what may be about no unit: that is for those who see all.
    pub fn sees_any(&self, unit: Option<&UnitName>) -> bool {
        match unit {
            Some(unit) => self.sees(unit.as_str()),
            None => self.units.is_none(),
        }
    }

    /// Whether an event is for them. What befalls the daemon itself is for everybody.
    pub fn hears(&self, event: &Event) -> bool {
        match event {
            Event::Run { unit, .. }
            | Event::Instance { unit, .. }
            | Event::Overdue { unit, .. } => self.sees(unit.as_str()),
            Event::Delivery { unit, .. } | Event::Notification { unit, .. } => {
                self.sees_any(unit.as_ref())
            }
            Event::Reloaded { changed } => {
                self.units.is_none()
                    || changed.is_empty()
                    || changed.iter().any(|unit| self.sees(unit.as_str()))
            }
            Event::ClockJump { .. }
            | Event::ConfigStale { .. }
            | Event::DaemonStarted { .. }
            | Event::DaemonStopping
            | Event::Degraded { .. } => true,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Caller>()
            .cloned()
            .ok_or_else(|| Problem::new("session.required", "nobody is signed in"))
    }
}
