//! From bytes to numbered lines.
//!
//! Invariant: no text is lost and none is refused; what is odd about a line is said beside it. Tests are below.

use std::borrow::Cow;

/// One line of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Its number, from 1.
    pub(crate) number: u32,
    /// Its text, without the end of the line.
    pub(crate) text: Cow<'a, str>,
    /// Whether the bytes were UTF-8; where not, the text has replacement characters.
    pub(crate) utf8: bool,
    /// Whether a carriage return stood before the end.
    pub(crate) carriage_return: bool,
    /// Whether a newline ended it; only the last line may lack it.
    pub(crate) ended: bool,
}

/// The lines of a text. A byte order mark at its beginning is no part of it.
pub(crate) fn lines(bytes: &[u8]) -> Vec<Line<'_>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut number = 0;
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| {
            number += 1;
            let (line, ended) = match line.strip_suffix(b"\n") {
                Some(line) => (line, true),
                None => (line, false),
            };
            let (line, carriage_return) = match line.strip_suffix(b"\r") {
                Some(line) => (line, true),
                None => (line, false),
            };
            let text = String::from_utf8_lossy(line);
            Line {
                number,
                utf8: matches!(text, Cow::Borrowed(_)),
                text,
                carriage_return,
                ended,
            }
        })
        .collect()
}

/// A text without the blanks that cron skips at the beginning of a line.
pub(crate) fn unindented(text: &str) -> &str {
    text.trim_start_matches(BLANK)
}

/// What separates fields.
pub(crate) const BLANK: [char; 2] = [' ', '\t'];

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8]) -> Vec<(u32, String, bool, bool, bool)> {
        let lines = lines(bytes).into_iter();
        lines
            .map(|l| {
                (
                    l.number,
                    l.text.into_owned(),
                    l.utf8,
                    l.carriage_return,
                    l.ended,
                )
            })
            .collect()
    }

    #[test]
    fn every_line_has_its_number_and_its_oddities() {
        assert_eq!(
            told(b"\xef\xbb\xbfa\r\n\n\xff b"),
            [
                (1, "a".into(), true, true, true),
                (2, String::new(), true, false, true),
                (3, "\u{fffd} b".into(), false, false, false),
            ]
        );
        assert_eq!(told(b""), []);
    }
}
