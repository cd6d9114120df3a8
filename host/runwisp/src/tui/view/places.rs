//! Where what stands, for drawing and for the mouse alike. Pure.
//!
//! Invariant: every rectangle lies within the screen, however small it is.

use ratatui::layout::Rect;

use super::{run, runs, unit};
use crate::tui::state::{App, Focus, Page};

/// Below this width only one half is shown, the one that has the keys.
const BOTH: u16 = 72;

/// The parts of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tui) struct Places {
    pub(in crate::tui) header: Rect,
    pub(in crate::tui) side: Rect,
    /// The line between the halves.
    pub(in crate::tui) line: Rect,
    pub(in crate::tui) main: Rect,
    pub(in crate::tui) bar: Rect,
}

pub(in crate::tui) fn places(app: &App) -> Places {
    let (width, height) = app.size;
    let screen = Rect::new(0, 0, width, height);
    let header = Rect {
        height: height.min(1),
        ..screen
    };
    let bar_height = u16::from(height > 2);
    let bar = Rect {
        y: height.saturating_sub(bar_height),
        height: bar_height,
        ..screen
    };
    let body = Rect {
        y: header.height,
        height: height.saturating_sub(header.height + bar_height),
        ..screen
    };
    let nothing = Rect { width: 0, ..body };
    if app.full {
        return Places {
            header,
            side: nothing,
            line: nothing,
            main: body,
            bar,
        };
    }
    if width < BOTH {
        let (side, main) = match app.focus {
            Focus::Side => (body, nothing),
            Focus::Main => (nothing, body),
        };
        return Places {
            header,
            side,
            line: nothing,
            main,
            bar,
        };
    }
    let side_width = (width / 4).clamp(22, 32);
    Places {
        header,
        side: Rect {
            width: side_width,
            ..body
        },
        line: Rect {
            x: side_width,
            width: 1,
            ..body
        },
        main: Rect {
            x: side_width + 2,
            width: width - side_width - 2,
            ..body
        },
        bar,
    }
}

/// Where the rows of the page's list are.
pub(in crate::tui) fn list_area(app: &App) -> Rect {
    let main = places(app).main;
    let head = match &app.page {
        Page::Home | Page::Info | Page::Run(_) => 0,
        Page::Runs | Page::Bell => runs::HEAD,
        Page::Unit(_) => unit::head_height(app, main) + runs::HEAD,
    };
    below(main, head)
}

/// Where the lines of the log are.
pub(in crate::tui) fn log_area(app: &App) -> Rect {
    let main = places(app).main;
    let head = if app.full {
        0
    } else {
        run::head_height(app, main)
    };
    below(main, head)
}

/// What is left of an area below so many lines.
pub(super) fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect {
        y: area.y + lines,
        height: area.height - lines,
        ..area
    }
}

/// The first row that is shown, so that the one with the cursor is among them.
pub(in crate::tui) fn window(at: usize, length: usize, height: usize) -> usize {
    at.saturating_sub(height / 2)
        .min(length.saturating_sub(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_always_among_the_rows_shown() {
        for height in 0..12 {
            for length in 0..30 {
                for at in 0..length {
                    let top = window(at, length, height);
                    assert!(
                        top <= at && (height == 0 || at < top + height),
                        "{at} of {length} in {height}"
                    );
                }
            }
        }
    }
}
