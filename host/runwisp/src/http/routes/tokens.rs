//! API tokens: made, listed, revoked.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::SignedDuration;

use super::session::changed;
use crate::access::{self, tokens};
use crate::daemon::handle::Handle;
use crate::http::caller::Caller;
use crate::http::query::{JsonBody, json};
use crate::wire::access::{MakeToken, NewToken, Token, Tokens};
use crate::wire::{Doc, Problem};

/// The longest name of a token, characters.
const NAME: usize = 100;

/// The most patterns of units a token has.
const UNITS: usize = 100;

/// List tokens
#[utoipa::path(
    get, path = "/tokens", operation_id = "list_tokens", tag = "access",
    responses((status = 200, description = "Every token, without its secret.", body = Doc<Tokens>)),
)]
pub async fn list(State(handle): State<Handle>) -> Response {
    let tokens = handle.access().tokens();
    json(Tokens {
        tokens: tokens.into_iter().map(Token::from).collect(),
    })
}

/// Make a token
///
/// The answer holds its secret, which is shown this once.
#[utoipa::path(
    post, path = "/tokens", operation_id = "create_token", tag = "access", request_body = MakeToken,
    responses((status = 201, description = "The token.", body = Doc<NewToken>)),
)]
pub async fn create(
    State(handle): State<Handle>,
    caller: Caller,
    JsonBody(body): JsonBody<Option<MakeToken>>,
) -> Result<Response, Problem> {
    let body =
        body.ok_or_else(|| Problem::invalid("the body has to say what the token is to be"))?;
    let name = body.name.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME || name.chars().any(char::is_control) {
        return Err(Problem::invalid(format!(
            "a name has 1 to {NAME} characters, none of them a control character"
        )));
    }
    let empty = |units: &Vec<String>| units.is_empty() || units.iter().any(String::is_empty);
    if body
        .units
        .as_ref()
        .is_some_and(|units| empty(units) || units.len() > UNITS)
    {
        return Err(Problem::invalid(format!(
            "units are 1 to {UNITS} names or patterns; leave them out for all"
        )));
    }
    let lives = body
        .expires_in_ms
        .map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
    if lives == Some(0) {
        return Err(Problem::invalid(
            "a token that expires at once is of no use",
        ));
    }
    let wish = access::Wish {
        name: name.to_owned(),
        scope: body.scope,
        units: body.units,
        lives: lives.map(SignedDuration::from_millis),
        by: caller.name,
    };
    let made = handle.access().make_token(wish).await;
    let made = made.map_err(|e| changed(&e))?;
    let mut response = json(NewToken {
        token: made.secret,
        kept: made.token.into(),
    });
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// Revoke a token
///
/// Answers that still go on end with it.
#[utoipa::path(
    delete, path = "/tokens/{id}", operation_id = "revoke_token", tag = "access",
    params(("id" = String, Path, description = "Its id, or its name.")),
    responses((status = 200, description = "It is good for nothing any more.", body = Doc<Token>)),
)]
pub async fn revoke(
    State(handle): State<Handle>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let revoked = handle.access().revoke_token(&id).await;
    Ok(json(Token::from(revoked.map_err(|e| changed(&e))?)))
}

impl From<tokens::Token> for Token {
    fn from(token: tokens::Token) -> Self {
        Token {
            id: token.id,
            name: token.name,
            scope: token.scope,
            units: token.units,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.used_at,
            created_by: token.created_by,
        }
    }
}
