//! `runwisp token`: API tokens, made, listed and revoked.
//!
//! Tests: `tests/e2e/access.rs`.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use runwisp_core::config::scalar::duration;

use super::context::Context;
use super::table::{Cell, Tone, cell, harmless, table, toned};
use crate::client::Uri;
use crate::human;
use crate::wire::Problem;
use crate::wire::access::{MakeToken, NewToken, Token, Tokens};
use crate::wire::caller::Scope;
use crate::wire::codes::Exit;

/// What to do.
///
/// A token lets a program use the API: `Authorization: Bearer rwt_…`, or RUNWISP_TOKEN with --url. Only a digest of it
/// is kept.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a token and print it, this once
    Create {
        /// What it is for; the audit log calls it so
        name: String,
        /// What it may do: see; also start, stop and run; or everything
        #[arg(long, value_name = "SCOPE", default_value = "read", value_parser = ["read", "operate", "admin"])]
        scope: String,
        /// Only these units, by name or pattern
        #[arg(long, short, value_name = "GLOB")]
        unit: Vec<String>,
        /// When it ends, such as 30d; left out, when it is revoked
        #[arg(long, value_name = "DURATION")]
        expires: Option<String>,
    },
    /// Show all tokens
    List,
    /// End a token, by its id or name
    Revoke {
        /// Which
        token: String,
    },
}

/// Does it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    match &args.what {
        What::Create {
            name,
            scope,
            unit,
            expires,
        } => {
            let body = MakeToken {
                name: name.clone(),
                scope: match scope.as_str() {
                    "admin" => Scope::Admin,
                    "operate" => Scope::Operate,
                    _ => Scope::Read,
                },
                units: (!unit.is_empty()).then(|| unit.clone()),
                expires_in_ms: expires.as_deref().map(lives).transpose()?,
            };
            create(&body, context).await?;
        }
        What::List => list(context).await?,
        What::Revoke { token } => {
            let uri = Uri::new(&["tokens", token]);
            let revoked: Token = context.client()?.delete(&uri).await?;
            if context.out.json {
                context.out.document(&revoked)?;
            } else {
                context
                    .out
                    .message(&format!("{} is revoked", harmless(&revoked.name)));
            }
        }
    }
    Ok(Exit::Done)
}

fn lives(text: &str) -> Result<u64, Problem> {
    let length =
        duration(text).map_err(|why| Problem::invalid(format!("--expires {text:?}: {why}")))?;
    Ok(u64::try_from(length.as_millis()).unwrap_or(u64::MAX))
}

async fn create(body: &MakeToken, context: &Context) -> Result<(), Problem> {
    let made: NewToken = context.client()?.post(&Uri::new(&["tokens"]), body).await?;
    if context.out.json {
        return context.out.document(&made);
    }
    context.out.line(&made.token)?;
    context.out.message(&format!(
        "this is shown once; `runwisp token revoke {}` ends it",
        made.kept.id
    ));
    Ok(())
}

async fn list(context: &Context) -> Result<(), Problem> {
    let tokens: Tokens = context.client()?.get(&Uri::new(&["tokens"])).await?;
    if context.out.json {
        return context.out.document(&tokens);
    }
    let (now, zone) = (Timestamp::now(), TimeZone::system());
    let time = |at: Option<Timestamp>, never: &str| match at {
        Some(at) => human::time(at, now, &zone),
        None => never.to_owned(),
    };
    let rows: Vec<Vec<Cell>> = tokens
        .tokens
        .iter()
        .map(|token| {
            let ended = token.expires_at.is_some_and(|end| end <= now);
            let tone = if ended { Tone::Bad } else { Tone::Plain };
            vec![
                toned(token.id.clone(), Tone::Faint),
                cell(harmless(&token.name)),
                cell(token.scope.as_str()),
                cell(harmless(
                    &token
                        .units
                        .as_ref()
                        .map_or("all".to_owned(), |u| u.join(", ")),
                )),
                toned(time(token.expires_at, "never"), tone),
                cell(time(token.last_used_at, "never")),
                cell(harmless(&token.created_by)),
            ]
        })
        .collect();
    let heading = [
        "ID",
        "NAME",
        "SCOPE",
        "UNITS",
        "EXPIRES",
        "LAST USED",
        "MADE BY",
    ];
    context.out.text(&table(&heading, &rows, context.out.color))
}
