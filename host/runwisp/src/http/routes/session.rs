//! Who asks, signing in, signing out.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use crate::access::sessions::LONGEST;
use crate::access::{Access, ChangeError, Credential, SignInError};
use crate::daemon::handle::Handle;
use crate::http::access::guard::{LetInBy, Origin, cookie_name};
use crate::http::caller::Caller;
use crate::http::query::{JsonBody, json};
use crate::wire::access::{Session, SignIn, SignedOut};
use crate::wire::{Doc, Problem};

/// Say who asks
///
/// A stranger hears `session.required`.
#[utoipa::path(
    get, path = "/session", operation_id = "show_session", tag = "access",
    responses((status = 200, description = "Who asks, and what they may do.", body = Doc<Session>)),
)]
pub async fn show(
    State(handle): State<Handle>,
    by: Option<Extension<LetInBy>>,
    caller: Caller,
) -> Response {
    let by = by.map(|Extension(LetInBy(by))| by);
    let expires_at = by.and_then(|by| handle.access().expires_at(&by));
    json(described(caller, expires_at))
}

/// Sign in
///
/// The operator's password gives a session of scope admin, the viewer's one of scope read, in a cookie. Programs use a
/// token instead. Wrong passwords are counted for each address; after five, the answer is `session.too-many` for a while.
#[utoipa::path(
    post, path = "/session", operation_id = "sign_in", tag = "access", request_body = SignIn,
    responses((status = 201, description = "Signed in; the cookie is the session.", body = Doc<Session>)),
)]
pub async fn begin(
    State(handle): State<Handle>,
    Extension(origin): Extension<Origin>,
    JsonBody(body): JsonBody<Option<SignIn>>,
) -> Result<Response, Problem> {
    let body = body.ok_or_else(|| Problem::invalid("the body has to hold a password"))?;
    let access = handle.access();
    let signed_in = access
        .sign_in(origin.address, &origin.shown, body.password)
        .await;
    let (secret, session) = match signed_in {
        Ok(signed_in) => signed_in,
        Err(SignInError::TooMany(seconds)) => return Ok(too_many(seconds)),
        Err(error) => return Err(refused(&error)),
    };
    let expires_at = Some(session.expires_at());
    let caller = Caller::session(&session, origin.shown.clone());
    let age = LONGEST.as_secs();
    let cookie = cookie(&access, &secret, age, origin.https)?;
    let mut response = json(described(caller.clone(), expires_at));
    response.extensions_mut().insert(caller);
    *response.status_mut() = StatusCode::CREATED;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Sign out
#[utoipa::path(
    delete, path = "/session", operation_id = "sign_out", tag = "access",
    responses((status = 204, description = "The session has ended, with every answer that still went on.")),
)]
pub async fn end(
    State(handle): State<Handle>,
    Extension(origin): Extension<Origin>,
    by: Option<Extension<LetInBy>>,
) -> Result<Response, Problem> {
    let Some(Extension(LetInBy(Credential::Session(digest)))) = by else {
        return Err(Problem::new(
            "session.none",
            "there is no session to sign out of",
        ));
    };
    let access = handle.access();
    access.sign_out(&digest).await.map_err(|e| changed(&e))?;
    let cookie = cookie(&access, "", 0, origin.https)?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Sign everybody out
///
/// Tokens go on; each is revoked by itself.
#[utoipa::path(
    delete, path = "/sessions", operation_id = "sign_out_everywhere", tag = "access",
    responses((status = 200, description = "No session is left.", body = Doc<SignedOut>)),
)]
pub async fn end_all(State(handle): State<Handle>) -> Result<Response, Problem> {
    let ended = handle.access().sign_out_everywhere().await;
    let sessions = ended.map_err(|e| changed(&e))?;
    Ok(json(SignedOut { sessions }))
}

fn described(caller: Caller, expires_at: Option<Timestamp>) -> Session {
    let units = caller
        .units
        .map(|units| units.iter().map(ToString::to_string).collect());
    Session {
        kind: caller.kind,
        name: caller.name,
        scope: caller.scope,
        units,
        expires_at,
        from: caller.from,
    }
}

fn cookie(access: &Access, secret: &str, age: i64, https: bool) -> Result<HeaderValue, Problem> {
    let name = cookie_name(access);
    let secure = if https { "; Secure" } else { "" };
    let text = format!("{name}={secret}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::try_from(text).map_err(|_| Problem::new("io.failed", "could not make a cookie"))
}

fn refused(error: &SignInError) -> Problem {
    let code = match error {
        SignInError::Wrong => "session.password",
        SignInError::TooMany(_) => "session.too-many",
        SignInError::Busy => "daemon.busy",
        SignInError::NoRandomness(_) => "access.unsaved",
    };
    let problem = Problem::new(code, format!("could not {error}"));
    match error {
        SignInError::Wrong => {
            problem.help("On the host, `runwisp password` shows it where it was generated, and `runwisp password set` sets another.")
        }
        SignInError::Busy => problem.help("Try again in a moment."),
        _ => problem,
    }
}

/// The same for whoever has to wait, with how long.
pub(super) fn too_many(seconds: u64) -> Response {
    let problem = refused(&SignInError::TooMany(seconds)).help(format!(
        "Try again in {seconds} s; the socket is not limited."
    ));
    let mut response = problem.into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// A change that was refused, or is not kept.
pub(super) fn changed(error: &ChangeError) -> Problem {
    let code = match error {
        ChangeError::Given(_) => "password.given",
        ChangeError::Unfit(_) | ChangeError::Same => "password.unfit",
        ChangeError::Token(_) => "token.refused",
        ChangeError::NoToken(_) => "token.unknown",
        ChangeError::NoRandomness(_) | ChangeError::Unsaved(_) => "access.unsaved",
    };
    Problem::new(code, format!("could not {error}"))
}
