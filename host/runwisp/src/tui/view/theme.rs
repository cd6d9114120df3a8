//! Meaning to style, by what the terminal can do. Pure.
//!
//! The interface itself takes the terminal's own 16 colours, so it fits light and dark ones; output keeps its colours,
//! brought down to what there is. Tests: below.

use ratatui::style::{Color, Modifier, Style};

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tui) enum Colors {
    None,
    Few,
    Indexed,
    True,
}

impl Colors {
    /// From the environment: `NO_COLOR`, `COLORTERM`, `TERM`.
    pub(in crate::tui) fn detect(plain: bool, var: &dyn Fn(&str) -> Option<String>) -> Colors {
        let term = var("TERM").unwrap_or_default();
        let more = var("COLORTERM").unwrap_or_default();
        if plain || term == "dumb" {
            Colors::None
        } else if more.contains("truecolor") || more.contains("24bit") || term.contains("direct") {
            Colors::True
        } else if term.contains("256") || !more.is_empty() {
            Colors::Indexed
        } else {
            Colors::Few
        }
    }
}

/// The styles.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Theme {
    colors: Colors,
}

impl Theme {
    pub(in crate::tui) fn new(colors: Colors) -> Theme {
        Theme { colors }
    }

    fn fg(self, color: Color) -> Style {
        match self.colors {
            Colors::None => Style::new(),
            _ => Style::new().fg(color),
        }
    }

    pub(in crate::tui) fn plain(self) -> Style {
        Style::new()
    }

    pub(in crate::tui) fn good(self) -> Style {
        self.fg(Color::Green)
    }

    pub(in crate::tui) fn notice(self) -> Style {
        self.fg(Color::Yellow)
    }

    pub(in crate::tui) fn bad(self) -> Style {
        self.fg(Color::Red).add_modifier(Modifier::BOLD)
    }

    pub(in crate::tui) fn faint(self) -> Style {
        self.fg(Color::DarkGray).add_modifier(match self.colors {
            Colors::None => Modifier::DIM,
            _ => Modifier::empty(),
        })
    }

    pub(in crate::tui) fn accent(self) -> Style {
        self.fg(Color::Cyan)
    }

    pub(in crate::tui) fn title(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The row with the cursor; where the keys go elsewhere, less so.
    pub(in crate::tui) fn cursor(self, active: bool) -> Style {
        match (active, self.colors) {
            (true, _) => Style::new().add_modifier(Modifier::REVERSED),
            (false, Colors::None) => {
                Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
            }
            (false, _) => Style::new().add_modifier(Modifier::BOLD).fg(Color::Cyan),
        }
    }

    pub(in crate::tui) fn hit(self) -> Style {
        match self.colors {
            Colors::None => Style::new().add_modifier(Modifier::REVERSED),
            _ => Style::new().fg(Color::Black).bg(Color::Yellow),
        }
    }

    /// The style of a piece of output, as far as this terminal can show it.
    pub(in crate::tui) fn output(self, style: Style) -> Style {
        let to = |color: Option<Color>| match (self.colors, color) {
            (Colors::None, _) | (_, None) => None,
            (Colors::True, color) => color,
            (Colors::Indexed, Some(Color::Rgb(r, g, b))) => Some(Color::Indexed(cube(r, g, b))),
            (Colors::Few, Some(Color::Rgb(r, g, b))) => Some(Color::Indexed(nearest(r, g, b))),
            (Colors::Few, Some(Color::Indexed(n))) if n > 15 => {
                let (r, g, b) = rgb(n);
                Some(Color::Indexed(nearest(r, g, b)))
            }
            (_, color) => color,
        };
        Style {
            fg: to(style.fg),
            bg: to(style.bg),
            ..style
        }
    }
}

/// The nearest colour of the 6 × 6 × 6 cube.
fn cube(r: u8, g: u8, b: u8) -> u8 {
    let step = |v: u8| match v {
        0..48 => 0,
        48..115 => 1,
        _ => (v - 35) / 40,
    };
    16 + 36 * step(r) + 6 * step(g) + step(b)
}

/// What a colour of the cube, or a grey, is made of.
fn rgb(n: u8) -> (u8, u8, u8) {
    if n >= 232 {
        let v = 8 + 10 * (n - 232);
        return (v, v, v);
    }
    let n = n.saturating_sub(16);
    let step = |v: u8| if v == 0 { 0 } else { 55 + 40 * v };
    (step(n / 36), step(n / 6 % 6), step(n % 6))
}

/// The nearest of the 16.
fn nearest(r: u8, g: u8, b: u8) -> u8 {
    let most = r.max(g).max(b);
    if most < 64 {
        return 0;
    }
    if most - r.min(g).min(b) < 40 {
        return match most {
            0..112 => 8,
            112..208 => 7,
            _ => 15,
        };
    }
    let bit = |v: u8, bit: u8| {
        if u16::from(v) * 2 > u16::from(most) {
            bit
        } else {
            0
        }
    };
    let bright = if most > 200 { 8 } else { 0 };
    bright + (bit(r, 1) | bit(g, 2) | bit(b, 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_what_there_is() {
        let detect = |plain, vars: &[(&str, &str)]| {
            Colors::detect(plain, &|name| {
                let found = vars.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(detect(true, &[("TERM", "xterm-256color")]), Colors::None);
        assert_eq!(detect(false, &[("TERM", "dumb")]), Colors::None);
        assert_eq!(detect(false, &[("TERM", "linux")]), Colors::Few);
        assert_eq!(
            detect(false, &[("TERM", "screen-256color")]),
            Colors::Indexed
        );
        assert_eq!(
            detect(false, &[("TERM", "xterm"), ("COLORTERM", "truecolor")]),
            Colors::True
        );
    }

    #[test]
    fn colours_come_down_to_what_there_is() {
        let orange = Style::new().fg(Color::Rgb(255, 135, 0));
        let fg = |colors| Theme::new(colors).output(orange).fg;
        assert_eq!(fg(Colors::True), Some(Color::Rgb(255, 135, 0)));
        assert_eq!(fg(Colors::Indexed), Some(Color::Indexed(208)));
        assert_eq!(fg(Colors::Few), Some(Color::Indexed(11)));
        assert_eq!(fg(Colors::None), None);
        let grey = Style::new().fg(Color::Indexed(240));
        assert_eq!(
            Theme::new(Colors::Few).output(grey).fg,
            Some(Color::Indexed(8))
        );
        let red = Style::new().fg(Color::Indexed(1));
        assert_eq!(
            Theme::new(Colors::Few).output(red).fg,
            Some(Color::Indexed(1))
        );
    }
}
