//! Drafts as the text of a configuration, as a person would write it.
//!
//! `[defaults]` first, then tasks and services in the order of the source, notifiers, routes. Keys in the order given,
//! tables in a table below them. What may not run is a comment, whole.
//!
//! Invariant: the same drafts give the same text, and every place of the text is known by what it came from.
//!
//! Tests: below.

use std::ops::Range;

use super::draft::{Draft, Item, State};
use super::value;
use super::words::Kind;

/// A text and where its parts came from.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    /// The text.
    pub(super) text: String,
    /// Stretches of the text in their order, each with the draft and the items it holds.
    places: Vec<(usize, usize, Range<usize>)>,
    /// For each draft, its items in the order of the text.
    orders: Vec<Vec<usize>>,
}

impl Rendered {
    /// What stands at a byte of the text: a draft, and those of its items that are meant; none of them for the table
    /// itself.
    pub(super) fn at(&self, byte: usize) -> Option<(usize, Vec<usize>)> {
        let after = self.places.partition_point(|(start, ..)| *start <= byte);
        let (_, draft, items) = self.places.get(after.checked_sub(1)?)?;
        let order = self.orders.get(*draft)?;
        Some((*draft, order.get(items.clone())?.to_vec()))
    }
}

/// Renders all drafts. `remarks` say for each why it may not run, where it may not.
pub(super) fn render(drafts: &[Draft], remarks: &[Vec<String>]) -> Rendered {
    let mut out = Rendered::default();
    out.orders.resize(drafts.len(), Vec::new());
    let rank = |kind: Kind| match kind {
        Kind::Defaults => 0,
        Kind::Task | Kind::Service => 1,
        Kind::Notifier => 2,
        Kind::Route => 3,
    };
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|n| rank(drafts[*n].kind));
    for n in order {
        let draft = &drafts[n];
        if draft.state == State::There {
            continue;
        }
        let remarks = remarks.get(n).map_or(&[][..], Vec::as_slice);
        out.draft(n, draft, remarks);
    }
    out
}

