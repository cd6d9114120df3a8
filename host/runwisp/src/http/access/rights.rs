//! The table of rights: for every method and path, how much a caller has to be allowed, and what it does in words.
//!
//! | column | meaning |
//! | --- | --- |
//! | path | as the router knows it, below the API's prefix unless it stands outside |
//! | needs | nothing; what the handler judges itself (a password, a hook token); a scope; or the socket |
//! | units | how a caller that is limited to some units fares: the path names one, the handler shows only theirs, or it is not for them |
//! | action | its name in the audit log; a GET has none |
//!
//! Invariant: what is not in the table needs the scope admin and an unlimited caller.
//! Tests: below; every path of the router and every row here are compared in `wire/tests`.

use axum::http::Method;

use crate::wire::PREFIX;
use crate::wire::caller::Scope;

/// How much a caller has to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: files and facts that are no secret.
    Nothing,
    /// The handler judges: by the password or the hook token that is in the request.
    Judged,
    /// This scope, or one that includes it.
    Scope(Scope),
    /// To be on the Unix socket.
    Socket,
}

/// How callers fare that are limited to some units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Units {
    /// The path names a unit: it has to be one of theirs.
    Named,
    /// The handler shows and touches only what is theirs.
    Theirs,
    /// It is about more than units: not for them.
    All,
}

/// A row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    /// The method.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    /// How much a caller has to be allowed.
    pub needs: Needs,
    /// How limited callers fare.
    pub units: Units,
    /// What it does, for the audit log.
    pub action: &'static str,
}

const fn right(
    method: &'static str,
    path: &'static str,
    needs: Needs,
    units: Units,
    action: &'static str,
) -> Right {
    Right {
        method,
        path,
        needs,
        units,
        action,
    }
}

const READ: Needs = Needs::Scope(Scope::Read);
const OPERATE: Needs = Needs::Scope(Scope::Operate);
const ADMIN: Needs = Needs::Scope(Scope::Admin);

/// Paths below the prefix.
pub const RIGHTS: &[Right] = &[
    right("GET", "/session", READ, Units::Theirs, ""),
    right(
        "POST",
        "/session",
        Needs::Judged,
        Units::Theirs,
        "session.begin",
    ),
    right("DELETE", "/session", READ, Units::Theirs, "session.end"),
    right("DELETE", "/sessions", ADMIN, Units::All, "session.end-all"),
    right("GET", "/password", Needs::Socket, Units::All, ""),
    right(
        "PUT",
        "/password",
        Needs::Socket,
        Units::All,
        "password.set",
    ),
    right("GET", "/tokens", ADMIN, Units::All, ""),
    right("POST", "/tokens", ADMIN, Units::All, "token.create"),
    right("DELETE", "/tokens/{id}", ADMIN, Units::All, "token.revoke"),
    right("GET", "/audit", ADMIN, Units::All, ""),
    right(
        "POST",
        "/hooks/{unit}",
        Needs::Judged,
        Units::Theirs,
        "hook",
    ),
    right("GET", "/status", READ, Units::Theirs, ""),
    right("GET", "/daemon", READ, Units::Theirs, ""),
    right("POST", "/daemon/stop", ADMIN, Units::All, "daemon.stop"),
    right(
        "POST",
        "/daemon/restart",
        ADMIN,
        Units::All,
        "daemon.restart",
    ),
    right(
        "POST",
        "/daemon/upgrade",
        ADMIN,
        Units::All,
        "daemon.upgrade",
    ),
    right("POST", "/reload", OPERATE, Units::All, "reload"),
    right("GET", "/units", READ, Units::Theirs, ""),
    right("GET", "/units/{name}", READ, Units::Named, ""),
    right(
        "POST",
        "/units/{name}/start",
        OPERATE,
        Units::Named,
        "unit.start",
    ),
    right(
        "POST",
        "/units/{name}/stop",
        OPERATE,
        Units::Named,
        "unit.stop",
    ),
    right(
        "POST",
        "/units/{name}/restart",
        OPERATE,
        Units::Named,
        "unit.restart",
    ),
    right(
        "POST",
        "/units/{name}/signal",
        OPERATE,
        Units::Named,
        "unit.signal",
    ),
    right(
        "POST",
        "/tasks/{name}/run",
        OPERATE,
        Units::Named,
        "task.run",
    ),
    right("GET", "/runs", READ, Units::Theirs, ""),
    right("GET", "/runs/summary", READ, Units::Theirs, ""),
    right("POST", "/runs/bulk", OPERATE, Units::Theirs, "run.bulk"),
    right("GET", "/runs/{id}", READ, Units::Theirs, ""),
    right("DELETE", "/runs/{id}", OPERATE, Units::Theirs, "run.delete"),
    right(
        "POST",
        "/runs/{id}/stop",
        OPERATE,
        Units::Theirs,
        "run.stop",
    ),
    right(
        "POST",
        "/runs/{id}/rerun",
        OPERATE,
        Units::Theirs,
        "run.rerun",
    ),
    right("GET", "/runs/{id}/log", READ, Units::Theirs, ""),
    right("GET", "/runs/{id}/log/raw", READ, Units::Theirs, ""),
    right("GET", "/runs/{id}/log/search", READ, Units::Theirs, ""),
    right("GET", "/runs/{id}/log/stream", READ, Units::Theirs, ""),
    right("GET", "/logs/follow", READ, Units::Theirs, ""),
    right("GET", "/search", READ, Units::Theirs, ""),
    right("GET", "/next", READ, Units::Theirs, ""),
    right("GET", "/explain/{task}", READ, Units::Named, ""),
    right("GET", "/ticks", READ, Units::Theirs, ""),
    right("GET", "/calendar", READ, Units::Theirs, ""),
    right("GET", "/events", READ, Units::Theirs, ""),
    right("GET", "/deliveries", READ, Units::Theirs, ""),
    right(
        "POST",
        "/deliveries/{id}/retry",
        OPERATE,
        Units::Theirs,
        "delivery.retry",
    ),
    right("GET", "/notifications", READ, Units::Theirs, ""),
    right(
        "POST",
        "/notifications/read",
        OPERATE,
        Units::All,
        "notifications.read",
    ),
    right(
        "POST",
        "/notifications/{id}/unread",
        OPERATE,
        Units::All,
        "notifications.unread",
    ),
    right("GET", "/notifiers", READ, Units::All, ""),
    right(
        "POST",
        "/notifiers/{id}/test",
        OPERATE,
        Units::All,
        "notifier.test",
    ),
    right("GET", "/plugins", READ, Units::All, ""),
    right("GET", "/plugins/{name}", READ, Units::All, ""),
    right("GET", "/host", READ, Units::All, ""),
    right("GET", "/samples", READ, Units::Theirs, ""),
];

