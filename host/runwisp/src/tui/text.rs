//! Text from outside, made safe for a screen of cells, and cut to a width. Pure.
//!
//! Invariant: what comes out has no character that moves a cursor, changes a terminal's state, turns the direction of
//! writing, or is as wide on one terminal and not on another. Tests: below.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands for a character that may not be shown.
const REPLACEMENT: char = '\u{fffd}';

/// How far apart tab stops are.
const TAB: usize = 8;

/// What becomes of a character.
enum Fate {
    Keep,
    Replace,
    Drop,
}

fn fate(c: char) -> Fate {
    match c {
        // Joiners and selectors are what terminals disagree about: an emoji is shown as its parts instead.
        '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2064}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{180e}'
        | '\u{ad}'
        | '\u{e0000}'..='\u{e0fff}' => Fate::Drop,
        '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' => {
            Fate::Replace
        }
        c if c.is_control() => Fate::Replace,
        _ => Fate::Keep,
    }
}

/// The character as it may be shown, if at all. Tabs are the caller's.
pub(super) fn safe(c: char) -> Option<char> {
    match fate(c) {
        Fate::Keep => Some(c),
        Fate::Replace => Some(REPLACEMENT),
        Fate::Drop => None,
    }
}

/// One line of text from outside, as it may be shown. What has several lines becomes one.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str(" · "),
            '\t' => out.push(' '),
            '\r' => {}
            c => out.extend(safe(c)),
        }
    }
    out
}

/// How many blanks a tab is at this column.
pub(super) fn tab(column: usize) -> usize {
    TAB - column % TAB
}

/// How many cells the text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// How many cells the character takes.
pub(super) fn char_width(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// The text in at most `room` cells; what is cut off is shown by `…`.
pub(super) fn fit(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let next = char_width(c);
        if used + next + 1 > room {
            break;
        }
        used += next;
        out.push(c);
    }
    if room > 0 {
        out.push('…');
    }
    out
}

/// The text in exactly `room` cells.
pub(super) fn pad(text: &str, room: usize) -> String {
    let mut out = fit(text, room);
    let gap = room.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', gap));
    out
}

/// The text in exactly `room` cells, at the right.
pub(super) fn pad_left(text: &str, room: usize) -> String {
    let out = fit(text, room);
    let gap = room.saturating_sub(width(&out));
    let mut padded = " ".repeat(gap);
    padded.push_str(&out);
    padded
}

/// The text in lines of at most `room` cells, broken at blanks where there are any.
pub(super) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let room = room.max(1);
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for word in clean(paragraph).split(' ') {
            let mut word = word.to_owned();
            if !line.is_empty() && width(&line) + 1 + width(&word) > room {
                lines.push(std::mem::take(&mut line));
            }
            while width(&word) > room {
                let head: String = take_cells(&word, room);
                if head.len() == word.len() {
                    break;
                }
                word = word[head.len()..].to_owned();
                lines.push(head);
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word);
        }
        lines.push(line);
    }
    lines
}

/// The longest beginning that fits, at least one character.
fn take_cells(text: &str, room: usize) -> String {
    let mut used = 0;
    let mut out = String::new();
    for c in text.chars() {
        used += char_width(c);
        if used > room && !out.is_empty() {
            break;
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_comes_through() {
        assert_eq!(
            clean("a\u{1b}[2Jb\u{7}\r\nc\td"),
            "a\u{fffd}[2Jb\u{fffd} · c d"
        );
        assert_eq!(clean("\u{202e}abc\u{2066}d"), "\u{fffd}abc\u{fffd}d");
        assert_eq!(clean("👩\u{200d}💻\u{fe0f}"), "👩💻");
        assert_eq!(clean("cafe\u{301}"), "cafe\u{301}");
    }

    #[test]
    fn text_fits_its_cells() {
        for (text, room, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("日本語", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(fit(text, room), expected, "{text} {room}");
            assert!(width(&fit(text, room)) <= room);
        }
        assert_eq!(pad("日本語", 6), "日本語");
        assert_eq!(pad("日本語", 4), "日… ");
        assert_eq!(pad_left("7", 3), "  7");
    }

    #[test]
    fn paragraphs_are_broken_at_blanks() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a\nb", 10), ["a", "b"]);
        assert_eq!(wrap("日本", 1), ["日", "本"]);
    }
}