/// Lines as comments.
pub(super) fn comment(out: &mut String, text: &str) {
    for line in text.lines() {
        let line = printable(line);
        let line = line.trim_end();
        out.push('#');
        if !line.is_empty() {
            out.push(' ');
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// What a comment may hold: no control characters but the tab.
fn printable(line: &str) -> String {
    let plain = |c: char| if c.is_control() && c != '\t' { ' ' } else { c };
    line.chars().map(plain).collect()
}

impl Rendered {
    fn draft(&mut self, n: usize, draft: &Draft, remarks: &[String]) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let start = self.text.len();
        let places = self.places.len();
        self.places.push((start, n, 0..0));
        for line in &draft.comments {
            comment(&mut self.text, line);
        }
        if draft.state == State::Comment {
            for line in remarks {
                comment(&mut self.text, &format!("TODO {line}"));
            }
            for fault in &draft.faults {
                let fault = fault.replace('\n', " ");
                comment(
                    &mut self.text,
                    &format!("TODO the importer's fault: {fault}"),
                );
            }
        }
        let body = self.text.len();
        let header = header(draft);
        let brackets = if draft.kind == Kind::Route {
            format!("[[{header}]]\n")
        } else {
            format!("[{header}]\n")
        };
        self.text.push_str(&brackets);
        let (flat, groups) = groups(&draft.items);
        let mut order = Vec::with_capacity(draft.items.len());
        self.items(n, draft, &flat, 0, &mut order);
        for (table, members) in groups {
            self.text.push('\n');
            let first = order.len();
            // What is found at the header is about the table, so about all that makes it.
            self.places
                .push((self.text.len(), n, first..first + members.len()));
            let table: Vec<String> = table.iter().map(|name| value::key(name)).collect();
            self.text
                .push_str(&format!("[{header}.{}]\n", table.join(".")));
            self.items(n, draft, &members, table.len(), &mut order);
        }
        self.orders[n] = order;
        if draft.state == State::Comment {
            let live = self.text.split_off(body);
            comment(&mut self.text, &live);
            self.places.truncate(places);
            self.places.push((start, n, 0..0));
        }
    }

    fn items(
        &mut self,
        n: usize,
        draft: &Draft,
        members: &[usize],
        below: usize,
        order: &mut Vec<usize>,
    ) {
        for member in members {
            let item = &draft.items[*member];
            let at = order.len();
            self.places.push((self.text.len(), n, at..at + 1));
            order.push(*member);
            line(&mut self.text, item, below);
        }
    }
}

/// `key = value # note`; what is at fault is a comment.
fn line(out: &mut String, item: &Item, below: usize) {
    let names: Vec<String> = item.path[below..].iter().map(|n| value::key(n)).collect();
    let mut line = format!("{} = {}", names.join("."), item.text);
    if let Some(note) = item.note.as_deref().filter(|note| !note.trim().is_empty()) {
        let words: Vec<&str> = note.split_whitespace().collect();
        line.push_str(" # ");
        line.push_str(&printable(&words.join(" ")));
    }
    match &item.fault {
        None => {
            out.push_str(&line);
            out.push('\n');
        }
        Some(fault) => {
            comment(out, &line);
            let fault = printable(&fault.replace('\n', " "));
            out.push_str(&format!("#   TODO the importer's fault: {fault}\n"));
        }
    }
}

/// The header of a draft, without brackets.
fn header(draft: &Draft) -> String {
    let name = value::key(&draft.name);
    match draft.kind {
        Kind::Task => format!("tasks.{name}"),
        Kind::Service => format!("services.{name}"),
        Kind::Notifier => format!("notifiers.{name}"),
        Kind::Route => "route".to_owned(),
        Kind::Defaults => "defaults".to_owned(),
    }
}

/// A table within a table, with the items it holds.
type Group = (Vec<String>, Vec<usize>);

/// The items of the table itself, and those of the tables in it, in the order in which they come up.
fn groups(items: &[Item]) -> (Vec<usize>, Vec<Group>) {
    let mut flat = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for (n, item) in items.iter().enumerate() {
        match item.path.split_last() {
            // What is at fault may share its path with a value, and gets no table of its own.
            Some((_, table)) if !table.is_empty() && item.fault.is_none() => {
                match groups.iter_mut().find(|(known, _)| known == table) {
                    Some((_, members)) => members.push(n),
                    None => groups.push((table.to_vec(), vec![n])),
                }
            }
            _ => flat.push(n),
        }
    }
    (flat, groups)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::import::draft::draft;
    use crate::import::tests::{definition, setting};

    fn rendered(drafts: &[Draft]) -> Rendered {
        render(drafts, &vec![Vec::new(); drafts.len()])
    }

    fn sample() -> Vec<Draft> {
        let mut web = definition(Kind::Service, "web", "exec gunicorn app");
        web.comments = vec!["Serves the page.\n\u{7}loud".to_owned()];
        web.settings.push(setting(&["env", "A"], json!("x # y")));
        web.settings.push(setting(&["user"], json!("www-data")));
        web.settings[2].note = Some("TODO make\nthis user".to_owned());
        web.settings.push(setting(&["health", "tcp"], json!("h:1")));
        web.settings.push(setting(&["colour"], json!("red")));
        let mut job = definition(Kind::Task, "job", "a\nb");
        job.runnable = false;
        let mut defaults = definition(Kind::Defaults, "", "");
        defaults.settings = vec![setting(&["env"], json!({"B": "c"}))];
        let mut drafts: Vec<Draft> = [web, job, defaults].iter().map(draft).collect();
        for draft in &mut drafts {
            draft.name = draft.wished.clone();
        }
        drafts
    }

    #[test]
    fn tables_look_as_people_write_them() {
        let text = "\
[defaults]

[defaults.env]
B = \"c\"

# Serves the page.
#  loud
[services.web]
run = \"exec gunicorn app\"
user = \"www-data\" # TODO make this user
# colour = \"red\"
#   TODO the importer's fault: there is no such key in [services.NAME]

[services.web.env]
A = \"x # y\"

[services.web.health]
tcp = \"h:1\"

# [tasks.job]
# run = '''
# a
# b'''
";
        assert_eq!(rendered(&sample()).text, text);
        toml::from_str::<toml::Table>(text).unwrap();
    }

    #[test]
    fn every_place_is_known() {
        let drafts = sample();
        let rendered = rendered(&drafts);
        let at = |text: &str| {
            let byte = rendered.text.find(text).unwrap();
            let (draft, items) = rendered.at(byte).unwrap();
            let names: Vec<String> = items
                .iter()
                .map(|item| drafts[draft].items[*item].dotted())
                .collect();
            (draft, names.join(" "))
        };
        assert_eq!(at("[services.web]"), (0, String::new()));
        assert_eq!(at("www-data"), (0, "user".to_owned()));
        assert_eq!(at("[services.web.health]"), (0, "health.tcp".to_owned()));
        assert_eq!(at("h:1"), (0, "health.tcp".to_owned()));
        assert_eq!(at("[defaults.env]"), (2, "env.B".to_owned()));
        assert_eq!(at("tasks.job"), (1, String::new()));
        assert_eq!(at("b'''"), (1, String::new()));
    }
}
