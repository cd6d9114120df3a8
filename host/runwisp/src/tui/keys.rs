//! Every key in one table: what dispatches, what `?` shows and what the manual's page says are the same rows. Pure.
//!
//! Tests: below; the golden of `docs/tui.md`.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Where a key means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Area {
    Everywhere,
    Moving,
    Side,
    Unit,
    Runs,
    Run,
    Bell,
}

impl Area {
    pub(super) const ALL: [Area; 7] = [
        Area::Everywhere,
        Area::Moving,
        Area::Side,
        Area::Unit,
        Area::Runs,
        Area::Run,
        Area::Bell,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Area::Everywhere => "Everywhere",
            Area::Moving => "Moving",
            Area::Side => "Sidebar",
            Area::Unit => "Unit",
            Area::Runs => "Lists of runs",
            Area::Run => "Run and its log",
            Area::Bell => "Notifications",
        }
    }
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    Help,
    Quit,
    Bell,
    AllRuns,
    Reload,
    Undo,
    Suspend,
    Redraw,
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Open,
    Back,
    OtherSide,
    Filter,
    Go,
    Stop,
    Inspect,
    FilterRuns,
    Select,
    SelectAll,
    Delete,
    Cancel,
    Rerun,
    Save,
    Full,
    Search,
    NextHit,
    PreviousHit,
    Wrap,
    Times,
    Follow,
    Read,
    ReadAll,
}

/// A row of the table.
pub(super) struct Row {
    pub(super) area: Area,
    keys: &'static [Key],
    pub(super) does: Does,
    /// What people read.
    pub(super) words: &'static str,
    /// One or two words for the bar at the bottom; empty for what does not stand there.
    pub(super) short: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Char(char),
    Ctrl(char),
    Code(KeyCode),
}

const fn row(
    area: Area,
    keys: &'static [Key],
    does: Does,
    short: &'static str,
    words: &'static str,
) -> Row {
    Row {
        area,
        keys,
        does,
        words,
        short,
    }
}

use Key::{Char, Code, Ctrl};

/// The table.
#[rustfmt::skip]
pub(super) const TABLE: &[Row] = &[
    row(Area::Everywhere, &[Char('?'), Code(KeyCode::F(1))], Does::Help, "help", "this help"),
    row(Area::Everywhere, &[Char('q'), Ctrl('c')], Does::Quit, "quit", "quit"),
    row(Area::Everywhere, &[Char('n')], Does::Bell, "", "notifications; again to go back"),
    row(Area::Everywhere, &[Char('A')], Does::AllRuns, "", "all runs"),
    row(Area::Everywhere, &[Char('R')], Does::Reload, "", "reload the configuration, after showing what would change"),
    row(Area::Everywhere, &[Char('u')], Does::Undo, "", "undo the last deletion"),
    row(Area::Everywhere, &[Ctrl('z')], Does::Suspend, "", "to the shell; `fg` comes back"),
    row(Area::Everywhere, &[Ctrl('l')], Does::Redraw, "", "draw the screen anew"),
    row(Area::Moving, &[Code(KeyCode::Up), Char('k')], Does::Up, "", "up"),
    row(Area::Moving, &[Code(KeyCode::Down), Char('j')], Does::Down, "", "down"),
    row(Area::Moving, &[Code(KeyCode::Left), Char('h')], Does::Left, "", "to the sidebar; in a log, to the left"),
    row(Area::Moving, &[Code(KeyCode::Right), Char('l')], Does::Right, "", "to the page; in a log, to the right"),
    row(Area::Moving, &[Code(KeyCode::Tab)], Does::OtherSide, "", "between sidebar and page"),
    row(Area::Moving, &[Code(KeyCode::PageUp), Ctrl('b')], Does::PageUp, "", "a page up"),
    row(Area::Moving, &[Code(KeyCode::PageDown), Ctrl('f')], Does::PageDown, "", "a page down"),
    row(Area::Moving, &[Code(KeyCode::Home), Char('g')], Does::Top, "", "to the first line"),
    row(Area::Moving, &[Code(KeyCode::End), Char('G')], Does::Bottom, "", "to the last line; in a log, follow"),
    row(Area::Moving, &[Code(KeyCode::Enter)], Does::Open, "open", "open"),
    row(Area::Moving, &[Code(KeyCode::Esc), Code(KeyCode::Backspace)], Does::Back, "back", "back; clears a selection or a search first"),
    row(Area::Side, &[Char('/')], Does::Filter, "filter", "only units whose name has this in it"),
    row(Area::Unit, &[Char('r')], Does::Go, "run/restart", "run a task; start a service, or restart one that runs"),
    row(Area::Unit, &[Char('s')], Does::Stop, "stop", "stop"),
    row(Area::Unit, &[Char('i')], Does::Inspect, "inspect", "definition, instances and next firings"),
    row(Area::Runs, &[Char('f')], Does::FilterRuns, "filter", "only runs that ended so"),
    row(Area::Runs, &[Char(' ')], Does::Select, "select", "select"),
    row(Area::Runs, &[Char('a')], Does::SelectAll, "all", "select all that match; again for none"),
    row(Area::Runs, &[Char('d')], Does::Delete, "delete", "delete the selected runs, or this one"),
    row(Area::Runs, &[Char('c')], Does::Cancel, "", "stop the selected runs, or this one"),
    row(Area::Runs, &[Char('e')], Does::Rerun, "", "run the selected ones again, or this one"),
    row(Area::Run, &[Char('r')], Does::Go, "again", "run it again; restart a service"),
    row(Area::Run, &[Char('s')], Does::Stop, "stop", "stop the run"),
    row(Area::Run, &[Char('/')], Does::Search, "search", "search the log"),
    row(Area::Run, &[Char('n')], Does::NextHit, "", "after a search, the next hit"),
    row(Area::Run, &[Char('N')], Does::PreviousHit, "", "after a search, the hit before"),
    row(Area::Run, &[Char('F')], Does::Follow, "follow", "follow, or stand still"),
    row(Area::Run, &[Char('f')], Does::Full, "full", "the log alone, and back"),
    row(Area::Run, &[Char('w')], Does::Wrap, "", "break long lines, or cut them"),
    row(Area::Run, &[Char('t')], Does::Times, "", "time of each line: none, clock, since the start"),
    row(Area::Run, &[Char('d')], Does::Save, "save", "save the whole log as a file here"),
    row(Area::Run, &[Char('D')], Does::Delete, "", "delete the run"),
    row(Area::Bell, &[Char('r')], Does::Read, "read", "mark as read"),
    row(Area::Bell, &[Char('a')], Does::ReadAll, "all read", "mark all as read"),
];

