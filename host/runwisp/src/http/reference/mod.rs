//! `GET /api`: the API for people to read, made of its description and of the table of problem codes.
//!
//! Every operation has its id as its anchor, every document `schema-NAME`, and every problem code itself, so that the
//! `type` of a problem leads somewhere. Invariant: no script, nothing inline. Tests: below.

mod shape;

use std::fmt::Write;
use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::Value;

use self::shape::{escape, fields, kind, said};
use super::openapi;
use crate::wire::codes::PROBLEMS;

const STYLE: &str = include_str!("style.css");
const METHODS: [&str; 5] = ["get", "post", "put", "delete", "patch"];

/// `GET /api`
pub(super) async fn page() -> Response {
    static PAGE: LazyLock<Bytes> = LazyLock::new(|| html().into());
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (kind, PAGE.clone()).into_response()
}

/// `GET /api.css`
pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

/// An operation of the description.
pub(super) struct Operation<'a> {
    pub(super) method: String,
    pub(super) path: &'a str,
    pub(super) told: &'a Value,
}

impl Operation<'_> {
    fn text(&self, key: &str) -> &str {
        self.told[key].as_str().unwrap_or_default()
    }

    /// What it does, in a line.
    pub(super) fn summary(&self) -> &str {
        self.text("summary")
    }
}

/// The operations with a tag, in the order of the description.
pub(super) fn tagged<'a>(document: &'a Value, tag: &str) -> Vec<Operation<'a>> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let told = &item[method];
            if told["tags"][0] == tag {
                let method = method.to_uppercase();
                found.push(Operation { method, path, told });
            }
        }
    }
    found
}

/// The tags with what they stand for.
pub(super) fn tags(document: &Value) -> impl Iterator<Item = (&str, &str)> {
    let tags = document["tags"].as_array().into_iter().flatten();
    tags.filter_map(|tag| Some((tag["name"].as_str()?, tag["description"].as_str()?)))
}

fn html() -> String {
    // It is made of strings and lists, which JSON can always say.
    let document = serde_json::to_value(openapi::document()).unwrap_or_default();
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>runwisp: the API</title>\n\
         <link rel=\"stylesheet\" href=\"api.css\">\n</head>\n<body>\n<h1>The API</h1>\n",
    );
    // Writing to a string does not fail.
    let _ = head(&mut out, &document);
    for (tag, about) in tags(&document) {
        let _ = writeln!(
            out,
            "<h2 id=\"tag-{tag}\">{}</h2>\n<p>{}</p>",
            escape(tag),
            said(about)
        );
        for operation in tagged(&document, tag) {
            let _ = operation_html(&mut out, &operation);
        }
    }
    let _ = documents(&mut out, &document);
    let _ = problems(&mut out);
    out.push_str("</body>\n</html>\n");
    out
}

fn head(out: &mut String, document: &Value) -> std::fmt::Result {
    let about = document["info"]["description"].as_str().unwrap_or_default();
    let version = document["info"]["version"].as_str().unwrap_or_default();
    writeln!(
        out,
        "<p>{}</p>\n<p class=\"muted\">Version {}. <a href=\"openapi.json\">The same as OpenAPI 3.1</a>.</p>\n<nav>",
        said(about),
        escape(version)
    )?;
    for (tag, _) in tags(document) {
        writeln!(out, "<h3><a href=\"#tag-{tag}\">{tag}</a></h3>\n<ul>")?;
        for operation in tagged(document, tag) {
            writeln!(
                out,
                "<li><a href=\"#{}\">{}</a></li>",
                escape(operation.text("operationId")),
                escape(operation.summary())
            )?;
        }
        out.push_str("</ul>\n");
    }
    out.push_str("<p><a href=\"#documents\">Documents</a> · <a href=\"#problems\">Problems</a></p>\n</nav>\n");
    Ok(())
}

fn operation_html(out: &mut String, operation: &Operation<'_>) -> std::fmt::Result {
    writeln!(
        out,
        "<section id=\"{}\">\n<h3><span class=\"method\">{}</span> <code>{}</code></h3>\n<p>{}.</p>",
        escape(operation.text("operationId")),
        operation.method,
        escape(operation.path),
        said(operation.summary())
    )?;
    let more = operation.text("description");
    if !more.is_empty() {
        writeln!(out, "<p>{}</p>", said(more))?;
    }
    let parameters = operation.told["parameters"].as_array();
    if let Some(parameters) = parameters.filter(|list| !list.is_empty()) {
        out.push_str("<div class=\"wide\"><table>\n<tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr>\n");
        for parameter in parameters {
            let text = |key: &str| parameter[key].as_str().unwrap_or_default();
            writeln!(
                out,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(text("name")),
                escape(text("in")),
                kind(&parameter["schema"]),
                said(text("description"))
            )?;
        }
        out.push_str("</table></div>\n");
    }
    let body = &operation.told["requestBody"];
    if let Some(about) = body["description"].as_str() {
        writeln!(out, "<p>Body: {} {}</p>", content(body), said(about))?;
    }
    for (status, response) in operation.told["responses"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let about = response["description"].as_str().unwrap_or_default();
        let status = match status.as_str() {
            "default" => "Otherwise",
            status => status,
        };
        writeln!(
            out,
            "<p><strong>{}</strong>: {} {}</p>",
            escape(status),
            content(response),
            said(about)
        )?;
    }
    out.push_str("</section>\n");
    Ok(())
}

