//! The help that `?` shows and the bar at the bottom, both from the key table.

use crate::tui::keys::{Area, Does, TABLE};
use crate::tui::state::{App, Dialog, Look, Page};
use crate::tui::text::pad;
use crate::tui::update::areas;

pub(in crate::tui) fn dialog() -> Dialog {
    let mut lines = Vec::new();
    for area in Area::ALL {
        if !lines.is_empty() {
            lines.push((String::new(), Look::Plain));
        }
        lines.push((area.title().to_owned(), Look::Title));
        for row in TABLE.iter().filter(|row| row.area == area) {
            lines.push((
                format!("  {} {}", pad(&row.shown(), 15), row.words),
                Look::Plain,
            ));
        }
    }
    lines.push((String::new(), Look::Plain));
    lines.push(("Mouse".to_owned(), Look::Title));
    lines.push((
        "  click chooses, again opens, the wheel scrolls".to_owned(),
        Look::Plain,
    ));
    Dialog::Text {
        title: "Help".to_owned(),
        lines,
        top: 0,
    }
}

/// The keys that matter where the user is, the nearest first, each with a word; where it matters most, help and quit.
pub(super) fn bar(app: &App) -> Vec<(String, &'static str)> {
    if let Some(dialog) = &app.dialog {
        return in_dialog(dialog);
    }
    let areas = areas(app);
    let mut shown: Vec<Does> = Vec::new();
    let mut keys = Vec::new();
    for row in areas
        .iter()
        .flat_map(|area| TABLE.iter().filter(move |row| row.area == *area))
    {
        let nothing = row.does == Does::Open && matches!(app.page, Page::Run(_) | Page::Info);
        if !row.short.is_empty() && !nothing && !shown.contains(&row.does) {
            shown.push(row.does);
            keys.push((row.first(), row.short));
        }
    }
    keys
}

fn in_dialog(dialog: &Dialog) -> Vec<(String, &'static str)> {
    let key = |key: &str, word: &'static str| (key.to_owned(), word);
    match dialog {
        Dialog::Confirm { .. } | Dialog::Plan(_) => vec![key("enter", "yes"), key("esc", "no")],
        Dialog::Form(_) => vec![
            key("enter", "run"),
            key("tab", "next"),
            key("ctrl+t", "give or leave out"),
            key("esc", "cancel"),
        ],
        Dialog::Buckets { .. } | Dialog::Quit { .. } => {
            vec![key("enter", "choose"), key("esc", "cancel")]
        }
        Dialog::Text { .. } => vec![key("esc", "close"), key("↑↓", "scroll")],
    }
}