/// What a key does where these areas are in force, the nearest first.
pub(super) fn find(areas: &[Area], key: &KeyEvent) -> Option<Does> {
    areas.iter().find_map(|area| {
        TABLE
            .iter()
            .find(|row| row.area == *area && row.keys.iter().any(|known| known.is(key)))
            .map(|row| row.does)
    })
}

impl Key {
    fn is(self, key: &KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        if key.modifiers.contains(KeyModifiers::ALT) {
            return false;
        }
        match self {
            Key::Char(c) => !ctrl && key.code == KeyCode::Char(c),
            Key::Ctrl(c) => ctrl && key.code == KeyCode::Char(c),
            Key::Code(code) => key.code == code,
        }
    }

    fn shown(self) -> String {
        match self {
            Key::Char(' ') => "space".to_owned(),
            Key::Char(c) => c.to_string(),
            Key::Ctrl(c) => format!("ctrl+{c}"),
            Key::Code(code) => match code {
                KeyCode::Up => "↑".to_owned(),
                KeyCode::Down => "↓".to_owned(),
                KeyCode::Left => "←".to_owned(),
                KeyCode::Right => "→".to_owned(),
                KeyCode::PageUp => "pgup".to_owned(),
                KeyCode::PageDown => "pgdn".to_owned(),
                other => other.to_string().to_lowercase(),
            },
        }
    }
}

impl Row {
    /// Its keys, for people.
    pub(super) fn shown(&self) -> String {
        let keys: Vec<String> = self.keys.iter().map(|key| key.shown()).collect();
        keys.join(" ")
    }

    /// Its first key, for the bar.
    pub(super) fn first(&self) -> String {
        self.keys.first().map(|key| key.shown()).unwrap_or_default()
    }
}

/// The table as Markdown, for the manual.
#[cfg(test)]
pub(super) fn page() -> String {
    use std::fmt::Write;
    let mut page = String::from("| where | keys | what |\n| --- | --- | --- |\n");
    for area in Area::ALL {
        for row in TABLE.iter().filter(|row| row.area == area) {
            let keys: Vec<String> = row
                .keys
                .iter()
                .map(|key| format!("`{}`", key.shown()))
                .collect();
            let _ = writeln!(
                page,
                "| {} | {} | {} |",
                area.title(),
                keys.join(" "),
                row.words
            );
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for area in Area::ALL {
            let rows = TABLE.iter().filter(|row| row.area == area);
            let mut keys: Vec<String> = rows
                .flat_map(|row| row.keys)
                .map(|key| key.shown())
                .collect();
            keys.sort();
            let all = keys.len();
            keys.dedup();
            assert_eq!(keys.len(), all, "{}: {keys:?}", area.title());
        }
    }

    #[test]
    fn the_nearest_area_wins() {
        let key = |c, modifiers| KeyEvent::new(KeyCode::Char(c), modifiers);
        let plain = KeyModifiers::NONE;
        let run = [Area::Run, Area::Moving, Area::Everywhere];
        assert_eq!(find(&run, &key('n', plain)), Some(Does::NextHit));
        assert_eq!(find(&run[1..], &key('n', plain)), Some(Does::Bell));
        assert_eq!(
            find(&run, &key('c', KeyModifiers::CONTROL)),
            Some(Does::Quit)
        );
        assert_eq!(find(&run, &key('c', plain)), None);
        assert_eq!(find(&run, &key('q', KeyModifiers::ALT)), None);
        assert_eq!(
            find(&run, &key('G', KeyModifiers::SHIFT)),
            Some(Does::Bottom)
        );
    }

    #[test]
    fn key_table_golden() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/tui.md");
        let text = std::fs::read_to_string(path).unwrap();
        let (begin, end) = ("<!-- keys: generated -->\n", "<!-- end of keys -->\n");
        let from = text.find(begin).unwrap() + begin.len();
        let to = text.find(end).unwrap();
        if std::env::var_os("RUNWISP_BLESS").is_some() {
            std::fs::write(path, format!("{}{}{}", &text[..from], page(), &text[to..])).unwrap();
            return;
        }
        assert!(
            text[from..to] == page(),
            "`cargo xtask codegen` writes docs/tui.md anew:\n{}",
            page()
        );
    }
}
