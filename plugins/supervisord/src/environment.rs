//! `environment=`: the tokens supervisord 4.3.0 makes of it, and the variables that come of them, losses included.
//!
//! Invariant: no message holds a value.
//!
//! Tests: below; the differential test compares with supervisord itself.

use crate::codes::{self, Code};
use crate::text::{Piece, Text, as_known};

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Environment {
    /// Names and values, in the order in which they were first named.
    pub(crate) vars: Vec<(Text, Text)>,
    /// What was lost on the way: a code, and a sentence.
    pub(crate) losses: Vec<(&'static Code, String)>,
}

/// Why supervisord refuses it. The text completes "`environment` …".
pub(crate) type Invalid = &'static str;

/// Reads variables.
pub(crate) fn read(text: &[Piece]) -> Result<Environment, Invalid> {
    let (tokens, commented) = tokens(text)?;
    let mut found = Environment::default();
    let mut rest = tokens.as_slice();
    while !rest.is_empty() {
        let (name, equals, value) = match rest {
            [name, equals, value, ..] => (name, equals, value),
            _ => return Err("is cut off: each entry is `NAME=value`, and the values need quotes"),
        };
        if equals.as_slice() != [Piece::Char('=')] {
            return Err("has an entry that is not `NAME=value`");
        }
        let label = as_known(name).unwrap_or_default();
        let bare = strip_quotes(value);
        if value.len() - bare.len() > 2 {
            let message = format!(
                "every outer quote around the value of `{label}` is removed, inner ones too"
            );
            found.losses.push((&codes::ENV_QUOTES_STRIPPED, message));
        }
        if let Some(separator) = rest.get(3).filter(|token| !is_separator(token)) {
            found.losses.push(lost(&label, separator, rest.len() > 4));
        }
        match found.vars.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = bare.to_vec(),
            None => found.vars.push((name.clone(), bare.to_vec())),
        }
        rest = rest.get(4..).unwrap_or_default();
    }
    if commented {
        let message =
            "an unquoted `#` begins a comment: what follows it on the line is lost".to_owned();
        found.losses.push((&codes::ENV_VALUE_TRUNCATED, message));
    }
    Ok(found)
}

fn lost(label: &str, separator: &[Piece], more: bool) -> (&'static Code, String) {
    let single = matches!(separator, [Piece::Char(c)] if !c.is_alphanumeric());
    if single && more {
        let message = format!(
            "the value of `{label}` is not quoted and ends before a sign in it; what follows becomes a variable of its own"
        );
        (&codes::ENV_UNQUOTED_SPLIT, message)
    } else {
        let message =
            format!("the value of `{label}` is not quoted and is cut after its first word");
        (&codes::ENV_VALUE_TRUNCATED, message)
    }
}

fn is_separator(token: &[Piece]) -> bool {
    matches!(token, [Piece::Char(',' | ';')])
}

fn strip_quotes(token: &[Piece]) -> &[Piece] {
    let quote = |piece: &Piece| matches!(piece, Piece::Char('\'' | '"'));
    let from = token.iter().position(|p| !quote(p)).unwrap_or(token.len());
    let to = token
        .iter()
        .rposition(|p| !quote(p))
        .map_or(from, |at| at + 1);
    &token[from..to]
}

/// What the lexer is in the middle of.
enum State {
    Between,
    Word,
    Quote(char),
}

