//! The one door that every request goes through, over the socket and over TCP.
//!
//! In order: is it meant for us (`Host`), what caused it (`Origin`), what does its path need, who asks, may they, is it
//! small and quick enough. Only then does the handler see it, with a [`Caller`] beside it.
//!
//! Invariant: a handler is reached by whom the table of rights lets in, and by nobody else.
//! Tests: `wire/tests/guard.rs`.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use jiff::Timestamp;
use runwisp_core::words::audit::AuditEntry;

use super::address::caller;
use super::host::{host_of, is_ours};
use super::ledger::{Ledger, detail};
use super::origin::{Cause, Said, Site, cause};
use super::rights::{Needs, Right, Units, right_of, target};
use super::settings::{Current, Settings};
use super::{headers, until};
use crate::access::{Access, Credential};
use crate::daemon::handle::Handle;
use crate::http::MAX_BODY;
use crate::http::caller::{Caller, CallerKind, Scope};
use crate::http::problem::Refused;
use crate::wire::Problem;

/// How long a caller may take to send the body of a request.
const BODY: Duration = Duration::from_secs(15);

/// The other end of a connection. Put beside each request by whatever accepted it.
#[derive(Clone, Copy, Debug)]
pub enum Peer {
    /// Somebody on the Unix socket, for whom the kernel vouches.
    Socket {
        /// Their user.
        uid: u32,
    },
    /// Somebody on the network.
    Tcp {
        /// Who connected.
        remote: SocketAddr,
        /// What they connected to.
        local: SocketAddr,
        /// Whether they speak TLS.
        tls: bool,
    },
}

/// From where a request comes, once proxies have been looked through. Put beside each request for handlers.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The address that counts; none on the socket.
    pub address: Option<IpAddr>,
    /// The same for people.
    pub shown: String,
    /// Whether the browser reached us by HTTPS, so that cookies may say so.
    pub https: bool,
}

/// By what a caller was let in, where that can end. Put beside each request for handlers.
#[derive(Clone, Debug)]
pub struct LetInBy(pub Credential);

/// What the guard works with.
#[derive(Clone)]
pub struct Guard {
    handle: Handle,
    access: Arc<Access>,
    current: Arc<Current>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Guard {
    /// Guards the way to this daemon. `listen` is what the command line said about where HTTP is served.
    pub fn new(handle: Handle, listen: Option<String>) -> Self {
        Guard {
            access: handle.access(),
            handle,
            current: Arc::new(Current::new(listen)),
            ledger: Arc::default(),
        }
    }
}

/// What a request does, as far as it is known.
struct Done {
    right: Right,
    actor: Option<Caller>,
    from: String,
    target: Option<String>,
    detail: Option<String>,
}

impl Done {
    fn new(right: Right, target: Option<String>, origin: &Origin) -> Self {
        Done {
            right,
            actor: None,
            from: origin.shown.clone(),
            target,
            detail: None,
        }
    }
}

/// The middleware.
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match guard.pass(parts, body, next).await {
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    };
    headers::add(response.headers_mut());
    response
}

impl Guard {
    async fn pass(&self, mut parts: Parts, body: Body, next: Next) -> Result<Response, Problem> {
        let peer = parts.extensions.get::<Peer>().copied();
        let peer = peer.ok_or_else(|| Problem::new("session.required", "nobody is known here"))?;
        let settings = self.current.of(&self.handle.plan());
        let (origin, cause) = self.judge_origin(&parts, peer, &settings)?;
        let matched = parts.extensions.get::<MatchedPath>().cloned();
        let template = matched.as_ref().map(MatchedPath::as_str);
        let right = right_of(&parts.method, template);
        let target = template.and_then(|t| target(t, parts.uri.path()));
        let mut let_in_by = None;
        let mut done = Done::new(right, target.clone(), &origin);
        if !matches!(right.needs, Needs::Nothing | Needs::Judged) {
            let (caller, by) = self.identify(&parts.headers, peer, &origin).await?;
            done.actor = Some(caller.clone());
            if caller.kind == CallerKind::Session && !safe(&parts.method) && cause != Cause::Ours {
                return Err(foreign().help(
                    "With a cookie, changes are taken from the page itself only; a program uses a token (`runwisp token create`).",
                ));
            }
            if let Err(refused) = allow(right, &caller, target) {
                let response = refused.into_response();
                self.write_down(done, &response);
                return Ok(response);
            }
            parts.extensions.insert(caller);
            if let Some(by) = by {
                parts.extensions.insert(LetInBy(by.clone()));
                let_in_by = Some(by);
            }
        }
        parts.extensions.insert(origin);
        let body = whole(body).await?;
        done.detail = detail(right.action, &body);
        let response = next.run(Request::from_parts(parts, Body::from(body))).await;
        self.write_down(done, &response);
        Ok(match let_in_by {
            Some(by) => until::revoked(response, &self.access, by),
            None => response,
        })
    }