/// Paths outside the prefix.
pub const OUTSIDE: &[Right] = &[
    right("GET", "/healthz", Needs::Nothing, Units::Theirs, ""),
    right("GET", "/api", Needs::Nothing, Units::Theirs, ""),
    right("GET", "/api.css", Needs::Nothing, Units::Theirs, ""),
    // On TCP only where the configuration says so; the handler knows.
    right("GET", "/metrics", Needs::Nothing, Units::Theirs, ""),
    right("GET", "/openapi.json", Needs::Nothing, Units::Theirs, ""),
    right("GET", "/", Needs::Nothing, Units::Theirs, ""),
    right("GET", "/{*file}", Needs::Nothing, Units::Theirs, ""),
];

/// What is asked of a request to this path, as the router knows it; none is a path that the router does not know.
pub fn right_of(method: &Method, path: Option<&str>) -> Right {
    // What answers a GET answers a HEAD.
    let method = if method == Method::HEAD {
        "GET"
    } else {
        method.as_str()
    };
    let (table, rest) = match path {
        Some(path) => match path.strip_prefix(PREFIX) {
            Some(rest) => (RIGHTS, rest),
            None => (OUTSIDE, path),
        },
        None => (RIGHTS, ""),
    };
    let found = table
        .iter()
        .find(|right| right.method == method && right.path == rest);
    found
        .copied()
        .unwrap_or(right("", "", ADMIN, Units::All, "unknown"))
}

/// What the path names where the router's has a parameter, decoded: a unit, a run, a notifier.
pub fn target(template: &str, path: &str) -> Option<String> {
    let named = |(known, _): &(&str, &str)| known.starts_with('{');
    let (_, part) = template.split('/').zip(path.split('/')).find(named)?;
    decode(part)
}

/// Undoes percent-encoding; none for what is not UTF-8 afterwards.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let digits = after.get(..2).filter(|_| *first == b'%');
        let decoded = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match decoded {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn what_is_not_in_the_table_is_for_administrators() {
        for (method, path) in [
            (Method::GET, None),
            (Method::POST, Some("/api/v1/units/{name}")),
            (Method::PATCH, Some("/api/v1/status")),
            (Method::GET, Some("/api/v1/unheard-of")),
            (Method::POST, Some("/")),
        ] {
            let right = right_of(&method, path);
            assert_eq!(
                (right.needs, right.units),
                (ADMIN, Units::All),
                "{method} {path:?}"
            );
        }
        assert_eq!(right_of(&Method::HEAD, Some("/api/v1/status")).needs, READ);
    }

    #[test]
    fn a_row_stands_once_and_what_changes_something_is_named() {
        let mut seen = HashSet::new();
        for row in RIGHTS.iter().chain(OUTSIDE) {
            assert!(seen.insert((row.method, row.path)), "{row:?}");
            assert_eq!(row.method == "GET", row.action.is_empty(), "{row:?}");
            let of_units = ["/units/{", "/tasks/{", "/explain/{"];
            let names = of_units.iter().any(|start| row.path.starts_with(start));
            assert_eq!(
                names && row.needs != Needs::Judged,
                row.units == Units::Named,
                "{row:?}"
            );
        }
    }

    #[test]
    fn nothing_that_changes_something_is_open_to_readers_but_signing_out() {
        for row in RIGHTS.iter().chain(OUTSIDE) {
            let open = matches!(row.needs, Needs::Nothing | Needs::Scope(Scope::Read));
            let allowed = ["GET", "DELETE"].contains(&row.method)
                && (row.method == "GET" || row.path == "/session");
            assert!(!open || allowed, "{row:?}");
        }
    }

    #[test]
    fn a_target_is_decoded_as_the_router_does_it() {
        let template = "/api/v1/units/{name}/start";
        for (path, target) in [
            ("/api/v1/units/web/start", Some("web")),
            ("/api/v1/units/a%3Ab/start", Some("a:b")),
            ("/api/v1/units/a%2Fb/start", Some("a/b")),
            ("/api/v1/units/%2e%2e/start", Some("..")),
            ("/api/v1/units/50%/start", Some("50%")),
            ("/api/v1/units/%zz/start", Some("%zz")),
            ("/api/v1/units/%ff/start", None),
        ] {
            assert_eq!(super::target(template, path).as_deref(), target, "{path}");
        }
        assert_eq!(super::target("/api/v1/status", "/api/v1/status"), None);
    }
}