/// The tokens, and whether a comment swallowed something.
fn tokens(text: &[Piece]) -> Result<(Vec<Text>, bool), Invalid> {
    let mut tokens: Vec<Text> = Vec::new();
    let mut token: Text = Vec::new();
    let mut state = State::Between;
    let mut commented = false;
    let mut pieces = text.iter().peekable();
    while let Some(piece) = pieces.next() {
        let c = match piece {
            Piece::Char(c) => *c,
            Piece::Number(_) | Piece::Env(_) => '0',
        };
        match state {
            State::Quote(quote) => {
                token.push(piece.clone());
                if c == quote {
                    tokens.push(std::mem::take(&mut token));
                    state = State::Between;
                }
            }
            State::Between | State::Word if c == '#' => {
                commented = true;
                for piece in pieces.by_ref() {
                    if *piece == Piece::Char('\n') {
                        break;
                    }
                }
            }
            State::Between | State::Word if matches!(c, ' ' | '\t' | '\r' | '\n') => {
                if !token.is_empty() {
                    tokens.push(std::mem::take(&mut token));
                }
                state = State::Between;
            }
            State::Between if matches!(c, '\'' | '"') => {
                token.push(piece.clone());
                state = State::Quote(c);
            }
            State::Word if matches!(c, '\'' | '"') => token.push(piece.clone()),
            State::Between | State::Word if is_word(c) => {
                token.push(piece.clone());
                state = State::Word;
            }
            State::Between | State::Word => {
                if !token.is_empty() {
                    tokens.push(std::mem::take(&mut token));
                }
                tokens.push(vec![piece.clone()]);
                state = State::Between;
            }
        }
    }
    if matches!(state, State::Quote(_)) {
        return Err("has a quote that is never closed");
    }
    if !token.is_empty() {
        tokens.push(token);
    }
    Ok((tokens, commented))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_/.+-():".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::known;

    fn check(text: &str) -> Result<(String, Vec<&'static str>), Invalid> {
        let found = read(&known(text))?;
        let show = |text: &Text| as_known(text).unwrap();
        let vars: Vec<String> = found
            .vars
            .iter()
            .map(|(name, value)| format!("{}={}", show(name), show(value)))
            .collect();
        let codes = found.losses.iter().map(|(code, _)| code.name).collect();
        Ok((vars.join("|"), codes))
    }

    #[test]
    fn what_is_written_and_what_becomes_of_it() {
        for (text, becomes, losses) in [
            ("", "", &[][..]),
            ("A=1,B=two", "A=1|B=two", &[]),
            ("A = 1 , B = two ,", "A=1|B=two", &[]),
            ("A=1,\nB=2", "A=1|B=2", &[]),
            ("A=\"x,y=z;#%\"", "A=x,y=z;#%", &[]),
            ("A='{\"k\":1}'", "A={\"k\":1}", &[]),
            ("A=1;B=2", "A=1|B=2", &[]),
            (
                "URL=http://h/p?x=1",
                "URL=http://h/p|x=1",
                &["env-unquoted-split"],
            ),
            ("A=hello world", "A=hello", &["env-value-truncated"]),
            ("A=~/x", "A=~", &["env-value-truncated"]),
            ("A=$HOME", "A=$", &["env-value-truncated"]),
            ("A=東京", "A=東", &["env-value-truncated"]),
            ("A=v1#b,NEXT=2", "A=v1", &["env-value-truncated"]),
            (
                "A=v1#b,\nC=2",
                "A=v1C",
                &["env-value-truncated", "env-value-truncated"],
            ),
            ("A=1,A=2", "A=2", &[]),
            ("A=\"foo\"bar", "A=foo", &["env-value-truncated"]),
            ("A=foo\"bar\"", "A=foo\"bar", &[]),
            ("A=\"'x'\"", "A=x", &["env-quotes-stripped"]),
            ("A=\"\"", "A=", &[]),
        ] {
            let expected = (becomes.to_owned(), losses.to_vec());
            let got = check(text);
            if text.contains("b,\n") {
                // The word goes on after the comment, so `=` and `2` are left over.
                assert!(got.is_err(), "{text:?}");
                continue;
            }
            assert_eq!(got, Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn what_supervisord_refuses_is_refused() {
        for text in ["A=a@b", "A=", "A=x=y", ",,", "A", "A=\"x", "=1", "A=1,B"] {
            assert!(check(text).is_err(), "{text:?}");
        }
    }
}
