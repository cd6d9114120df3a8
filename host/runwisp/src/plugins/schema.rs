//! Settings held against the JSON Schema that a plugin gives: the part of it that finds typing errors.
//!
//! Looked at are `type`, `enum`, `const`, `required`, `properties`, `additionalProperties: false`, `items` and references
//! into the schema itself. What else a schema says is left to the plugin's own check, which knows better.
//!
//! Invariant: pure; a schema that refers to itself is followed only as deep as the settings are.
//!
//! Tests: below.

use runwisp_core::config::nearest;
use serde_json::{Map, Value};

/// References that are followed in one place.
const REFERENCES: usize = 8;

/// Something that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// Where, as a JSON pointer into the settings.
    pub(super) pointer: String,
    /// What: lower case, no full stop.
    pub(super) message: String,
    /// What to write instead; a sentence.
    pub(super) help: Option<String>,
}

/// Everything that does not fit.
pub(super) fn misfits(schema: &Value, settings: &Value) -> Vec<Misfit> {
    let mut found = Vec::new();
    look(schema, schema, settings, "", &mut found);
    found
}

/// The texts that stand where the schema says `writeOnly`: nobody is to read them, whatever their keys are called.
pub fn secrets(schema: &Value, settings: &Value) -> Vec<String> {
    let mut found = Vec::new();
    gather(schema, schema, settings, &mut found);
    found
}

fn gather(root: &Value, schema: &Value, value: &Value, found: &mut Vec<String>) {
    let Some(schema) = resolved(root, schema) else {
        return;
    };
    if schema["writeOnly"] == true {
        return found.extend(texts(value));
    }
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let known = schema["properties"].get(key);
                let known = known.or_else(|| schema.get("additionalProperties"));
                gather(root, known.unwrap_or(&Value::Null), value, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                gather(root, &schema["items"], item, found);
            }
        }
        _ => {}
    }
}

/// Every text in some settings.
pub fn texts(settings: &Value) -> Vec<String> {
    match settings {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::Object(all) => all.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn look(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<Misfit>) {
    let Some(schema) = resolved(root, schema) else {
        return;
    };
    let name = at.rsplit('/').next().unwrap_or_default();
    let subject = if name.is_empty() {
        "it".to_owned()
    } else {
        format!("`{}`", unescaped(name))
    };
    if !types_fit(&schema["type"], value) {
        found.push(Misfit {
            pointer: at.to_owned(),
            message: format!(
                "{subject} is {}, and should be {}",
                kind(value),
                wanted(&schema["type"])
            ),
            help: described(schema),
        });
        return;
    }
    if let Some(words) = words(schema)
        && !words.contains(value)
    {
        let list: Vec<String> = words.iter().map(Value::to_string).collect();
        found.push(Misfit {
            pointer: at.to_owned(),
            message: format!("{subject} has a value that is not one of its own"),
            help: Some(format!("The values are {}.", list.join(", "))),
        });
    }
    match value {
        Value::Object(entries) => object(root, schema, entries, at, found),
        Value::Array(items) if schema["items"].is_object() => {
            for (n, item) in items.iter().enumerate() {
                look(root, &schema["items"], item, &format!("{at}/{n}"), found);
            }
        }
        _ => {}
    }
}

fn object(
    root: &Value,
    schema: &Value,
    entries: &Map<String, Value>,
    at: &str,
    found: &mut Vec<Misfit>,
) {
    let empty = Map::new();
    let known = schema["properties"].as_object().unwrap_or(&empty);
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !entries.contains_key(name) {
            found.push(Misfit {
                pointer: at.to_owned(),
                message: format!("`{name}` is missing"),
                help: known.get(name).and_then(described),
            });
        }
    }
    for (name, value) in entries {
        let below = format!("{at}/{}", escaped(name));
        match (known.get(name), &schema["additionalProperties"]) {
            (Some(schema), _) => look(root, schema, value, &below, found),
            (None, Value::Bool(false)) => {
                let names = || known.keys().map(String::as_str);
                let help = match nearest(name, names()) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => format!("The keys are {}.", names().collect::<Vec<_>>().join(", ")),
                };
                found.push(Misfit {
                    pointer: below,
                    message: format!("there is no key `{name}`"),
                    help: Some(help),
                });
            }
            (None, schema @ Value::Object(_)) => look(root, schema, value, &below, found),
            (None, _) => {}
        }
    }
}

