//! A run: the verdict, the facts, and its log.

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::places::below;
use super::theme::{Colors, Theme};
use super::{Sheet, log, one, words};
use crate::tui::state::App;
use crate::tui::text::clean;

pub(super) fn draw(app: &App, sheet: &mut Sheet<'_, '_>, area: Rect) {
    let height = if app.full { 0 } else { head_height(app, area) };
    let head = head(app, sheet.theme, area);
    sheet.lines(Rect { height, ..area }, head);
    log::draw(app, sheet, below(area, height));
}

pub(super) fn head_height(app: &App, area: Rect) -> u16 {
    let lines = head(app, Theme::new(Colors::None), area).len();
    u16::try_from(lines)
        .unwrap_or(u16::MAX)
        .min(area.height / 3)
}

fn head(app: &App, theme: Theme, area: Rect) -> Vec<Line<'static>> {
    let Some(run) = &app.run else {
        return vec![one("asking …", theme.faint(), area)];
    };
    let (mark, word, style) = words::result(run, theme);
    let took = words::took(run, app.now);
    let mut lines = vec![Line::from(vec![
        Span::styled(words::name(run), theme.title()),
        Span::styled(format!("  {mark} {word}"), style),
        Span::styled(
            if took.is_empty() {
                took
            } else {
                format!(" after {took}")
            },
            theme.plain(),
        ),
    ])];
    if let Some(message) = &run.message {
        lines.push(one(message, style, area));
    }
    let mut facts = vec![format!(
        "{}, {}",
        words::time(
            run.started_at.unwrap_or(run.created_at),
            app.now,
            &app.setting.zone
        ),
        words::trigger(run.trigger)
    )];
    if run.attempt > 1 {
        facts.push(format!("try {}", run.attempt));
    }
    facts.extend(
        run.pid
            .filter(|_| !app.is_over())
            .map(|pid| format!("pid {pid}")),
    );
    facts.extend(
        run.max_rss_bytes
            .map(|bytes| format!("{} at most", words::size(bytes))),
    );
    facts.extend(
        run.cpu_ms
            .map(|ms| format!("{} of processor", words::length(ms))),
    );
    if run.log_bytes > 0 {
        facts.push(format!("{} printed", words::size(run.log_bytes)));
    }
    if run.log_dropped_bytes > 0 {
        facts.push(format!("{} not kept", words::size(run.log_dropped_bytes)));
    }
    facts.push(run.id.to_string());
    lines.push(one(&clean(&facts.join(" · ")), theme.faint(), area));
    lines.push(rule(app, theme, area));
    lines
}

/// The line above the log: where one is in it.
fn rule(app: &App, theme: Theme, area: Rect) -> Line<'static> {
    let Some(log) = &app.log else {
        return Line::default();
    };
    let mut text = String::from("── log ");
    if let Some(search) = &log.search {
        let found = match &search.hits {
            None => "searching …".to_owned(),
            Some(hits) if hits.is_empty() => "not found".to_owned(),
            Some(hits) => {
                let part = if search.partial {
                    " of what is loaded"
                } else {
                    ""
                };
                format!("{} of {}{part}", search.at + 1, hits.len())
            }
        };
        text.push_str(&format!("{:?} {found} ", search.text));
    } else if log.follow && !log.complete {
        text.push_str("following ");
    } else if !log.lines.is_empty() {
        text.push_str(&format!(
            "line {} of {} ",
            if log.follow { log.last() } else { log.top },
            log.last()
        ));
        if !log.complete && !log.stream {
            text.push_str("and more ");
        }
    }
    if let Some(trouble) = &log.trouble {
        text.push_str(&format!("{} ", clean(trouble)));
    }
    let style = if log.trouble.is_some() {
        theme.bad()
    } else {
        theme.faint()
    };
    let used = crate::tui::text::width(&text);
    text.push_str(&"─".repeat(usize::from(area.width).saturating_sub(used)));
    Line::styled(text, style)
}
