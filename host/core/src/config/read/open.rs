//! Tables that a plugin judges: where each of their values stands, and which of them may be secret.
//!
//! Tests: `config::tests`.

use super::super::raw::{Entry, Node, Value};
use super::super::typed::Section;

/// Notes the place of a key that the table itself knows.
pub(super) fn note(entry: &Entry, section: &mut Section) {
    let pointer = step("", &entry.name);
    section.places.insert(pointer, entry.node.span);
}

/// Notes the places of a value and of all that it holds, and the texts in it that a substitution has filled.
pub(super) fn walk(entry: &Entry, json: &serde_json::Value, above: &str, section: &mut Section) {
    node(&entry.node, json, &step(above, &entry.name), section);
}

fn node(node_: &Node, json: &serde_json::Value, pointer: &str, section: &mut Section) {
    section.places.insert(pointer.to_owned(), node_.span);
    match (&node_.value, json) {
        (Value::Table(entries), serde_json::Value::Object(values)) => {
            for entry in entries {
                if let Some(json) = values.get(&entry.name) {
                    walk(entry, json, pointer, section);
                }
            }
        }
        (Value::List(nodes), serde_json::Value::Array(values)) => {
            for (index, (inner, json)) in nodes.iter().zip(values).enumerate() {
                node(inner, json, &format!("{pointer}/{index}"), section);
            }
        }
        (Value::Text(written), serde_json::Value::String(text)) if written.contains("${") => {
            section.filled.push(text.clone());
        }
        _ => {}
    }
}

/// A JSON pointer, one step further (RFC 6901).
fn step(above: &str, name: &str) -> String {
    format!("{above}/{}", name.replace('~', "~0").replace('/', "~1"))
}
