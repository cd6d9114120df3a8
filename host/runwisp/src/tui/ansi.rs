//! A line of output as a terminal would show it: colours are kept, everything else that a terminal obeys is left out.
//! Pure.
//!
//! Understood: SGR with 16, 256 and true colours, carriage return, backspace, tab. A line begins plain, whatever the line
//! before left on. Invariant: the text of the spans is safe to show (`text.rs`). Tests: below.

use ratatui::style::{Color, Modifier, Style};

use super::text;

/// What is looked at of one line, bytes; the rest is not shown.
const LONGEST: usize = 32 * 1024;

/// A piece of one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) style: Style,
}

/// The line in pieces.
pub(super) fn pieces(line: &str) -> Vec<Piece> {
    let line = match line.char_indices().find(|(at, _)| *at >= LONGEST) {
        Some((at, _)) => &line[..at],
        None => line,
    };
    let mut screen = Screen::default();
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => escape(&mut rest, &mut screen.style),
            '\r' => screen.at = 0,
            '\u{8}' => screen.at = screen.at.saturating_sub(1),
            '\t' => {
                for _ in 0..text::tab(screen.column()) {
                    screen.put(' ');
                }
            }
            c => {
                if let Some(c) = text::safe(c) {
                    screen.put(c);
                }
            }
        }
    }
    screen.pieces()
}

/// The text alone.
pub(super) fn plain(line: &str) -> String {
    pieces(line).into_iter().map(|piece| piece.text).collect()
}

#[derive(Default)]
struct Screen {
    cells: Vec<(char, Style)>,
    at: usize,
    style: Style,
}

impl Screen {
    fn put(&mut self, c: char) {
        if self.at < self.cells.len() {
            self.cells[self.at] = (c, self.style);
        } else {
            self.cells.push((c, self.style));
        }
        self.at += 1;
    }

    fn column(&self) -> usize {
        let before = &self.cells[..self.at];
        before.iter().map(|(c, _)| text::char_width(*c)).sum()
    }

    fn pieces(self) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        for (c, style) in self.cells {
            match pieces.last_mut() {
                Some(last) if last.style == style => last.text.push(c),
                _ => pieces.push(Piece {
                    text: c.to_string(),
                    style,
                }),
            }
        }
        pieces
    }
}

/// Passes over an escape sequence; of those that begin with `[` and end with `m` the style changes.
fn escape(rest: &mut std::str::Chars<'_>, style: &mut Style) {
    match rest.next() {
        Some('[') => {
            let mut words = String::new();
            for c in rest.by_ref() {
                match c {
                    '0'..='9' | ';' | ':' if words.len() < 64 => words.push(c),
                    '\u{40}'..='\u{7e}' => {
                        if c == 'm' {
                            *style = sgr(*style, &words);
                        }
                        return;
                    }
                    _ => {}
                }
            }
        }
        // An operating system command or another string: up to BEL or ESC \.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            let mut before = ' ';
            for c in rest.by_ref() {
                if c == '\u{7}' || (before == '\u{1b}' && c == '\\') {
                    return;
                }
                before = c;
            }
        }
        // A character set has one more letter.
        Some('(' | ')' | '*' | '+' | '#' | '%') => {
            rest.next();
        }
        _ => {}
    }
}

fn sgr(mut style: Style, words: &str) -> Style {
    let mut numbers = words
        .split([';', ':'])
        .map(|word| word.parse::<u8>().unwrap_or(0));
    while let Some(number) = numbers.next() {
        style = match number {
            0 => Style::default(),
            1 => style.add_modifier(Modifier::BOLD),
            2 => style.add_modifier(Modifier::DIM),
            3 => style.add_modifier(Modifier::ITALIC),
            4 => style.add_modifier(Modifier::UNDERLINED),
            7 => style.add_modifier(Modifier::REVERSED),
            9 => style.add_modifier(Modifier::CROSSED_OUT),
            22 => style.remove_modifier(Modifier::BOLD | Modifier::DIM),
            23 => style.remove_modifier(Modifier::ITALIC),
            24 => style.remove_modifier(Modifier::UNDERLINED),
            27 => style.remove_modifier(Modifier::REVERSED),
            29 => style.remove_modifier(Modifier::CROSSED_OUT),
            30..=37 => style.fg(Color::Indexed(number - 30)),
            39 => Style { fg: None, ..style },
            40..=47 => style.bg(Color::Indexed(number - 40)),
            49 => Style { bg: None, ..style },
            90..=97 => style.fg(Color::Indexed(number - 90 + 8)),
            100..=107 => style.bg(Color::Indexed(number - 100 + 8)),
            38 => color(&mut numbers).map_or(style, |color| style.fg(color)),
            48 => color(&mut numbers).map_or(style, |color| style.bg(color)),
            _ => style,
        };
    }
    style
}

fn color(numbers: &mut impl Iterator<Item = u8>) -> Option<Color> {
    match numbers.next()? {
        5 => numbers.next().map(Color::Indexed),
        2 => Some(Color::Rgb(
            numbers.next()?,
            numbers.next()?,
            numbers.next()?,
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Vec<(String, Style)> {
        pieces(line)
            .into_iter()
            .map(|piece| (piece.text, piece.style))
            .collect()
    }

    #[test]
    fn colours_are_kept_and_commands_are_not() {
        let red = Style::default().fg(Color::Indexed(1));
        assert_eq!(
            shown("a\u{1b}[31mb\u{1b}[0mc"),
            [
                ("a".into(), Style::default()),
                ("b".into(), red),
                ("c".into(), Style::default())
            ]
        );
        assert_eq!(
            plain("\u{1b}[2J\u{1b}[10;10Hx\u{1b}]0;title\u{7}y\u{1b}(Bz\u{1b}P1\u{1b}\\w"),
            "xyzw"
        );
        assert_eq!(
            shown("\u{1b}[38;5;208mx\u{1b}[48;2;1;2;3my"),
            [
                ("x".into(), Style::default().fg(Color::Indexed(208))),
                (
                    "y".into(),
                    Style::default()
                        .fg(Color::Indexed(208))
                        .bg(Color::Rgb(1, 2, 3))
                ),
            ]
        );
        assert_eq!(
            shown("\u{1b}[1;31mx")[0].1,
            red.add_modifier(Modifier::BOLD)
        );
    }

    #[test]
    fn a_progress_bar_shows_its_last_state() {
        assert_eq!(plain("10%\r50%\r100%"), "100%");
        assert_eq!(plain("abc\rX"), "Xbc");
        assert_eq!(plain("ab\u{8}c"), "ac");
        assert_eq!(plain("a\tb"), "a       b");
        assert_eq!(plain("\u{202e}x\u{0}"), "\u{fffd}x\u{fffd}");
    }

    #[test]
    fn what_is_cut_short_or_nonsense_hurts_nobody() {
        for line in [
            "\u{1b}",
            "\u{1b}[",
            "\u{1b}[31",
            "\u{1b}]0;x",
            "\u{1b}[38;5m",
            "\u{1b}[999mx",
        ] {
            assert!(plain(line).len() <= 1, "{line:?}");
        }
        assert!(plain(&"é".repeat(LONGEST)).len() <= LONGEST + 2);
    }
}
