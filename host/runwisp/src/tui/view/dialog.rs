//! What lies over everything: questions, forms, text to read.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Sheet, inspect};
use crate::tui::message::Bucket;
use crate::tui::state::{App, Dialog, Field, Form, Look};
use crate::tui::text::{clean, fit, pad, width, wrap};
use crate::wire::Reload;

/// The widest dialog, cells.
const WIDEST: u16 = 76;

pub(super) fn draw(app: &App, sheet: &mut Sheet<'_, '_>) {
    let theme = sheet.theme;
    let Some(dialog) = &app.dialog else {
        return;
    };
    match dialog {
        Dialog::Confirm {
            title, text, yes, ..
        } => {
            let room = inner_width(app);
            let mut lines = styled(wrap(text, room), theme.plain());
            lines.push(Line::default());
            lines.push(answers(&[("enter", yes.as_str()), ("esc", "no")], sheet));
            frame(app, title, lines, sheet);
        }
        Dialog::Form(form) => {
            let lines = form_lines(form, inner_width(app), sheet);
            frame(app, &format!("Run {}", form.unit), lines, sheet);
        }
        Dialog::Buckets { at } => {
            let each = Bucket::EACH.iter().enumerate();
            let lines = each
                .map(|(n, bucket)| choice(bucket.words(), n == *at, sheet))
                .collect();
            frame(app, "Show runs", lines, sheet);
        }
        Dialog::Text { title, lines, top } => text(app, title, lines, *top, sheet),
        Dialog::Plan(plan) => {
            let mut lines = plan_lines(plan, sheet);
            let room = usize::from(app.size.1.saturating_sub(7)).max(1);
            if lines.len() > room {
                let more = lines.len() - room;
                lines.truncate(room);
                lines.push(Line::styled(format!("and {more} more"), theme.faint()));
            }
            lines.push(Line::default());
            lines.push(answers(
                &[("enter", "put it in force"), ("esc", "no")],
                sheet,
            ));
            frame(app, "Reload", lines, sheet);
        }
        Dialog::Quit { at } => {
            let said = format!(
                "The daemon was started by this terminal UI, {} ago.",
                inspect::uptime(app)
            );
            let mut lines = styled(wrap(&said, inner_width(app)), theme.plain());
            lines.push(Line::default());
            lines.push(choice("keep it running", *at == 0, sheet));
            lines.push(choice("stop it, and everything it runs", *at == 1, sheet));
            frame(app, "Quit", lines, sheet);
        }
    }
}

fn inner_width(app: &App) -> usize {
    usize::from(app.size.0.min(WIDEST).saturating_sub(4)).max(1)
}

fn styled(lines: Vec<String>, style: Style) -> Vec<Line<'static>> {
    let shown = lines.into_iter().filter(|line| !line.is_empty());
    shown.map(|line| Line::styled(line, style)).collect()
}

fn choice(text: &str, chosen: bool, sheet: &Sheet<'_, '_>) -> Line<'static> {
    if chosen {
        Line::styled(format!("▸ {text}"), sheet.theme.cursor(true))
    } else {
        Line::raw(format!("  {text}"))
    }
}

fn answers(keys: &[(&str, &str)], sheet: &Sheet<'_, '_>) -> Line<'static> {
    let spans = keys.iter().flat_map(|(key, word)| {
        [
            Span::styled((*key).to_owned(), sheet.theme.accent()),
            Span::raw(format!(" {word}   ")),
        ]
    });
    Line::from(spans.collect::<Vec<_>>())
}

/// A box in the middle with a title, as large as its lines and no larger than the screen.
fn frame(app: &App, title: &str, lines: Vec<Line<'static>>, sheet: &mut Sheet<'_, '_>) {
    let title = fit(&clean(title), inner_width(app));
    let widest = lines
        .iter()
        .map(Line::width)
        .chain([width(&title) + 2])
        .max()
        .unwrap_or(0);
    let cells = u16::try_from(widest + 4)
        .unwrap_or(WIDEST)
        .min(WIDEST)
        .min(app.size.0);
    let rows = u16::try_from(lines.len() + 2)
        .unwrap_or(u16::MAX)
        .min(app.size.1);
    let area = Rect {
        x: (app.size.0 - cells) / 2,
        y: (app.size.1 - rows) / 2,
        width: cells,
        height: rows,
    };
    let inner = outline(&title, area, sheet);
    sheet.lines(inner, lines);
}

