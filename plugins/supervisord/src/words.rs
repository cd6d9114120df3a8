//! `command=` into words, as Python's `shlex.split` does it.
//!
//! Tests: below; the differential test compares with Python itself.

use crate::text::{Piece, Text};

/// Why a command has no words. The text completes "the command …".
#[derive(Debug, PartialEq)]
pub(crate) enum Unparsable {
    /// A quote that is never closed.
    OpenQuote,
    /// A backslash at the very end.
    Backslash,
}

impl Unparsable {
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Unparsable::OpenQuote => "has a quote that is never closed",
            Unparsable::Backslash => "ends with a backslash",
        }
    }
}

/// Splits a command.
pub(crate) fn split(text: &[Piece]) -> Result<Vec<Text>, Unparsable> {
    let mut words = Vec::new();
    let mut word: Option<Text> = None;
    let mut pieces = text.iter();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Char(' ' | '\t' | '\r' | '\n') => words.extend(word.take()),
            Piece::Char('\\') => {
                let next = pieces.next().ok_or(Unparsable::Backslash)?;
                word.get_or_insert_default().push(next.clone());
            }
            Piece::Char('\'') => {
                let word = word.get_or_insert_default();
                loop {
                    match pieces.next().ok_or(Unparsable::OpenQuote)? {
                        Piece::Char('\'') => break,
                        piece => word.push(piece.clone()),
                    }
                }
            }
            Piece::Char('"') => double(&mut pieces, word.get_or_insert_default())?,
            piece => word.get_or_insert_default().push(piece.clone()),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Between double quotes, a backslash is one unless it stands before a quote or another backslash.
fn double(pieces: &mut std::slice::Iter<'_, Piece>, word: &mut Text) -> Result<(), Unparsable> {
    loop {
        match pieces.next().ok_or(Unparsable::OpenQuote)? {
            Piece::Char('"') => return Ok(()),
            Piece::Char('\\') => {
                let next = pieces.next().ok_or(Unparsable::Backslash)?;
                if !matches!(next, Piece::Char('"' | '\\')) {
                    word.push(Piece::Char('\\'));
                }
                word.push(next.clone());
            }
            piece => word.push(piece.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{as_known, known};

    fn check(text: &str, words: &[&str]) {
        let split = split(&known(text)).unwrap();
        let split: Vec<String> = split.iter().filter_map(|word| as_known(word)).collect();
        assert_eq!(split, words, "{text:?}");
    }

    #[test]
    fn words_are_those_of_python() {
        check("a b\tc\nd", &["a", "b", "c", "d"]);
        check(r#"a "b c" 'd e' f"g"h"#, &["a", "b c", "d e", "fgh"]);
        check(r#"'' "" x"#, &["", "", "x"]);
        check(
            r#"a\ b "c\d" "e\"f\\g" 'h\i'"#,
            &["a b", r"c\d", r#"e"f\g"#, r"h\i"],
        );
        check(
            "a && b | c > d; e & $X `f` # g",
            &[
                "a", "&&", "b", "|", "c", ">", "d;", "e", "&", "$X", "`f`", "#", "g",
            ],
        );
        check("a \\\n--b", &["a", "\n--b"]);
        check("a\u{a0}b", &["a\u{a0}b"]);
        check("", &[]);
    }

    #[test]
    fn what_python_refuses_is_refused() {
        assert_eq!(split(&known("a 'b")), Err(Unparsable::OpenQuote));
        assert_eq!(split(&known("a \"b\\\"")), Err(Unparsable::OpenQuote));
        assert_eq!(split(&known("a \\")), Err(Unparsable::Backslash));
        assert_eq!(split(&known("a \"\\")), Err(Unparsable::Backslash));
    }
}
