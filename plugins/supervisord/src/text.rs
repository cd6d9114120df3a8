//! Text in which some places are not known yet: the number of an instance, a variable of the daemon's environment.
//!
//! Invariant: a place that is not known is a [`Piece`] of its own, never characters, so nothing that a configuration
//! holds can be mistaken for one.
//!
//! Tests: through those who use it.

use crate::form::Form;

/// One character, or what stands for several that are known only later.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    /// Itself.
    Char(char),
    /// The number of the instance, written so.
    Number(Form),
    /// The value of a variable of supervisord's own environment.
    Env(String),
}

/// A text of pieces.
pub(crate) type Text = Vec<Piece>;

/// Text that is known.
pub(crate) fn known(text: &str) -> Text {
    text.chars().map(Piece::Char).collect()
}

/// The text, when all of it is known.
pub(crate) fn as_known(text: &[Piece]) -> Option<String> {
    text.iter()
        .map(|piece| match piece {
            Piece::Char(c) => Some(*c),
            Piece::Number(_) | Piece::Env(_) => None,
        })
        .collect()
}

/// Whether Python takes a character for blank space.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// As Python's `str.strip`.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}