    /// Adds to the audit log what changed something, or would have.
    fn write_down(&self, done: Done, response: &Response) {
        if done.right.action.is_empty() {
            return;
        }
        // Who was let in by a handler is known to that handler alone.
        let actor = done.actor.or_else(|| response.extensions().get().cloned());
        let refused = response.extensions().get::<Refused>();
        let entry = AuditEntry {
            at: Timestamp::now(),
            kind: actor
                .as_ref()
                .map_or("stranger", |actor| actor.kind.as_str())
                .to_owned(),
            name: actor.map(|actor| actor.name).unwrap_or_default(),
            from: done.from,
            action: done.right.action.to_owned(),
            target: done.target,
            detail: done.detail,
            result: refused.map_or("ok", |refused| &refused.0).to_owned(),
            status: response.status().as_u16(),
        };
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = ledger.judge(entry) {
            self.handle.audit(entry);
        }
    }

    /// Whether the request is meant for us, and what caused it.
    fn judge_origin(
        &self,
        parts: &Parts,
        peer: Peer,
        settings: &Settings,
    ) -> Result<(Origin, Cause), Problem> {
        let Peer::Tcp { remote, local, tls } = peer else {
            let origin = Origin {
                address: None,
                shown: "socket".to_owned(),
                https: false,
            };
            return Ok((origin, Cause::Ours));
        };
        let authority = authority(parts).ok_or_else(|| {
            Problem::new(
                "request.host",
                "the request does not say which host it is for",
            )
        })?;
        let host = host_of(authority).unwrap_or_default();
        if !is_ours(&host, local.ip(), &settings.names) {
            return Err(Problem::new(
                "request.host",
                format!("this daemon does not go by the name {host:?}"),
            )
            .help("If it should, write that address as `external_url` in `[daemon]`."));
        }
        let text = |name: &HeaderName| parts.headers.get(name).and_then(|v| v.to_str().ok());
        let address = caller(
            remote.ip(),
            all(&parts.headers, &FORWARDED_FOR),
            &settings.proxies,
        );
        let proxied = settings.proxies.iter().any(|p| p.holds(remote.ip()));
        let outside = settings.external.as_ref();
        let https = tls
            || proxied && text(&FORWARDED_PROTO).is_some_and(|p| p.eq_ignore_ascii_case("https"))
            || outside.is_some_and(|site| site.is_https() && site.host() == host);
        let here = Site::of(https, authority);
        let ours: Vec<&Site> = here.iter().chain(outside).collect();
        let said = Said {
            origin: text(&header::ORIGIN),
            fetch_site: text(&HeaderName::from_static("sec-fetch-site")),
            fetch_mode: text(&HeaderName::from_static("sec-fetch-mode")),
        };
        let cause = cause(said, safe(&parts.method), &ours);
        if cause == Cause::Foreign && bearer(&parts.headers).is_none() {
            return Err(foreign());
        }
        let origin = Origin {
            address: Some(address),
            shown: address.to_string(),
            https,
        };
        Ok((origin, cause))
    }

