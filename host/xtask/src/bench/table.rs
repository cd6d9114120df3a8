//! The table that is printed: a row for each figure, a column for each supervisor.

use super::figures::Figure;
use super::subjects::{BARE, OURS, Subject};

pub(super) struct Table {
    columns: Vec<(&'static str, String)>,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    what: &'static str,
    goal: &'static str,
    cells: Vec<(&'static str, String)>,
}

impl Table {
    pub(super) fn new(subjects: &[Box<dyn Subject>]) -> Table {
        let columns = subjects
            .iter()
            .map(|subject| (subject.name(), subject.version().unwrap_or_default()));
        Table {
            columns: columns.collect(),
            rows: Vec::new(),
        }
    }

    pub(super) fn enter(&mut self, figure: &Figure, subject: &'static str, value: String) {
        let at = self
            .rows
            .iter()
            .position(|row| row.name == figure.name)
            .unwrap_or_else(|| {
                self.rows.push(Row {
                    name: figure.name,
                    what: figure.what,
                    goal: figure.goal,
                    cells: Vec::new(),
                });
                self.rows.len() - 1
            });
        self.rows[at].cells.push((subject, value));
    }

    pub(super) fn markdown(&self, machine: &str, quick: bool) -> String {
        let mut text = String::new();
        let mut line = |cells: Vec<&str>| {
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        };
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        line([&["what", "goal"], &names[..]].concat());
        line(vec!["---"; names.len() + 2]);
        for row in &self.rows {
            let of = |name: &&str| {
                row.cells
                    .iter()
                    .find(|(subject, _)| subject == name)
                    .map_or("", |(_, value)| value)
            };
            let cells: Vec<&str> = names.iter().map(of).collect();
            line([&[row.what, row.goal], &cells[..]].concat());
        }
        let peers = self
            .columns
            .iter()
            .filter(|(name, _)| ![OURS, BARE].contains(name));
        let versions: Vec<String> = peers
            .map(|(name, version)| format!("{name} {version}"))
            .collect();
        text.push_str(&format!("\n{machine}. Beside: {}.\n", versions.join(", ")));
        if quick {
            text.push_str("\nA quick run: a tenth of the work, no figures to compare.\n");
        }
        text
    }
}
