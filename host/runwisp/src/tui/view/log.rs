//! Lines of a log: number, time, stream, and the text in its colours, with what was searched for marked.
//!
//! Standard error is told apart by a bar before the line, not by colour, which belongs to the output.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::theme::Theme;
use super::{Sheet, one, words};
use crate::tui::ansi::{self, Piece};
use crate::tui::log::{Log, Times};
use crate::tui::state::App;
use crate::tui::text::{char_width, width};
use crate::wire::LogLine;

/// The most lines on the screen that one line is broken into.
const BROKEN: usize = 200;

pub(super) fn draw(app: &App, sheet: &mut Sheet<'_, '_>, area: Rect) {
    let Some(log) = &app.log else {
        return;
    };
    if log.lines.is_empty() {
        let text = match (log.complete, &log.trouble) {
            (_, Some(trouble)) => trouble.clone(),
            (true, None) => "it printed nothing".to_owned(),
            (false, None) => "nothing printed yet".to_owned(),
        };
        sheet.line(area, one(&text, sheet.theme.faint(), area));
        return;
    }
    let height = usize::from(area.height);
    let last_top = log.lines.len().saturating_sub(height);
    let top = if log.follow {
        last_top
    } else {
        log.index(log.top).min(last_top)
    };
    let gutter = Gutter::of(log, area);
    let mut shown: Vec<Line<'static>> = Vec::new();
    for line in log.lines.iter().skip(top).take(height) {
        shown.extend(drawn(app, log, line, &gutter, sheet.theme));
    }
    // With long lines broken there may be more than fits: following means that the end is in sight.
    let skip = if log.follow {
        shown.len().saturating_sub(height)
    } else {
        0
    };
    sheet.lines(area, shown.into_iter().skip(skip));
}

/// What stands before each line.
struct Gutter {
    number: usize,
    text: usize,
}

impl Gutter {
    fn of(log: &Log, area: Rect) -> Gutter {
        let room = usize::from(area.width);
        let number = if room >= 60 {
            log.last().to_string().len().max(4)
        } else {
            0
        };
        let time = match log.times {
            Times::None => 0,
            Times::Clock => 13,
            Times::Since => 10,
        };
        Gutter {
            number,
            text: room
                .saturating_sub(number + usize::from(number > 0) + time + 2)
                .max(1),
        }
    }
}

fn drawn(
    app: &App,
    log: &Log,
    line: &LogLine,
    gutter: &Gutter,
    theme: Theme,
) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if line.missing_bytes > 0 {
        let text = format!(
            "… {} of output not kept here",
            words::size(line.missing_bytes)
        );
        lines.push(Line::styled(text, theme.notice()));
    }
    let pieces = marked(log, ansi::pieces(&line.text), theme);
    let parts = if log.wrap {
        broken(pieces, gutter.text)
    } else {
        vec![panned(pieces, log.pan, gutter.text)]
    };
    for (n, part) in parts.into_iter().enumerate() {
        let mut spans = before(app, log, line, gutter, n == 0, theme);
        spans.extend(
            part.into_iter()
                .map(|piece| Span::styled(piece.text, piece.style)),
        );
        lines.push(Line::from(spans));
    }
    lines
}

fn before(
    app: &App,
    log: &Log,
    line: &LogLine,
    gutter: &Gutter,
    first: bool,
    theme: Theme,
) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    if gutter.number > 0 {
        let text = if first {
            line.n.to_string()
        } else {
            String::new()
        };
        spans.push(Span::styled(
            format!("{text:>width$} ", width = gutter.number),
            theme.faint(),
        ));
    }
    let time = match log.times {
        Times::None => None,
        Times::Clock => Some(
            app.setting
                .zone
                .to_datetime(line.ts)
                .strftime("%H:%M:%S%.3f")
                .to_string()
                + " ",
        ),
        Times::Since => {
            let began = app
                .run
                .as_ref()
                .and_then(|run| run.started_at)
                .unwrap_or(line.ts);
            let ms = u64::try_from(line.ts.duration_since(began).as_millis()).unwrap_or(0);
            Some(format!("{:>9} ", format!("+{}", words::length(ms))))
        }
    };
    if let Some(time) = time {
        let time = if first { time } else { " ".repeat(time.len()) };
        spans.push(Span::styled(time, theme.faint()));
    }
    let stderr = line.stream == "stderr";
    spans.push(Span::styled(if stderr { "▌ " } else { "  " }, theme.bad()));
    spans
}

/// The pieces in the colours there are, and what is searched for marked.
fn marked(log: &Log, pieces: Vec<Piece>, theme: Theme) -> Vec<Piece> {
    let pieces: Vec<Piece> = pieces
        .into_iter()
        .map(|piece| Piece {
            style: theme.output(piece.style),
            ..piece
        })
        .collect();
    let Some(search) = &log.search else {
        return pieces;
    };
    let wanted: Vec<char> = search.text.to_lowercase().chars().collect();
    let cells: Vec<(char, Style)> = pieces
        .iter()
        .flat_map(|piece| piece.text.chars().map(|c| (c, piece.style)))
        .collect();
    let small: Vec<char> = cells
        .iter()
        .map(|(c, _)| c.to_lowercase().next().unwrap_or(*c))
        .collect();
    let mut hit = vec![false; cells.len()];
    if !wanted.is_empty() {
        for at in 0..small.len().saturating_sub(wanted.len() - 1) {
            if small[at..at + wanted.len()] == wanted[..] {
                hit[at..at + wanted.len()].fill(true);
            }
        }
    }
    let styled = cells.into_iter().zip(hit);
    joined(styled.map(|((c, style), hit)| (c, if hit { theme.hit() } else { style })))
}

fn joined(cells: impl Iterator<Item = (char, Style)>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (c, style) in cells {
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

/// What is in sight of a line that is not broken.
fn panned(pieces: Vec<Piece>, pan: usize, room: usize) -> Vec<Piece> {
    let mut at = 0;
    let mut shown = Vec::new();
    for piece in pieces {
        let cells = width(&piece.text);
        if at >= pan + room {
            break;
        }
        if at + cells > pan {
            let mut text = String::new();
            let mut column = at;
            for c in piece.text.chars() {
                let next = column + char_width(c);
                if column >= pan && next <= pan + room {
                    text.push(c);
                }
                column = next;
            }
            shown.push(Piece { text, ..piece });
        }
        at += cells;
    }
    shown
}

/// The line in parts that fit.
fn broken(pieces: Vec<Piece>, room: usize) -> Vec<Vec<Piece>> {
    let mut parts: Vec<Vec<(char, Style)>> = vec![Vec::new()];
    let mut used = 0;
    for piece in pieces {
        for c in piece.text.chars() {
            let cells = char_width(c);
            if used + cells > room && parts.len() < BROKEN {
                parts.push(Vec::new());
                used = 0;
            }
            used += cells;
            if let Some(part) = parts.last_mut().filter(|_| used <= room) {
                part.push((c, piece.style));
            }
        }
    }
    parts
        .into_iter()
        .map(|part| joined(part.into_iter()))
        .collect()
}
