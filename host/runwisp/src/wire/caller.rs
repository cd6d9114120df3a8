//! Who asks, as it is said to the caller and written into the audit log.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// By what a caller made itself known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallerKind {
    /// The Unix socket: the kernel vouches for the user.
    Socket,
    /// A cookie, given for a password.
    Session,
    /// An API token.
    Token,
    /// A hook token, good for one unit.
    Hook,
}

/// How much a caller may do; each includes the one before.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// See everything.
    Read,
    /// Start, stop, run and reload.
    Operate,
    /// Stop or replace the daemon, give out tokens, read the audit log.
    Admin,
}

impl CallerKind {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            CallerKind::Socket => "socket",
            CallerKind::Session => "session",
            CallerKind::Token => "token",
            CallerKind::Hook => "hook",
        }
    }
}

impl Scope {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Operate => "operate",
            Scope::Admin => "admin",
        }
    }
}
