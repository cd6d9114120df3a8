//! Tables for people: aligned columns, a heading, colours only where they are wanted. Pure.
//!
//! Tests: below.

/// A colour by its meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// As the terminal has it.
    #[default]
    Plain,
    /// All is well.
    Good,
    /// Something is on its way, or odd.
    Notice,
    /// Something is wrong.
    Bad,
    /// Beside the point.
    Faint,
}

impl Tone {
    fn escape(self) -> &'static str {
        match self {
            Tone::Plain => "",
            Tone::Good => "\u{1b}[32m",
            Tone::Notice => "\u{1b}[33m",
            Tone::Bad => "\u{1b}[31m",
            Tone::Faint => "\u{1b}[2m",
        }
    }
}

/// One field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    text: String,
    tone: Tone,
}

/// A field in a tone.
pub fn toned(text: impl Into<String>, tone: Tone) -> Cell {
    Cell {
        text: text.into(),
        tone,
    }
}

/// A plain field.
pub fn cell(text: impl Into<String>) -> Cell {
    toned(text, Tone::Plain)
}

/// Text in a tone, where colours are wanted.
pub fn paint(text: &str, tone: Tone, color: bool) -> String {
    if color && tone != Tone::Plain && !text.is_empty() {
        format!("{}{text}\u{1b}[0m", tone.escape())
    } else {
        text.to_owned()
    }
}

/// Rows under a heading. Columns are as wide as their widest field, two spaces apart; the last one is not padded.
pub fn table(heading: &[&str], rows: &[Vec<Cell>], color: bool) -> String {
    let mut widths: Vec<usize> = heading.iter().map(|h| h.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.text.chars().count());
        }
    }
    let mut text = String::new();
    let head: Vec<Cell> = heading.iter().map(|h| toned(*h, Tone::Faint)).collect();
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
            if i > 0 {
                line.push_str("  ");
            }
            let gap = width.saturating_sub(cell.text.chars().count());
            line.push_str(&paint(&cell.text, cell.tone, color));
            line.extend(std::iter::repeat_n(' ', gap));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Text from outside without what could move a terminal's cursor or change its state.
pub fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_nothing_trails() {
        let rows = vec![
            vec![cell("web"), toned("running", Tone::Good), cell("pid 41")],
            vec![cell("a-longer-name"), cell("fatal"), cell("")],
        ];
        assert_eq!(
            table(&["NAME", "STATE", "DETAIL"], &rows, false),
            "NAME           STATE    DETAIL\n\
             web            running  pid 41\n\
             a-longer-name  fatal\n"
        );
        let colored = table(&["NAME", "STATE", "DETAIL"], &rows, true);
        assert!(colored.contains("\u{1b}[32mrunning\u{1b}[0m  pid 41"));
    }

    #[test]
    fn a_terminal_is_not_at_the_mercy_of_text() {
        assert_eq!(harmless("a\u{1b}[2Jb\tc"), "a\u{fffd}[2Jb\tc");
    }
}