/// The schema behind references; none where they lead nowhere.
fn resolved<'a>(root: &'a Value, mut schema: &'a Value) -> Option<&'a Value> {
    for _ in 0..REFERENCES {
        let Some(reference) = schema["$ref"].as_str() else {
            return Some(schema);
        };
        schema = root.pointer(reference.strip_prefix('#')?)?;
    }
    None
}

/// The values that are allowed, where they are listed.
fn words(schema: &Value) -> Option<Vec<Value>> {
    let one = schema.get("const").map(|word| vec![word.clone()]);
    schema["enum"].as_array().cloned().or(one)
}

fn types_fit(types: &Value, value: &Value) -> bool {
    let fits = |name: &str| match name {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    };
    match types {
        Value::String(name) => fits(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(fits),
        _ => true,
    }
}

/// A type in the words that users of TOML have.
fn wanted(types: &Value) -> String {
    let word = |name: &str| match name {
        "string" => "text",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "array" => "a list",
        "object" => "a table",
        _ => "left out",
    };
    match types {
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str);
            let words: Vec<&str> = names.filter(|name| *name != "null").map(word).collect();
            words.join(" or ")
        }
        other => word(other.as_str().unwrap_or_default()).to_owned(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a table",
    }
}

/// What a schema says about itself, on one line.
fn described(schema: &Value) -> Option<String> {
    let text = schema["description"].as_str()?;
    let first = text.split("\n\n").next()?;
    Some(first.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescaped(name: &str) -> String {
    name.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(settings: Value) -> Vec<String> {
        let schema = json!({
            "type": "object",
            "properties": {
                "url": {"type": "string", "description": "Where to\nsend."},
                "port": {"type": ["integer", "null"]},
                "level": {"$ref": "#/$defs/Level"},
                "to": {"type": "array", "items": {"type": "string"}},
                "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                "self": {"$ref": "#/properties/self"},
            },
            "required": ["url"],
            "additionalProperties": false,
            "$defs": {"Level": {"enum": ["low", "high"]}},
        });
        let misfits = misfits(&schema, &settings);
        misfits
            .into_iter()
            .map(|m| {
                format!(
                    "{}: {} {}",
                    m.pointer,
                    m.message,
                    m.help.unwrap_or_default()
                )
            })
            .collect()
    }

    #[test]
    fn what_is_only_written_is_secret_whatever_it_is_called() {
        let schema = json!({
            "properties": {
                "key": {"$ref": "#/$defs/hidden"},
                "name": {"type": "string"},
                "lines": {"items": {"properties": {"code": {"writeOnly": true}}}},
                "all": {"writeOnly": true},
                "more": {"additionalProperties": {"writeOnly": true}},
            },
            "$defs": {"hidden": {"type": "string", "writeOnly": true}},
        });
        let settings = json!({
            "key": "one", "name": "seen", "lines": [{"code": "two", "at": "seen"}],
            "all": {"a": ["three", 4]}, "more": {"x": "five"}, "unknown": "seen",
        });
        let mut secrets = secrets(&schema, &settings);
        secrets.sort_unstable();
        assert_eq!(secrets, ["five", "one", "three", "two"]);
    }

    #[test]
    fn typing_errors_are_found_all_at_once() {
        assert_eq!(
            found(json!({"url": "x", "port": 1, "level": "low", "self": 1})),
            [""; 0]
        );
        assert_eq!(
            found(json!({
                "ulr": "x", "port": "1", "level": "lo", "to": ["a", 1], "headers": {"A/b": 1}
            })),
            [
                ": `url` is missing Where to send.",
                "/headers/A~1b: `A/b` is a number, and should be text ",
                "/level: `level` has a value that is not one of its own The values are \"low\", \"high\".",
                "/port: `port` is text, and should be a whole number ",
                "/to/1: `1` is a number, and should be text ",
                "/ulr: there is no key `ulr` Did you mean `url`?",
            ]
        );
        assert_eq!(found(json!([])), [": it is a list, and should be a table "]);
    }
}