    /// Who asks.
    async fn identify(
        &self,
        headers: &HeaderMap,
        peer: Peer,
        origin: &Origin,
    ) -> Result<(Caller, Option<Credential>), Problem> {
        if let Some(secret) = bearer(headers) {
            let token = self.access.token(secret).ok_or_else(|| {
                Problem::new("token.invalid", "this token is unknown, revoked or expired")
                    .help("`runwisp token create` makes one.")
            })?;
            let caller = Caller {
                kind: CallerKind::Token,
                units: token.globs(),
                scope: token.scope,
                from: origin.shown.clone(),
                name: token.name,
            };
            return Ok((caller, Some(Credential::Token(token.id))));
        }
        if let Peer::Socket { uid } = peer {
            return Ok((Caller::socket(uid), None));
        }
        let name = cookie_name(&self.access);
        let session = match cookie(headers, &name) {
            Some(secret) => self.access.session(secret).await,
            None => None,
        };
        let session = session.ok_or_else(|| {
            Problem::new("session.required", "nobody is signed in")
                .help("Sign in on the page, or send a token: `Authorization: Bearer rwt_…`.")
        })?;
        let caller = Caller::session(&session, origin.shown.clone());
        Ok((caller, Some(Credential::Session(session.digest))))
    }
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const TOKEN: HeaderName = HeaderName::from_static("x-runwisp-token");

/// Whether the table lets this caller do that.
fn allow(right: Right, caller: &Caller, target: Option<String>) -> Result<(), Problem> {
    let scope = match right.needs {
        Needs::Nothing | Needs::Judged => return Ok(()),
        Needs::Socket if caller.kind != CallerKind::Socket => {
            return Err(Problem::new(
                "access.socket-only",
                "this is answered on the Unix socket alone",
            )
            .help("Run the command on the host, as root or as the daemon's user."));
        }
        Needs::Socket => Scope::Admin,
        Needs::Scope(scope) => scope,
    };
    if caller.scope < scope {
        let (needs, has) = (scope.as_str(), caller.scope.as_str());
        return Err(Problem::new(
            "access.scope",
            format!(
                "this needs the scope {needs}, and {} has {has}",
                caller.name
            ),
        ));
    }
    match right.units {
        Units::Theirs => Ok(()),
        // Where no unit stands, or none can, the handler says so.
        Units::Named => match target {
            Some(unit) if !caller.sees(&unit) => Err(Problem::no_unit(&unit)),
            _ => Ok(()),
        },
        Units::All if caller.units.is_none() => Ok(()),
        Units::All => Err(Problem::new(
            "access.units",
            format!(
                "this is about more than the units that {} sees",
                caller.name
            ),
        )),
    }
}

fn safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn foreign() -> Problem {
    Problem::new("request.origin", "the request was caused by another site")
}

/// The one host a request is for. Two are none: who forwards a request may look at one and we at the other.
fn authority(parts: &Parts) -> Option<&str> {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    if hosts.next().is_some() {
        return None;
    }
    match parts.uri.authority() {
        Some(said) if said.as_str() != host => None,
        _ => Some(host),
    }
}

fn all<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl DoubleEndedIterator<Item = &'a str> {
    // What can't be read as text is no address: nothing to its left is believed.
    headers
        .get_all(name)
        .iter()
        .map(|value| value.to_str().unwrap_or("?"))
}

/// The token a program sent.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(header::AUTHORIZATION).map(HeaderValue::to_str);
    if let Some(Ok(text)) = sent {
        let (scheme, token) = text.split_once(' ')?;
        return scheme
            .eq_ignore_ascii_case("bearer")
            .then(|| token.trim_start());
    }
    headers.get(TOKEN)?.to_str().ok()
}

/// The cookie of this daemon. Cookies do not know ports, so several daemons on one host need names of their own.
pub fn cookie_name(access: &Access) -> String {
    format!("runwisp_session_{}", access.id())
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// The body as a whole: no handler waits for a slow caller, and none sees more than there may be.
async fn whole(body: Body) -> Result<Bytes, Problem> {
    let too_large = || {
        Problem::new(
            "request.too-large",
            format!("the body of the request has more than {MAX_BODY} bytes"),
        )
    };
    // Whoever says that it will be too much need not send it.
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(too_large());
    }
    let read = tokio::time::timeout(BODY, Limited::new(body, MAX_BODY).collect()).await;
    match read {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => Err(Problem::invalid(format!("the body broke off: {error}"))),
        Err(_) => Err(Problem::new(
            "request.slow",
            format!("the body did not come within {} s", BODY.as_secs()),
        )),
    }
}