/// What a body or an answer is made of.
fn content(told: &Value) -> String {
    let kinds = told["content"].as_object().into_iter().flatten();
    let words: Vec<String> = kinds
        .map(|(media, content)| match media.as_str() {
            "application/json" | "application/problem+json" => kind(&content["schema"]),
            media => format!("<code>{}</code>", escape(media)),
        })
        .collect();
    match words.is_empty() {
        true => String::new(),
        false => format!("{}.", words.join(", or ")),
    }
}

fn documents(out: &mut String, document: &Value) -> std::fmt::Result {
    out.push_str("<h2 id=\"documents\">Documents</h2>\n<p>Every answer also has <code>schema_version</code>.</p>\n");
    for (name, schema) in document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
    {
        // The form with the version is the answer; what it holds stands under its own name, but for a problem.
        let bare = name.strip_prefix("Doc_").unwrap_or(name);
        if bare != name && !document["components"]["schemas"][bare].is_null() {
            continue;
        }
        let about = schema["description"].as_str().unwrap_or_default();
        writeln!(
            out,
            "<section id=\"schema-{bare}\">\n<h3>{}</h3>\n<p>{}</p>\n{}</section>",
            escape(bare),
            said(about),
            fields(schema)
        )?;
    }
    Ok(())
}

fn problems(out: &mut String) -> std::fmt::Result {
    out.push_str(
        "<h2 id=\"problems\">Problems</h2>\n<p>What is refused says why with a code that stays the same over versions. Those \
         without an HTTP status are of the command line alone.</p>\n\
         <div class=\"wide\"><table>\n<tr><th>Code</th><th>HTTP</th><th>Meaning</th></tr>\n",
    );
    for row in PROBLEMS {
        let status = match row.status {
            0 => "–".to_owned(),
            status => status.to_string(),
        };
        writeln!(
            out,
            "<tr id=\"{}\"><td><code>{}</code></td><td>{status}</td><td>{}</td></tr>",
            row.code,
            row.code,
            said(row.means)
        )?;
    }
    out.push_str("</table></div>\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn anchors(page: &str) -> HashSet<&str> {
        let mut found = HashSet::new();
        for part in page.split(" id=\"").skip(1) {
            let id = part.split('"').next().unwrap();
            assert!(found.insert(id), "{id} stands twice");
        }
        found
    }

    #[test]
    fn every_link_leads_to_an_anchor_and_every_operation_and_code_has_one() {
        let page = html();
        let anchors = anchors(&page);
        for part in page.split("href=\"#").skip(1) {
            let to = part.split('"').next().unwrap();
            assert!(anchors.contains(to), "{to}");
        }
        for row in PROBLEMS {
            assert!(anchors.contains(row.code), "{}", row.code);
        }
        let document = serde_json::to_value(openapi::document()).unwrap();
        let mut operations = 0;
        for item in document["paths"].as_object().unwrap().values() {
            for operation in METHODS
                .iter()
                .map(|method| &item[*method])
                .filter(|told| !told.is_null())
            {
                operations += 1;
                assert!(anchors.contains(operation["operationId"].as_str().unwrap()));
            }
        }
        assert_eq!(page.matches("class=\"method\"").count(), operations);
    }

    #[test]
    fn every_code_that_the_program_makes_stands_in_the_table() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let (mut folders, mut seen) = (vec![root], 0);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    for part in text.split(concat!("Problem::", "new(")).skip(1) {
                        let Some(rest) = part.trim_start().strip_prefix('"') else {
                            continue;
                        };
                        let code = rest.split('"').next().unwrap();
                        seen += 1;
                        assert!(
                            PROBLEMS.iter().any(|row| row.code == code),
                            "{code} in {path:?}"
                        );
                    }
                }
            }
        }
        assert!(seen > 50, "{seen}");
    }

    #[test]
    fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
        let page = html();
        for banned in [
            "<script", "<style", "style=", "onclick", "http://", "https://", "src=",
        ] {
            assert!(!page.contains(banned), "{banned}");
        }
        assert!(page.len() < 400_000, "{}", page.len());
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }

    /// What of the manual's page is generated.
    fn list() -> String {
        let document = serde_json::to_value(openapi::document()).unwrap();
        let mut list = String::new();
        for (tag, about) in tags(&document) {
            let _ = write!(
                list,
                "\n### {tag}\n\n{about}\n\n| operation | does |\n| --- | --- |\n"
            );
            for operation in tagged(&document, tag) {
                let (method, path) = (&operation.method, operation.path);
                let _ = writeln!(list, "| `{method} {path}` | {} |", operation.summary());
            }
        }
        list
    }

    #[test]
    fn golden_of_the_list_of_operations() {
        const MARK: &str = "<!-- Generated from the handlers. -->\n";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (head, kept) = page.split_once(MARK).expect("the mark is there");
        if std::env::var_os("RUNWISP_BLESS").is_some() {
            std::fs::write(path, format!("{head}{MARK}{}", list())).unwrap();
            return;
        }
        assert!(
            kept == list(),
            "docs/api.md is stale; run `cargo xtask codegen`"
        );
    }
}
