//! Reading the keys of one section: expanded, typed, with what there is to say about each.
//!
//! Invariant: messages quote a value only as it is written, only where its key can hold no secret, and never long.
//!
//! Tests: through `crate::program`.

use runwisp_plugin::settings::nearest;

use crate::codes::{self, Code};
use crate::document::{At, Document, Entry, Remark, Section};
use crate::environment;
use crate::keys::{GO_KEYS, Kind, SUPERVICE_KEYS};
use crate::percent::Fault;
use crate::scope::{Scope, Used, World, key_shown};
use crate::text::{Piece, Text};

/// A section that is being read.
pub(crate) struct Sheet<'a> {
    pub(crate) document: &'a Document,
    pub(crate) section: &'a Section,
    pub(crate) remarks: Vec<Remark>,
    /// What a person has to do, for the comments of what the section becomes.
    pub(crate) todo: Vec<String>,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(document: &'a Document, section: &'a Section) -> Sheet<'a> {
        Sheet {
            document,
            section,
            remarks: Vec::new(),
            todo: Vec::new(),
        }
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.document.entry(self.section, key)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Where a key stands, or the section.
    pub(crate) fn at(&self, key: &str) -> At {
        self.entry(key).map_or(self.section.at, |entry| entry.at)
    }

    pub(crate) fn remark(&mut self, code: &'static Code, key: &str, message: impl Into<String>) {
        let at = self.at(key);
        let message = message.into();
        self.remarks.push(Remark { code, message, at });
    }

    /// A remark that leaves something to do.
    pub(crate) fn dropped(&mut self, code: &'static Code, key: &str, message: impl Into<String>) {
        let message = message.into();
        self.todo.push(format!("TODO {message}"));
        self.remark(code, key, message);
    }

    pub(crate) fn fault(&mut self, key: &str, fault: Fault) {
        self.remark(fault.code, key, format!("`{key}`: {}", fault.message));
    }

    /// The value of a key, or its default. What is wrong is remarked and gives the default too.
    pub(crate) fn get<T>(
        &mut self,
        scope: &Scope<'_>,
        key: &str,
        default: T,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> T {
        let Some(entry) = self.entry(key) else {
            return default;
        };
        let text = match scope.known(&entry.value) {
            Ok(text) => text,
            Err(fault) => {
                self.fault(key, fault);
                return default;
            }
        };
        read(&text).unwrap_or_else(|why| {
            let message = format!("`{key}={}` {why}", quote(&entry.value));
            self.remark(&codes::VALUE_INVALID, key, message);
            default
        })
    }

    /// A key that may be any text.
    pub(crate) fn text(&mut self, scope: &Scope<'_>, key: &str) -> Option<String> {
        self.get(scope, key, None, |text| Ok(Some(text.to_owned())))
    }

    /// The variables of an `environment` that is expanded already, with remarks about what supervisord loses of it.
    pub(crate) fn variables(&mut self, text: &[Piece]) -> Vec<(Text, Text)> {
        match environment::read(text) {
            Ok(found) => {
                for (code, message) in found.losses {
                    self.remark(code, "environment", message);
                }
                found.vars
            }
            Err(why) => {
                let message = format!("`environment` {why}; supervisord refuses the file");
                self.remark(&codes::ENV_INVALID, "environment", message);
                Vec::new()
            }
        }
    }

    /// Names the keys that supervisord does not know. Those of `[DEFAULT]` are not this section's fault.
    pub(crate) fn unknown_keys(&mut self, kind: &Kind) {
        for entry in &self.section.entries {
            let name = entry.name.as_str();
            // A header without its bracket has been remarked by the reader.
            if kind.has(name) || name.starts_with('[') || self.inherited(name, entry.at) {
                continue;
            }
            let label = key_shown(name);
            let (code, message) = if name.starts_with('-') {
                (
                    &codes::CONTINUATION_LOST,
                    format!(
                        "the line that begins with `{label}` is read as a key of its own and lost; indented, it would go on with the value above"
                    ),
                )
            } else if GO_KEYS.contains(&name) {
                (
                    &codes::DIALECT_GO,
                    format!(
                        "`{label}` is a key of the supervisord written in Go, and not carried over"
                    ),
                )
            } else if SUPERVICE_KEYS.contains(&name) {
                (
                    &codes::DIALECT_SUPERVICE,
                    format!("`{label}` is a key of supervice, and not carried over"),
                )
            } else {
                let message = match nearest(name, kind.names()) {
                    Some(near) => {
                        format!("supervisord ignores the key `{label}`; did you mean `{near}`?")
                    }
                    None => format!("supervisord ignores the key `{label}`"),
                };
                (&codes::UNKNOWN_KEY, message)
            };
            self.todo.push(format!("TODO {message}"));
            let at = entry.at;
            self.remarks.push(Remark { code, message, at });
        }
    }

    /// Whether an entry is a copy of one in `[DEFAULT]`.
    fn inherited(&self, name: &str, at: At) -> bool {
        self.document
            .defaults
            .get(name)
            .is_some_and(|entry| entry.at == at)
    }

    /// Says what was used in expansions, once.
    pub(crate) fn used(&mut self, used: &Used) {
        let list = |names: &std::collections::BTreeSet<String>| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        let kept = used.kept.borrow();
        if !kept.is_empty() {
            let message = format!(
                "the environment of supervisord is not known; {} is taken from the environment of runwisp",
                list(&kept)
            );
            self.remark(&codes::ENV_EXPANSION_KEPT, "", message);
        }
        let resolved = used.resolved.borrow();
        if !resolved.is_empty() {
            let message = format!(
                "the value that was given for {} is written into the unit",
                list(&resolved)
            );
            self.remark(&codes::ENV_EXPANSION_RESOLVED, "", message);
        }
        if *used.host.borrow() {
            self.remark(
                &codes::HOSTNAME_BAKED_IN,
                "",
                "the name of the machine is written into the unit",
            );
        }
    }
}

/// The scope in which keys of sections other than programs are read.
pub(crate) fn common<'a>(world: &'a World<'a>, used: &'a Used) -> Scope<'a> {
    Scope::common(world, used)
}

/// A value as it is written, for a message.
fn quote(value: &str) -> String {
    let mut text: String = value
        .chars()
        .take(40)
        .flat_map(char::escape_debug)
        .collect();
    if value.chars().count() > 40 {
        text.push('…');
    }
    text
}
