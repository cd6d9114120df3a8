//! A daemon elsewhere: which one is meant, and what says who is asking.
//!
//! Invariant: a token is never an argument, where every user of the machine could read it. Tests: below.

use std::io::Read;
use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::args::{Global, Verb};
use super::context::io_failed;
use crate::client::{Client, Wish};
use crate::wire::Problem;

/// Holds the token itself.
const TOKEN: &str = "RUNWISP_TOKEN";

/// More than any token, bytes.
const LONGEST: u64 = 4096;

/// What was said about a daemon elsewhere, if that is who is to be asked.
pub(super) fn wish(
    global: &Global,
    verb: Option<&Verb>,
    matches: &ArgMatches,
) -> Result<Option<Wish>, Problem> {
    let Some(url) = global.url.clone().filter(|url| !url.is_empty()) else {
        return Ok(None);
    };
    let on_the_line = said(matches, "url");
    if verb.is_some_and(|verb| !verb.asks()) {
        if !on_the_line {
            return Ok(None);
        }
        return Err(Problem::invalid(
            "this command works on files of this machine and asks no daemon; leave out --url",
        ));
    }
    let nearer = said(matches, "socket") || said(matches, "data");
    match (on_the_line, nearer) {
        (true, true) => Err(Problem::invalid(
            "--url is a daemon elsewhere, --socket and --data name one of this machine; give one of them",
        )),
        (false, true) => Ok(None),
        (_, false) => Ok(Some(Wish {
            url,
            token: token(global.token_file.as_deref())?,
            fingerprint: global.fingerprint.clone().filter(|f| !f.is_empty()),
            insecure: global.allow_insecure,
        })),
    }
}

/// The way there.
pub(super) fn client(wish: &Wish) -> Result<Client, Problem> {
    Client::remote(wish.clone())
}

/// Whether this stands on the command line, before the verb or after it.
fn said(matches: &ArgMatches, id: &str) -> bool {
    matches.value_source(id) == Some(ValueSource::CommandLine)
        || matches
            .subcommand()
            .is_some_and(|(_, below)| said(below, id))
}

fn token(file: Option<&Path>) -> Result<Option<String>, Problem> {
    let text = match file {
        Some(path) => read(path)?,
        None => match std::env::var(TOKEN) {
            Ok(text) => text,
            Err(_) => return Ok(None),
        },
    };
    checked(text.trim())
}

fn read(path: &Path) -> Result<String, Problem> {
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .map_err(|e| io_failed(format!("read the token in {}", path.display()), &e))?;
    Ok(text)
}

/// A token, if there is one. What has blanks or other letters in it could not stand in a header.
fn checked(token: &str) -> Result<Option<String>, Problem> {
    if token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Some(token.to_owned()).filter(|token| !token.is_empty()));
    }
    Err(Problem::invalid(
        "what was given as a token is none: it has to be one word on one line",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Cli;
    use clap::{CommandFactory, FromArgMatches};

    fn check(arguments: &str) -> Result<Option<String>, String> {
        let words = std::iter::once("runwisp").chain(arguments.split(' '));
        let matches = Cli::command().try_get_matches_from(words).unwrap();
        let cli = Cli::from_arg_matches(&matches).unwrap();
        wish(&cli.global, cli.verb.as_ref(), &matches)
            .map(|wish| wish.map(|wish| wish.url))
            .map_err(|problem| problem.message)
    }

    #[test]
    fn the_nearest_word_says_which_daemon_is_meant() {
        assert_eq!(check("status"), Ok(None));
        assert_eq!(
            check("--url https://a status"),
            Ok(Some("https://a".to_owned()))
        );
        assert_eq!(
            check("runs --url https://a"),
            Ok(Some("https://a".to_owned()))
        );
        assert!(
            check("status --url https://a --data d")
                .unwrap_err()
                .contains("one of them")
        );
        assert!(
            check("validate --url https://a")
                .unwrap_err()
                .contains("no daemon")
        );
    }

    #[test]
    fn a_token_is_one_word() {
        assert_eq!(checked(""), Ok(None));
        assert_eq!(checked("rwt_1"), Ok(Some("rwt_1".to_owned())));
        assert!(checked("rwt_1\nrwt_2").is_err() && checked("tök").is_err());
    }
}
