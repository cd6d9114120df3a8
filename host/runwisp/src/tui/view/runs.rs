//! A list of runs under its heading.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::places::{below, window};
use super::{Sheet, col, one, row, words};
use crate::tui::message::Bucket;
use crate::tui::state::{App, Focus};
use crate::tui::text::clean;
use crate::wire::Run;

/// How many lines stand above the rows.
pub(super) const HEAD: u16 = 2;

/// The page of all runs.
pub(super) fn draw(app: &App, sheet: &mut Sheet<'_, '_>, area: Rect) {
    list(app, "All runs", sheet, area);
}

/// The list with its title, in an area.
pub(super) fn list(app: &App, title: &str, sheet: &mut Sheet<'_, '_>, area: Rect) {
    let theme = sheet.theme;
    let list = &app.runs;
    let mut spans = vec![Span::styled(title.to_owned(), theme.title())];
    if list.bucket != Bucket::All {
        spans.push(Span::styled(
            format!("  only: {}", list.bucket.words()),
            theme.notice(),
        ));
    }
    if list.all {
        let but = match list.selected.len() {
            0 => String::new(),
            n => format!(" but {n}"),
        };
        spans.push(Span::styled(format!("  all selected{but}"), theme.accent()));
    } else if !list.selected.is_empty() {
        spans.push(Span::styled(
            format!("  {} selected", list.selected.len()),
            theme.accent(),
        ));
    }
    sheet.line(area, Line::from(spans));
    let wide = Wide::of(app, area);
    let heading = row(wide.cols(
        ["", "STARTED", "UNIT", "RESULT", "TOOK", "WHY", "DETAIL"]
            .map(|h| (h.to_owned(), theme.faint())),
    ));
    sheet.line(below(area, 1), heading);
    let rows = below(area, HEAD);
    if list.runs.is_empty() {
        let text = match (list.loaded, list.bucket) {
            (false, _) => "asking …",
            (true, Bucket::All) => "no runs yet; r starts one",
            (true, _) => "no run is like that; f changes the filter",
        };
        sheet.line(rows, one(text, theme.faint(), rows));
        return;
    }
    let top = window(list.at, list.runs.len(), usize::from(rows.height));
    for (y, (index, run)) in (rows.y..rows.bottom()).zip(list.runs.iter().enumerate().skip(top)) {
        let place = Rect {
            y,
            height: 1,
            ..rows
        };
        sheet.line(place, line(app, run, &wide, sheet));
        if index == list.at && app.focus == Focus::Main {
            let style = theme.cursor(true);
            sheet.style(place, style);
        }
    }
}

/// How wide each column is; the less there is, the fewer there are.
struct Wide {
    started: usize,
    unit: usize,
    result: usize,
    took: usize,
    why: usize,
    rest: usize,
}

impl Wide {
    fn of(app: &App, area: Rect) -> Wide {
        let width = usize::from(area.width);
        let all = app.runs.unit.is_none();
        let unit = if all { (width / 4).clamp(8, 24) } else { 0 };
        let (started, result) = if width < 46 { (9, 12) } else { (13, 17) };
        let took = 9;
        let why = if width >= 76 { 10 } else { 0 };
        let used = 2 + started + unit + result + took + why;
        Wide {
            started,
            unit,
            result,
            took,
            why,
            rest: width.saturating_sub(used),
        }
    }

    fn cols(&self, fields: [(String, ratatui::style::Style); 7]) -> Vec<super::Col> {
        let rooms = [
            2,
            self.started,
            self.unit,
            self.result,
            self.took,
            self.why,
            self.rest,
        ];
        fields
            .into_iter()
            .zip(rooms)
            .map(|((text, style), room)| col(text, style, room))
            .collect()
    }
}

fn line(app: &App, run: &Run, wide: &Wide, sheet: &Sheet<'_, '_>) -> Line<'static> {
    let theme = sheet.theme;
    let (mark, word, style) = words::result(run, theme);
    let at = run.started_at.unwrap_or(run.created_at);
    let mark = if app.runs.is_selected(run.id) {
        ("■", theme.accent())
    } else {
        (mark, style)
    };
    let why = match run.attempt {
        0 | 1 => words::trigger(run.trigger).to_owned(),
        n => format!("try {n}"),
    };
    row(wide.cols([
        (mark.0.to_owned(), mark.1),
        (words::time(at, app.now, &app.setting.zone), theme.plain()),
        (words::name(run), theme.plain()),
        (word, style),
        (words::took(run, app.now), theme.plain()),
        (why, theme.faint()),
        (
            clean(run.message.as_deref().unwrap_or_default()),
            theme.faint(),
        ),
    ]))
}