/// Draws the outline and gives what is within; where there is no room for one, all of it.
fn outline(title: &str, area: Rect, sheet: &mut Sheet<'_, '_>) -> Rect {
    sheet.clear(area);
    if area.width < 5 || area.height < 3 {
        return area;
    }
    let style = sheet.theme.accent();
    let across = usize::from(area.width) - 2;
    let head = format!(" {} ", fit(title, across.saturating_sub(3)));
    let rest = across.saturating_sub(1 + width(&head));
    let top = vec![
        Span::styled("╭─", style),
        Span::styled(head, sheet.theme.title()),
        Span::styled(format!("{}╮", "─".repeat(rest)), style),
    ];
    sheet.line(area, Line::from(top));
    for y in area.y + 1..area.bottom() - 1 {
        sheet.line(Rect::new(area.x, y, 1, 1), Line::styled("│", style));
        sheet.line(
            Rect::new(area.right() - 1, y, 1, 1),
            Line::styled("│", style),
        );
    }
    let bottom = Rect {
        y: area.bottom() - 1,
        height: 1,
        ..area
    };
    sheet.line(
        bottom,
        Line::styled(format!("╰{}╯", "─".repeat(across)), style),
    );
    Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width - 4,
        height: area.height - 2,
    }
}

/// Text to read, on most of the screen.
fn text(app: &App, title: &str, lines: &[(String, Look)], top: usize, sheet: &mut Sheet<'_, '_>) {
    let cells = app.size.0.min(WIDEST + 14);
    let rows = app
        .size
        .1
        .min(u16::try_from(lines.len() + 2).unwrap_or(u16::MAX));
    let area = Rect {
        x: (app.size.0 - cells) / 2,
        y: (app.size.1 - rows) / 2,
        width: cells,
        height: rows,
    };
    let height = usize::from(rows.saturating_sub(2));
    let top = top.min(lines.len().saturating_sub(height));
    let more = if lines.len() > height {
        format!(
            "{title} {}–{} of {}",
            top + 1,
            (top + height).min(lines.len()),
            lines.len()
        )
    } else {
        title.to_owned()
    };
    let inner = outline(&clean(&more), area, sheet);
    let theme = sheet.theme;
    let shown = lines.iter().skip(top).map(|(text, look)| {
        let style = match look {
            Look::Plain => theme.plain(),
            Look::Title => theme.title(),
        };
        Line::styled(fit(text, usize::from(inner.width)), style)
    });
    sheet.lines(inner, shown);
}

fn form_lines(form: &Form, room: usize, sheet: &Sheet<'_, '_>) -> Vec<Line<'static>> {
    let theme = sheet.theme;
    let names = form
        .fields
        .iter()
        .map(|field| width(&field.name))
        .max()
        .unwrap_or(0)
        .min(20);
    let mut lines = Vec::new();
    for (n, field) in form.fields.iter().enumerate() {
        let here = n == form.at;
        let mark = if here { "▸ " } else { "  " };
        let value = fit(&value(field, here), room.saturating_sub(names + 4));
        let style = if field.given {
            theme.plain()
        } else {
            theme.faint()
        };
        lines.push(Line::from(vec![
            Span::styled(mark.to_owned(), theme.accent()),
            Span::styled(
                format!("{}  ", pad(&clean(&field.name), names)),
                if here { theme.title() } else { theme.plain() },
            ),
            Span::styled(value, style),
        ]));
    }
    if let Some(field) = form
        .fields
        .get(form.at)
        .filter(|field| !field.description.is_empty())
    {
        lines.push(Line::default());
        lines.extend(styled(wrap(&field.description, room), theme.faint()));
    }
    lines.push(Line::default());
    match &form.trouble {
        Some(trouble) => lines.push(Line::styled(trouble.clone(), theme.bad())),
        None => lines.push(answers(
            &[
                ("enter", "run"),
                ("tab", "next"),
                ("ctrl+t", "give or not"),
                ("esc", "no"),
            ],
            sheet,
        )),
    }
    lines
}

fn value(field: &Field, here: bool) -> String {
    let text = clean(&field.text);
    if !field.given {
        return "not given".to_owned();
    }
    if !field.choices.is_empty() {
        return format!("‹ {text} ›");
    }
    if field.flag {
        return if field.text == "true" { "[x]" } else { "[ ]" }.to_owned();
    }
    if here { format!("{text}▏") } else { text }
}

fn plan_lines(plan: &Reload, sheet: &Sheet<'_, '_>) -> Vec<Line<'static>> {
    let theme = sheet.theme;
    let added = plan
        .added
        .iter()
        .map(|name| Line::styled(format!("+ {name}"), theme.good()));
    let changed = plan.changed.iter().map(|unit| {
        Line::styled(
            clean(&format!("~ {} ({})", unit.name, unit.keys.join(", "))),
            theme.notice(),
        )
    });
    let removed = plan
        .removed
        .iter()
        .map(|name| Line::styled(format!("- {name}"), theme.bad()));
    let settings = plan
        .settings
        .iter()
        .map(|key| Line::styled(clean(&format!("~ {key}")), theme.notice()));
    let warnings = plan
        .warnings
        .iter()
        .map(|warning| Line::styled(clean(&format!("! {}", warning.message)), theme.notice()));
    added
        .chain(changed)
        .chain(removed)
        .chain(settings)
        .chain(warnings)
        .collect()
}
