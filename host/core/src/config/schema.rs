//! The JSON Schema of a configuration (draft 2020-12), made from the table of keys, for editors and importers.
//!
//! It is a little more generous than [`super::compile`]: what keys mean together, a schema cannot say.
//!
//! Tests: `super::tests` holds every example against it.

use serde_json::{Map, Value, json};

use super::keys::{Key, ROOT, Shape, TABLES, Table, Type};
use super::read::literal;

/// The schema.
pub fn schema() -> Value {
    let mut properties = Map::new();
    for (name, table, shape, _) in ROOT {
        let inner = reference(table);
        let value = match shape {
            Shape::One => inner,
            Shape::Named => {
                json!({"type": "object", "description": table.doc, "additionalProperties": inner,
                "propertyNames": {"pattern": "^[A-Za-z0-9._:-]{1,100}$"}})
            }
            Shape::List => json!({"type": "array", "description": table.doc, "items": inner}),
        };
        properties.insert((*name).to_owned(), value);
    }
    let tables: Map<String, Value> = TABLES.iter().map(|t| (id(t), object(t))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "runwisp.toml",
        "description": "What runwisp keeps alive and what it runs by the clock.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "$defs": tables,
    })
}

/// A name for a kind of table: the letters of its header, `tasks.NAME.limits` becoming `limits`.
fn id(table: &Table) -> String {
    let first = table.header.split([',', '=']).next().unwrap_or_default();
    let mut words = first.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .rfind(|word| !word.is_empty() && !matches!(*word, "NAME" | "ID"))
        .unwrap_or_default()
        .to_owned()
}

fn reference(table: &Table) -> Value {
    json!({"$ref": format!("#/$defs/{}", id(table))})
}

fn object(table: &Table) -> Value {
    let mut properties = Map::new();
    let mut required: Vec<&str> = Vec::new();
    for key in table.keys() {
        properties.insert(key.name.to_owned(), property(key, table.only.is_empty()));
        for alias in key.aliases {
            let mut old = property(key, false);
            old["deprecated"] = json!(true);
            old["description"] = json!(format!("An older name of `{}`.", key.name));
            properties.insert((*alias).to_owned(), old);
        }
        if key.required && table.only.is_empty() {
            required.push(key.name);
        }
    }
    let mut schema = json!({
        "type": "object",
        "description": table.doc,
        "properties": properties,
        "additionalProperties": table.open,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn property(key: &Key, with_default: bool) -> Value {
    let mut schema = shape(key);
    if !key.old_values.is_empty() {
        let old: Vec<&str> = key.old_values.iter().map(|(old, _)| *old).collect();
        schema = json!({"anyOf": [schema, {"enum": old, "deprecated": true}]});
    }
    schema["description"] = json!(key.doc);
    schema["examples"] = json!([json_of(key.example)]);
    if with_default && !key.default.is_empty() {
        schema["default"] = json_of(key.default);
    }
    schema
}

/// A piece of TOML from the table of keys, as JSON.
fn json_of(toml: &str) -> Value {
    super::raw::Node {
        span: crate::words::diagnostic::Span {
            file: 0,
            start: 0,
            end: 0,
        },
        value: literal(toml),
    }
    .json()
}

const DURATION: &str = r"^\s*(0|((\d+(\.\d+)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w)\s*)+)\s*$|\$\{";
const SIZE: &str = r"^\s*\d*\.?\d+\s*([kKmMgGtT]([iI]?[bB])?|[bB])?\s*$|\$\{";

fn shape(key: &Key) -> Value {
    // A substitution may stand where a number or a word is expected.
    let filled = json!({"type": "string", "pattern": r"\$\{"});
    let text = json!({"type": "string"});
    let list = |item: Value| json!({"anyOf": [item, {"type": "array", "items": item}]});
    match key.of {
        Type::Bool => json!({"anyOf": [{"type": "boolean"}, filled]}),
        Type::BoolOr(words) => json!({"anyOf": [{"type": "boolean"}, {"enum": words}, filled]}),
        Type::Int(min, max) => {
            json!({"anyOf": [{"type": "integer", "minimum": min, "maximum": max}, filled]})
        }
        Type::Duration(min, _) if min > 0 => json!({"type": "string", "pattern": DURATION}),
        Type::Duration(..) => {
            json!({"anyOf": [{"type": "string", "pattern": DURATION}, {"const": 0}]})
        }
        Type::Size(min) => {
            json!({"anyOf": [{"type": "string", "pattern": SIZE}, {"type": "integer", "minimum": min}]})
        }
        Type::Cpu => json!({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, text]}),
        Type::Choice(words) => json!({"anyOf": [{"enum": words}, filled]}),
        Type::Program => json!({"type": "string", "pattern": r"^/|\$\{"}),
        Type::Umask => json!({"type": "string", "pattern": r"^[0-7]{3,4}$|\$\{"}),
        Type::Text | Type::Path | Type::Signal | Type::User | Type::Zone => text,
        Type::Texts => list(text),
        Type::Codes => list(json!({"type": "integer", "minimum": 0, "maximum": 255})),
        Type::Command => {
            json!({"anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": text, "minItems": 1}]})
        }
        Type::Env => {
            json!({"type": "object", "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
            "additionalProperties": {"type": ["string", "number", "boolean"]}})
        }
        Type::Stdin => {
            json!({"anyOf": [text, {"type": "object", "properties": {"file": text}, "required": ["file"], "additionalProperties": false}]})
        }
        Type::Table(table) => json!({"allOf": [reference(table)]}),
        Type::Tables(table) => json!({"type": "array", "items": reference(table)}),
        Type::HookTokens => list(json!({"anyOf": [text, reference(&super::keys::HOOK_TOKEN)]})),
        Type::Open => json!({}),
    }
}
