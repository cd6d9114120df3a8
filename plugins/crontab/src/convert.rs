//! From sources to a conversion: every table read, every job named, one row for each.
//!
//! Invariant: pure; what the host knows stands in [`Facts`]. Tests: `crate::tests`, the goldens, the oracle.

use runwisp_plugin::{Conversion, Definition, Note, Place, Row, Source, Weight};

use crate::anacron;
use crate::anacrontab;
use crate::distinct::{Wish, distinct};
use crate::facts::{Dialect, Facts};
use crate::kind::{self, Kind};
use crate::lines::{Line, lines};
use crate::mail::{self, Notifiers};
use crate::note::Code;
use crate::retirement::{self, Letting, Whose};
use crate::shell;
use crate::table::{self, Entry, Table};
use crate::task::{self, Around};

/// What the user has said about an import.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Choices {
    /// Whether a user stands in each line.
    pub(crate) system: Option<bool>,
    /// Whose reading holds.
    pub(crate) dialect: Option<Dialect>,
}

/// A source with what it was found to be.
struct Known<'a> {
    path: Option<&'a str>,
    dialect: Dialect,
    kind: Kind,
    lines: Vec<Line<'a>>,
}

/// Converts sources in their order.
pub(crate) fn convert(
    sources: &[Source],
    choices: Choices,
    facts: &Facts,
) -> Result<Conversion, Vec<Note>> {
    let known: Vec<Known<'_>> = sources
        .iter()
        .map(|source| recognised(source, choices, facts))
        .collect();
    let mut making = Making {
        facts,
        anacron: known.iter().any(|source| source.kind == Kind::Anacron),
        notifiers: Notifiers::default(),
        made: Vec::new(),
        wishes: Vec::new(),
        notes: Vec::new(),
        letting: Vec::new(),
        mails_by_default: false,
    };
    let mut faults = Vec::new();
    for (source, known) in sources.iter().zip(&known) {
        if let Some(fault) = making.source(source, known) {
            faults.push(fault);
        }
    }
    if !faults.is_empty() && faults.len() == sources.len() {
        return Err(faults);
    }
    for fault in faults {
        let section = fault
            .source
            .file
            .clone()
            .unwrap_or_else(|| "standard input".to_owned());
        making.made.push(Made {
            row: row(section, fault.source.clone(), vec![fault]),
            definition: None,
            wish: None,
        });
    }
    Ok(making.finish())
}

fn recognised<'a>(source: &'a Source, choices: Choices, facts: &Facts) -> Known<'a> {
    let path = source.path.as_deref();
    let dialect = choices
        .dialect
        .unwrap_or_else(|| kind::dialect(path, facts));
    let lines = lines(&source.bytes);
    Known {
        path,
        dialect,
        kind: kind::of(path, &lines, choices.system, facts, dialect),
        lines,
    }
}

/// A row with the definition that came of it, in the order of the source.
struct Made {
    row: Row,
    definition: Option<Definition>,
    /// Which wish for a name the definition has.
    wish: Option<usize>,
}

struct Making<'a> {
    facts: &'a Facts,
    anacron: bool,
    notifiers: Notifiers,
    made: Vec<Made>,
    wishes: Vec<Wish>,
    notes: Vec<Note>,
    letting: Vec<Letting>,
    mails_by_default: bool,
}

fn row(section: String, source: Place, notes: Vec<Note>) -> Row {
    Row {
        section,
        source,
        definitions: Vec::new(),
        notes,
    }
}

