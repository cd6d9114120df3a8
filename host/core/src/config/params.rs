//! The parameters that a unit declares, and what a caller gives against them.
//!
//! The configuration was checked already: what is declared makes sense. Tests: below.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::plan::Unit;
use crate::words::spawn::RunVars;

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamType {
    /// Any text.
    String,
    /// A number, as JSON writes it.
    Number,
    /// `true` or `false`.
    Boolean,
}

impl ParamType {
    /// The name used in files and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            ParamType::String => "string",
            ParamType::Number => "number",
            ParamType::Boolean => "boolean",
        }
    }
}

/// `[[….params]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// The variable it is handed over in, which is its name.
    pub name: String,
    /// What it may be.
    pub kind: ParamType,
    /// Its value when none is given.
    pub default: Option<String>,
    /// Whether a run needs it.
    pub required: bool,
    /// The values to choose from; empty is no choice.
    pub choices: Vec<String>,
    /// Whether other values than the choices are taken.
    pub allow_custom: bool,
    /// Shown beside it.
    pub description: Option<String>,
}

/// One thing that is wrong with what was given: the parameter, and why. The text completes "NAME …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadParam {
    /// Which.
    pub name: String,
    /// Why.
    pub why: String,
}

/// The parameters that a unit declares.
pub fn declared(unit: &Unit) -> Vec<Param> {
    let list = unit.edges.get("params").and_then(Json::as_array);
    list.into_iter().flatten().filter_map(read).collect()
}

fn read(json: &Json) -> Option<Param> {
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    let flag = |key: &str| json.get(key).and_then(Json::as_bool).unwrap_or(false);
    let choices = json.get("choices").and_then(Json::as_array);
    Some(Param {
        name: text("env")?,
        kind: match json.get("type").and_then(Json::as_str) {
            Some("number") => ParamType::Number,
            Some("boolean") => ParamType::Boolean,
            _ => ParamType::String,
        },
        default: json.get("default").map(shown),
        required: flag("required"),
        choices: choices.into_iter().flatten().map(shown).collect(),
        allow_custom: flag("allow_custom"),
        description: text("description"),
    })
}

/// A value as the variable holds it.
pub(super) fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What was given as variables, or everything that is wrong with it. Defaults stand in the unit's environment already.
pub fn check(params: &[Param], given: &BTreeMap<String, String>) -> Result<RunVars, Vec<BadParam>> {
    let mut wrong = Vec::new();
    let mut bad = |name: &str, why: String| {
        wrong.push(BadParam {
            name: name.to_owned(),
            why,
        });
    };
    for name in given.keys() {
        if !params.iter().any(|param| param.name == *name) {
            bad(name, "is not declared".to_owned());
        }
    }
    for param in params {
        match given.get(&param.name) {
            Some(value) => {
                if let Some(why) = refused(param, value) {
                    bad(&param.name, why);
                }
            }
            None if param.required && param.default.is_none() => {
                bad(&param.name, "is required and was not given".to_owned());
            }
            None => {}
        }
    }
    if wrong.is_empty() {
        Ok(given.clone().into_iter().collect())
    } else {
        Err(wrong)
    }
}

fn refused(param: &Param, value: &str) -> Option<String> {
    let fits = match param.kind {
        ParamType::String => !value.contains('\0'),
        ParamType::Number => value.parse::<serde_json::Number>().is_ok(),
        ParamType::Boolean => matches!(value, "true" | "false"),
    };
    if !fits {
        return Some(format!("has to be a {}", param.kind.as_str()));
    }
    let chosen = param.choices.is_empty()
        || param.allow_custom
        || param.choices.iter().any(|choice| choice == value);
    (!chosen).then(|| format!("has to be one of {}", param.choices.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn what_is_given_is_checked_against_all_that_is_declared() {
        let params: Vec<Param> = [
            json!({"env": "TARGET", "choices": ["all", "some"], "required": true}),
            json!({"env": "LEVEL", "type": "number", "default": 3}),
            json!({"env": "DRY", "type": "boolean"}),
            json!({"env": "WHERE", "choices": ["here"], "allow_custom": true}),
        ]
        .iter()
        .filter_map(read)
        .collect();
        assert_eq!(params[1].default.as_deref(), Some("3"));
        let check = |pairs: &[(&str, &str)]| {
            check(&params, &given(pairs)).map_err(|wrong| {
                let one = |bad: BadParam| format!("{} {}", bad.name, bad.why);
                wrong.into_iter().map(one).collect::<Vec<_>>()
            })
        };
        assert_eq!(
            check(&[("TARGET", "all"), ("LEVEL", "-2.5"), ("WHERE", "there")]),
            Ok(vec![
                ("LEVEL".to_owned(), "-2.5".to_owned()),
                ("TARGET".to_owned(), "all".to_owned()),
                ("WHERE".to_owned(), "there".to_owned()),
            ])
        );
        assert_eq!(
            check(&[("target", "all"), ("LEVEL", "much"), ("DRY", "yes")]),
            Err(vec![
                "target is not declared".to_owned(),
                "TARGET is required and was not given".to_owned(),
                "LEVEL has to be a number".to_owned(),
                "DRY has to be a boolean".to_owned(),
            ])
        );
        assert_eq!(
            check(&[("TARGET", "none")]),
            Err(vec!["TARGET has to be one of all, some".to_owned()])
        );
    }
}
