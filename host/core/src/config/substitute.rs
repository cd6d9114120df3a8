//! `${VAR}`, `${VAR:-default}`, `${file:path}` and `$${` in texts, resolved at load.
//!
//! Invariant: what is put in is never looked at again, so a value cannot smuggle in a further substitution.
//!
//! Tests: below.

use super::Surroundings;

/// What is known only when a run starts; left as it stands for [`crate::words::spawn::SpawnSpec::fill`].
pub const PER_RUN: [&str; 7] = [
    "RUNWISP_UNIT",
    "RUNWISP_RUN_ID",
    "RUNWISP_INSTANCE_INDEX",
    "RUNWISP_INSTANCE_COUNT",
    "RUNWISP_ATTEMPT",
    "RUNWISP_TRIGGER",
    "RUNWISP_SCHEDULED_AT",
];

/// What is wrong with one substitution.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    /// The text of the substitution, to be found in the source.
    pub(super) part: String,
    pub(super) message: String,
    pub(super) help: String,
}

/// A text with its substitutions made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) text: String,
    /// Whether anything was put in: then the text may be a secret and must not be quoted in a message.
    pub(super) filled: bool,
    pub(super) faults: Vec<Fault>,
}

/// Resolves `text`; `file` is the name of the source it stands in, `per_run` whether values of a single run may be named.
pub(super) fn substitute(
    text: &str,
    file: &str,
    per_run: bool,
    around: &dyn Surroundings,
) -> Outcome {
    let mut outcome = Outcome {
        text: String::with_capacity(text.len()),
        filled: false,
        faults: Vec::new(),
    };
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            outcome.text.push_str(&rest[..at - 1]);
            outcome.text.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        outcome.text.push_str(&rest[..at]);
        let Some(length) = rest[at..].find('}') else {
            outcome.faults.push(Fault {
                code: "config.substitution",
                part: rest[at..].to_owned(),
                message: "`${` without a closing `}`".to_owned(),
                help: "Write `$${` for the two characters themselves.".to_owned(),
            });
            return outcome;
        };
        let part = &rest[at..=at + length];
        rest = &rest[at + length + 1..];
        match resolve(&part[2..part.len() - 1], file, per_run, around) {
            Ok(Some(value)) => {
                outcome.filled = true;
                outcome.text.push_str(&value);
            }
            Ok(None) => outcome.text.push_str(part),
            Err((code, message, help)) => outcome.faults.push(Fault {
                code,
                part: part.to_owned(),
                message,
                help,
            }),
        }
    }
    outcome.text.push_str(rest);
    outcome
}

type Wrong = (&'static str, String, String);

/// The value of what stands between the braces; none when it is left for later.
fn resolve(
    inner: &str,
    file: &str,
    per_run: bool,
    around: &dyn Surroundings,
) -> Result<Option<String>, Wrong> {
    if let Some(path) = inner.strip_prefix("file:") {
        return around
            .read_file(path, file)
            .map(|content| Some(content.trim().to_owned()))
            .map_err(|why| {
                (
                    "config.unreadable-file",
                    format!("could not read {path:?}: {why}"),
                    "The path is absolute, begins with `~/`, or is relative to this file."
                        .to_owned(),
                )
            });
    }
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    if !is_variable(name) {
        return Err((
            "config.substitution",
            format!("{name:?} is not the name of a variable"),
            "Write `${NAME}`, `${NAME:-default}` or `${file:path}`; `$${` stands for `${` itself."
                .to_owned(),
        ));
    }
    if PER_RUN.contains(&name) {
        return if per_run {
            Ok(None)
        } else {
            Err((
                "config.per-run",
                format!("`{name}` is known only when a run starts"),
                "It may stand in `env`, `secrets`, `working_dir`, `stdin` and health checks; a `run` finds it in its environment.".to_owned(),
            ))
        };
    }
    match (around.var(name), default) {
        (Some(value), Some(default)) if value.is_empty() => Ok(Some(default.to_owned())),
        (Some(value), _) => Ok(Some(value)),
        (None, Some(default)) => Ok(Some(default.to_owned())),
        (None, None) => Err((
            "config.unset-variable",
            format!("the environment variable `{name}` is not set"),
            format!("Set it where runwisp is started, or write `${{{name}:-default}}`."),
        )),
    }
}

/// Whether a text can name an environment variable: `[A-Za-z_][A-Za-z0-9_]*`.
pub fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::super::tests::World;
    use super::*;

    fn check(text: &str) -> Result<String, &'static str> {
        let mut world = World::default();
        world.vars.insert("HOME".into(), "/root".into());
        world.vars.insert("EMPTY".into(), String::new());
        world.vars.insert("TRICK".into(), "${HOME}".into());
        world.files.insert("key".into(), "abc\n".into());
        let outcome = substitute(text, "runwisp.toml", true, &world);
        match outcome.faults.first() {
            Some(fault) => Err(fault.code),
            None => Ok(outcome.text),
        }
    }

    #[test]
    fn every_form() {
        for (text, becomes) in [
            ("plain", Ok("plain")),
            ("${HOME}/x", Ok("/root/x")),
            ("a${HOME}b${HOME}", Ok("a/rootb/root")),
            ("${NO:-else}", Ok("else")),
            ("${NO:-}", Ok("")),
            ("${EMPTY}", Ok("")),
            ("${EMPTY:-else}", Ok("else")),
            ("${HOME:-else}", Ok("/root")),
            ("${file:key}", Ok("abc")),
            ("$${HOME}", Ok("${HOME}")),
            ("$$${HOME}", Ok("$${HOME}")),
            ("$HOME $", Ok("$HOME $")),
            ("${TRICK}", Ok("${HOME}")),
            ("${RUNWISP_INSTANCE_INDEX}", Ok("${RUNWISP_INSTANCE_INDEX}")),
            ("${NO}", Err("config.unset-variable")),
            ("${HOME", Err("config.substitution")),
            ("${}", Err("config.substitution")),
            ("${a b}", Err("config.substitution")),
            ("${file:none}", Err("config.unreadable-file")),
        ] {
            assert_eq!(
                check(text).as_deref().map_err(|code| *code),
                becomes,
                "{text}"
            );
        }
    }
}