impl Making<'_> {
    /// Takes one source in. A note when it is no text of ours at all.
    fn source(&mut self, source: &Source, known: &Known<'_>) -> Option<Note> {
        let start = place(known.path, 1);
        if source.bytes.contains(&0) {
            return Some(
                Code::Binary.note(start, "the text holds a NUL byte, so it is no crontab"),
            );
        }
        if let Kind::Ignored(why) = known.kind {
            let name = known
                .path
                .and_then(|path| path.rsplit('/').next())
                .unwrap_or_default();
            self.made.push(Made {
                row: row(
                    name.to_owned(),
                    start.clone(),
                    vec![Code::FileName.note(start, why)],
                ),
                definition: None,
                wish: None,
            });
            return None;
        }
        let before = self.made.len();
        if known.kind == Kind::Anacron {
            let table = anacrontab::read(&known.lines);
            if !table.jobs.is_empty() && table.jobs.iter().all(|job| job.meaning.is_err()) {
                return Some(Code::NotACrontab.note(start, "no line of it is a job of anacron's"));
            }
            self.anacron_jobs(&table, known);
        } else {
            let table = table::read(&known.lines, known.kind == Kind::System, known.dialect);
            if is_no_crontab(&table) {
                return Some(Code::NotACrontab.note(start, "no line of it is a job of cron's"));
            }
            self.jobs(&table, known);
        }
        let made = &self.made[before..];
        self.letting.push(Letting {
            path: known.path.map(str::to_owned),
            table: match &known.kind {
                Kind::User(Some(owner)) => Whose::Owner(owner.clone()),
                Kind::User(None) if known.path.is_none() => Whose::Mine,
                Kind::System if known.path.is_some() => Whose::System,
                Kind::Anacron if known.path.is_some() => Whose::Anacron,
                _ => Whose::Unknown,
            },
            lines: made
                .iter()
                .filter(|made| {
                    made.wish.is_some()
                        && made.definition.as_ref().is_some_and(|task| task.runnable)
                })
                .map(|made| made.row.source.line)
                .collect(),
        });
        None
    }

    fn jobs(&mut self, table: &Table, known: &Known<'_>) {
        let owner = match &known.kind {
            Kind::User(owner) => owner.as_deref(),
            _ => None,
        };
        let around = Around {
            facts: self.facts,
            dialect: known.dialect,
            file: known.path,
            owner,
            doubtful: known.kind == Kind::Doubtful,
            anacron: self.anacron,
            refused: self.refused(table, known),
        };
        let mut last_mail = None;
        for entry in &table.entries {
            let mail = table
                .settings
                .iter()
                .rfind(|s| s.name == "MAILTO" && s.line < entry.line);
            let notifier = match mail {
                None => {
                    self.mails_by_default = true;
                    None
                }
                // What will not run tells nobody.
                Some(_) if entry.when.is_err() => None,
                Some(mail) => {
                    let told = last_mail.replace(mail.line) == Some(mail.line);
                    let from = entry.variable("MAILFROM");
                    self.notifier(&mail.value, from, place(known.path, mail.line), told)
                }
            };
            let main = shell::main_command(&entry.command.text);
            let built = task::build(entry, main.as_ref(), around, notifier.as_deref());
            let wish = built.definition.is_some().then(|| {
                self.wishes.push(Wish {
                    name: shell::name(main.as_ref()),
                    folder: shell::folder(&entry.command.text),
                    arguments: main
                        .as_ref()
                        .map(|main| main.arguments.clone())
                        .unwrap_or_default(),
                    user: entry.user.clone().or(owner.map(str::to_owned)),
                    file: known.path.map(str::to_owned),
                    schedule: entry.schedule.clone(),
                });
                self.wishes.len() - 1
            });
            let words = [
                Some(entry.schedule.as_str()),
                entry.user.as_deref(),
                main.as_ref().map(|main| main.program.as_str()),
            ];
            let section: Vec<&str> = words.into_iter().flatten().collect();
            self.made.push(Made {
                row: row(
                    section.join(" "),
                    place(known.path, entry.line),
                    built.notes,
                ),
                definition: built.definition,
                wish,
            });
        }
        self.about(table, known);
    }

    /// The line for which Debian's cron ignores a whole table.
    fn refused(&self, table: &Table, known: &Known<'_>) -> Option<u32> {
        let broken = |entry: &&Entry| {
            let user = entry.user.as_deref();
            entry
                .when
                .as_ref()
                .is_err_and(|why| why.code != Code::ScheduleUnclear)
                || user.is_some_and(|user| self.facts.has_account(user) == Some(false))
        };
        let first = table.entries.iter().find(broken)?;
        (known.dialect == Dialect::Debian).then_some(first.line)
    }

    fn anacron_jobs(&mut self, table: &anacrontab::AnacronTable, known: &Known<'_>) {
        let mut last_mail = None;
        for job in &table.jobs {
            let mail = table
                .settings
                .iter()
                .rfind(|s| s.name == "MAILTO" && s.line < job.line);
            let notifier = mail.and_then(|mail| {
                let told = last_mail.replace(mail.line) == Some(mail.line);
                self.notifier(&mail.value, None, place(known.path, mail.line), told)
            });
            self.mails_by_default |= mail.is_none();
            let built = anacron::build(job, place(known.path, job.line), notifier.as_deref());
            let wish = built.definition.as_ref().map(|task| {
                self.wishes.push(Wish {
                    name: task.name.clone(),
                    ..Wish::default()
                });
                self.wishes.len() - 1
            });
            self.made.push(Made {
                row: row(
                    job.heading.clone(),
                    place(known.path, job.line),
                    built.notes,
                ),
                definition: built.definition,
                wish,
            });
        }
    }

    /// The notifier for a `MAILTO`, with a row of its own where it is met first.
    fn notifier(
        &mut self,
        mail_to: &str,
        from: Option<&str>,
        at: Place,
        told: bool,
    ) -> Option<String> {
        if mail_to.is_empty() {
            return None;
        }
        let found = self.notifiers.id(mail_to, from, &at);
        let (id, definition) = match found {
            Some((id, definition)) => (Some(id), definition),
            None => (None, None),
        };
        // One that is there already needs no second row; one that can't be taken over is told of once.
        if definition.is_some() || (id.is_none() && !told) {
            self.made.push(Made {
                row: row(
                    format!("MAILTO={mail_to}"),
                    at.clone(),
                    vec![mail::note(mail_to, at)],
                ),
                definition,
                wish: None,
            });
        }
        id
    }

    /// What there is to say about a table as a whole.
    fn about(&mut self, table: &Table, known: &Known<'_>) {
        let Some(first) = table.entries.first() else {
            return;
        };
        if known.kind == Kind::User(None) || known.kind == Kind::Doubtful {
            self.notes.push(Code::Owner.note(
                place(known.path, first.line),
                "its jobs run as the user that runwisp runs as; for another one, set `user`",
            ));
        }
    }

    fn finish(mut self) -> Conversion {
        let names = distinct(&self.wishes);
        let mut definitions: Vec<Definition> = Vec::new();
        let mut report = Vec::new();
        for mut made in self.made {
            if let Some(mut definition) = made.definition {
                if let Some(wish) = made.wish {
                    definition.name.clone_from(&names[wish]);
                }
                made.row
                    .definitions
                    .push(u32::try_from(definitions.len()).unwrap_or(u32::MAX));
                definitions.push(definition);
            }
            report.push(made.row);
        }
        if let Some(first) = definitions.first().map(|first| first.source.clone()) {
            self.notes.push(Code::Overlap.note(
                first.clone(),
                "cron starts a job again while it still runs; here one run waits for the other to end",
            ));
            if self.mails_by_default {
                self.notes.push(Code::Output.note(
                    first,
                    "without MAILTO cron mails what a job writes to its owner; here it is kept for `runwisp logs`, and failures are shown",
                ));
            }
        }
        let blocked = report
            .iter()
            .any(|row| row.notes.iter().any(|note| note.weight == Weight::Blocking));
        Conversion {
            definitions,
            retirement: retirement::steps(&self.letting, blocked),
            report,
            notes: self.notes,
        }
    }
}

/// Whether a text is something else: no line is a job, and most are not even like one.
fn is_no_crontab(table: &Table) -> bool {
    let alike = |entry: &&Entry| entry.when.as_ref().is_err_and(|why| why.code != Code::Line);
    let jobs = table.entries.iter().any(|entry| entry.when.is_ok());
    !table.entries.is_empty()
        && !jobs
        && table.entries.iter().filter(alike).count() * 2 < table.entries.len()
}

fn place(path: Option<&str>, line: u32) -> Place {
    Place {
        file: path.map(str::to_owned),
        line,
    }
}
