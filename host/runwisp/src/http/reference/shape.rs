//! Schemas as HTML: the type of a value in a few words, and the fields of a document as a table.
//!
//! Tests: below.

use serde_json::Value;

/// Text that says itself and nothing else.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Prose: what stands between backticks is code; brackets around it are the source's own.
pub(super) fn said(text: &str) -> String {
    let plain = text.replace("[`", "`").replace("`]", "`");
    let mut out = String::new();
    for (n, part) in plain.split('`').enumerate() {
        match n % 2 {
            0 => out.push_str(&escape(part)),
            _ => out.push_str(&format!("<code>{}</code>", escape(part))),
        }
    }
    out
}

/// The type of a value.
pub(super) fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        let name = name.strip_prefix("Doc_").unwrap_or(name);
        return format!("<a href=\"#schema-{0}\">{0}</a>", escape(name));
    }
    for (key, word) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        if let Some(parts) = schema[key].as_array() {
            let parts: Vec<String> = parts.iter().map(kind).collect();
            return parts.join(word);
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values
            .iter()
            .map(|value| format!("<code>{}</code>", escape(value.as_str().unwrap_or("null"))))
            .collect();
        return values.join(" or ");
    }
    let types = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => vec!["anything"],
    };
    let words: Vec<String> = types
        .into_iter()
        .map(|word| match word {
            "array" => format!("list of {}", kind(&schema["items"])),
            "object" if schema["additionalProperties"].is_object() => {
                format!("map to {}", kind(&schema["additionalProperties"]))
            }
            "string" => match schema["format"].as_str() {
                Some("date-time") => "time".to_owned(),
                Some("date") => "day".to_owned(),
                _ => word.to_owned(),
            },
            word => escape(word),
        })
        .collect();
    words.join(" or ")
}

/// The fields of a document, or what it is where it has none.
pub(super) fn fields(schema: &Value) -> String {
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[key].as_array() {
            let word = if key == "allOf" {
                ""
            } else {
                "<p class=\"muted\">or</p>\n"
            };
            let parts: Vec<String> = parts.iter().map(fields).collect();
            return parts.join(word);
        }
    }
    let Some(properties) = schema["properties"].as_object() else {
        return format!("<p>{}</p>\n", kind(schema));
    };
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut out = String::from("<div class=\"wide\"><table>\n");
    for (name, property) in properties {
        let about = property["description"].as_str().unwrap_or_default();
        let there = if required.contains(&name.as_str()) {
            ""
        } else {
            " <span class=\"muted\">optional</span>"
        };
        out.push_str(&format!(
            "<tr><td><code>{}</code>{there}</td><td>{}</td><td>{}</td></tr>\n",
            escape(name),
            kind(property),
            said(about)
        ));
    }
    out.push_str("</table></div>\n");
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_told_in_words() {
        for (schema, words) in [
            (json!({"type": "string", "format": "date-time"}), "time"),
            (json!({"type": ["integer", "null"]}), "integer or null"),
            (
                json!({"type": "array", "items": {"$ref": "#/components/schemas/Run"}}),
                "list of <a href=\"#schema-Run\">Run</a>",
            ),
            (
                json!({"oneOf": [{"$ref": "#/x/Doc_A"}, {"type": "null"}]}),
                "<a href=\"#schema-A\">A</a> or null",
            ),
            (
                json!({"type": "object", "additionalProperties": {"type": "string"}}),
                "map to string",
            ),
            (
                json!({"type": "string", "enum": ["a", "b"]}),
                "<code>a</code> or <code>b</code>",
            ),
            (json!({}), "anything"),
        ] {
            assert_eq!(kind(&schema), words);
        }
    }

    #[test]
    fn text_can_not_become_markup() {
        assert_eq!(
            said("a `<b>` & [`c`]"),
            "a <code>&lt;b&gt;</code> &amp; <code>c</code>"
        );
        let table = fields(&json!({"properties": {"<i>": {"type": "string"}}, "required": []}));
        assert!(
            table.contains("&lt;i&gt;") && table.contains("optional"),
            "{table}"
        );
    }
}
