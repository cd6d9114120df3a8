//! Who may do what: sessions, the password, tokens.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::{CallerKind, Scope};

/// Who asks: `GET /session`, and what signing in answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// By what they are known.
    pub kind: CallerKind,
    /// What the audit log calls them.
    pub name: String,
    /// How much they may do.
    pub scope: Scope,
    /// The units they see, by name or pattern; null is all.
    pub units: Option<Vec<String>>,
    /// When that ends, if it is not used or renewed before.
    pub expires_at: Option<Timestamp>,
    /// From where they ask.
    pub from: String,
}

/// `POST /session`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The operator's password, or the viewer's.
    pub password: String,
}

/// What signing out everywhere came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SignedOut {
    /// How many sessions ended.
    pub sessions: usize,
}

/// `GET /password`, and what changing it answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Password {
    /// The operator's password, where it can be shown: one that was generated.
    pub password: Option<String>,
    /// `generated`, `set`, `environment` or `credential`.
    pub origin: String,
    /// Whether there is a password that only lets people look.
    pub viewer: bool,
}

/// `PUT /password`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPassword {
    /// The new one. Null generates one, or removes the viewer's.
    pub password: Option<String>,
    /// Whether it is the viewer's.
    #[serde(default)]
    pub viewer: bool,
}

/// `GET /tokens`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tokens {
    /// Oldest first.
    pub tokens: Vec<Token>,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Names it in commands.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// How much it may do.
    pub scope: Scope,
    /// The units it sees, by name or pattern; null is all.
    pub units: Option<Vec<String>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; null is when it is revoked.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, give or take a minute.
    pub last_used_at: Option<Timestamp>,
    /// Who made it.
    pub created_by: String,
}

/// `POST /tokens`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeToken {
    /// What it is for; names tell tokens apart in the audit log.
    pub name: String,
    /// How much it may do.
    pub scope: Scope,
    /// The units it sees, by name or pattern; left out, all.
    #[serde(default)]
    pub units: Option<Vec<String>>,
    /// How long it lives; left out, until it is revoked.
    #[serde(default)]
    pub expires_in_ms: Option<u64>,
}

/// A new token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NewToken {
    /// The secret. It is shown this once.
    pub token: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub kept: Token,
}

/// `GET /audit`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Audit {
    /// Newest first.
    pub entries: Vec<AuditEntry>,
    /// Give it back as `before` for the next page; null where there is none.
    pub next: Option<i64>,
}

/// One thing that somebody did, or tried to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Its number; later ones are larger.
    pub id: i64,
    /// When it was answered.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// From where: an address, or `socket`.
    pub from: String,
    /// What, such as `unit.start`.
    pub action: String,
    /// To what: a unit, a run, a token.
    pub target: Option<String>,
    /// With what: the body of the request, short, without secrets.
    pub detail: Option<String>,
    /// `ok`, or the code of the problem.
    pub result: String,
    /// The status of the answer.
    pub status: u16,
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Actor {
    /// `socket`, `session`, `token`, `hook`, `signal`, or `stranger`.
    pub kind: String,
    /// `uid 0`, `operator`, `viewer`, the name of a token; empty for a stranger.
    pub name: String,
}
