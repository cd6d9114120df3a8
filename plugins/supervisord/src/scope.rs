//! What `%( )` may name where: everywhere, in a program, in what differs between the processes of a program.
//!
//! Tests: through `crate::program`; the differential test compares with supervisord itself.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use runwisp_plugin::schemars::{self, JsonSchema};
use runwisp_plugin::settings::nearest;
use serde::Deserialize;

use crate::codes;
use crate::percent::{Fault, Value, expand};
use crate::text::{Piece, Text, as_known, is_space, known};

/// What a user may say about an import.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The environment that supervisord runs in, for `%(ENV_X)s`.
    pub env: BTreeMap<String, String>,
    /// What `%(here)s` is for standard input.
    pub here: Option<String>,
    /// What `%(host_node_name)s` is.
    pub host: Option<String>,
}

/// What holds for the whole configuration.
pub(crate) struct World<'a> {
    pub(crate) options: &'a Options,
    /// The folder of the main file.
    pub(crate) here: Option<String>,
    /// `environment` of `[supervisord]`.
    pub(crate) shared: Vec<(String, Text)>,
}

/// Which process of a program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Process {
    /// Any of them.
    Any,
    /// The one of that number.
    Numbered(i64),
}

/// What may be named in one place.
pub(crate) struct Scope<'a> {
    pub(crate) world: &'a World<'a>,
    pub(crate) program: Option<&'a str>,
    pub(crate) group: Option<&'a str>,
    /// The process, and how many there are.
    pub(crate) process: Option<(Process, i64)>,
    /// The program's own variables.
    pub(crate) own: &'a [(String, Text)],
    pub(crate) host: bool,
    /// Whether a variable that is not known may stay one.
    pub(crate) keep: bool,
    pub(crate) used: &'a Used,
}

/// What was used that a person should know of.
#[derive(Debug, Default)]
pub(crate) struct Used {
    pub(crate) kept: RefCell<BTreeSet<String>>,
    pub(crate) resolved: RefCell<BTreeSet<String>>,
    pub(crate) missing: RefCell<BTreeSet<String>>,
    pub(crate) host: RefCell<bool>,
}

impl<'a> Scope<'a> {
    /// Where only what is known everywhere may be named.
    pub(crate) fn common(world: &'a World<'a>, used: &'a Used) -> Scope<'a> {
        Scope {
            world,
            program: None,
            group: None,
            process: None,
            own: &[],
            host: false,
            keep: false,
            used,
        }
    }

    /// A raw value, expanded.
    pub(crate) fn expand(&self, raw: &str) -> Result<Text, Fault> {
        self.again(&known(raw))
    }

    /// An expanded value, expanded once more.
    pub(crate) fn again(&self, text: &[Piece]) -> Result<Text, Fault> {
        expand(text, &|name| self.value(name))
    }

    /// A raw value, expanded, all of which has to be known.
    pub(crate) fn known(&self, raw: &str) -> Result<String, Fault> {
        if !raw.contains('%') {
            return Ok(raw.to_owned());
        }
        as_known(&self.expand(raw)?).ok_or_else(|| {
            Fault::new(
                &codes::PERCENT_FORM_UNSUPPORTED,
                "a value that has to be known now is not",
            )
        })
    }

    fn value(&self, name: &str) -> Result<Value, Fault> {
        if let Some(variable) = name.strip_prefix("ENV_") {
            return self.variable(variable);
        }
        let text = |text: &str| Ok(Value::Text(known(text)));
        match (name, self.program, self.group, self.process) {
            ("here", ..) => match &self.world.here {
                Some(here) => text(here),
                None => {
                    let message = "`%(here)s` is the folder of the file, and standard input has none; name the file, or give `--option here=FOLDER`";
                    Err(Fault::new(&codes::HERE_UNKNOWN, message))
                }
            },
            ("program_name", Some(program), ..) => text(program),
            ("group_name", _, Some(group), _) => text(group),
            ("numprocs", _, _, Some((_, count))) => Ok(Value::Number(count)),
            ("process_num", _, _, Some((Process::Numbered(number), _))) => {
                Ok(Value::Number(number))
            }
            ("process_num", _, _, Some((Process::Any, _))) => Ok(Value::Instance),
            ("host_node_name", ..) if self.host => match &self.world.options.host {
                Some(host) => {
                    self.used.host.replace(true);
                    text(host)
                }
                None => {
                    let message = "`%(host_node_name)s` is the name of the machine, which an import does not look up; give `--option host=NAME`";
                    Err(Fault::new(&codes::HOST_UNKNOWN, message))
                }
            },
            _ => Err(self.unknown(name)),
        }
    }

    fn variable(&self, name: &str) -> Result<Value, Fault> {
        let of = |vars: &[(String, Text)]| {
            let found = vars.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| Value::Text(value.clone()))
        };
        if let Some(value) = of(self.own).or_else(|| of(&self.world.shared)) {
            return Ok(value);
        }
        if let Some(value) = self.world.options.env.get(name) {
            self.used.resolved.borrow_mut().insert(name.to_owned());
            return Ok(Value::Text(known(value)));
        }
        let plain = is_variable(name);
        if self.keep && plain {
            self.used.kept.borrow_mut().insert(name.to_owned());
            return Ok(Value::Text(vec![Piece::Env(name.to_owned())]));
        }
        self.used.missing.borrow_mut().insert(name.to_owned());
        let message = format!(
            "`%(ENV_{})s` is needed now; give `--option env.{0}=VALUE`",
            shown(name)
        );
        Err(Fault::new(&codes::ENV_VAR_MISSING, message))
    }

    fn unknown(&self, name: &str) -> Fault {
        let mut names = vec!["here"];
        if self.program.is_some() {
            names.extend(["program_name", "group_name", "host_node_name"]);
        }
        if self.process.is_some() {
            names.extend(["process_num", "numprocs"]);
        }
        let meant = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `%({near})`?"),
            None => format!("known are {} and ENV_…", names.join(", ")),
        };
        let message = format!("`%({})` is not known in this key; {meant}", shown(name));
        Fault::new(&codes::PERCENT_UNKNOWN_NAME, message)
    }
}

/// Whether a text can name an environment variable.
pub(crate) fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A name for a message.
pub(crate) fn shown(name: &str) -> String {
    name.chars()
        .take(200)
        .flat_map(char::escape_debug)
        .collect()
}

/// A key for a message. A line that was never meant as a key may hold anything behind its first word.
pub(crate) fn key_shown(name: &str) -> String {
    let word = name.split(is_space).next().unwrap_or_default();
    let more = if word.len() < name.len() { " …" } else { "" };
    format!("{}{more}", shown(word))
}
