//! An event as a page that mail programs show well: one column, styles at the elements, and colours that can be read on
//! light and on dark alike, because programs that darken a mail change only some of them.
//!
//! Invariant: whatever comes from the event is escaped. Tests: `tests/compose.rs`.

use std::fmt::Write;

use runwisp_plugin::message::Message;

/// The longest output that is shown.
const TAIL: usize = 50_000;

const HEAD: &str = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
    <meta name=\"color-scheme\" content=\"light dark\">\n\
    <meta name=\"supported-color-schemes\" content=\"light dark\">\n";
const BODY: &str = "margin:0;padding:16px;color-scheme:light dark;\
    font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:15px;line-height:1.5";
const HEADING: &str = "margin:0 0 8px;font-size:20px;line-height:1.3";
const SENTENCE: &str = "margin:0 0 12px;white-space:pre-line";
const FACTS: &str = "margin:0 0 12px;border-collapse:collapse;font-size:14px";
const LABEL: &str = "padding:2px 16px 2px 0;color:#767676;vertical-align:top";
const VALUE: &str = "padding:2px 0;vertical-align:top";
const OUTPUT: &str = "margin:0 0 12px;padding:10px 12px;border:1px solid #8c8c8c;border-radius:6px;\
    font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px;line-height:1.45;\
    white-space:pre-wrap;word-break:break-word";
const BUTTON: &str = "display:inline-block;padding:8px 14px;border-radius:6px;background:#0969da;\
    color:#ffffff;text-decoration:none";
const FOOTER: &str = "margin:0;font-size:13px;color:#767676";

/// The page.
pub(crate) fn page(said: &Message) -> String {
    let mut page = String::from(HEAD);
    let heading = escape(&said.heading());
    // Writing to a String can't fail.
    let _ = write!(
        page,
        "<title>{heading}</title>\n</head>\n<body style=\"{BODY}\">\n"
    );
    let colour = said.tone().colour();
    let _ = writeln!(
        page,
        "<div style=\"max-width:640px;padding-left:16px;border-left:4px solid {colour}\">"
    );
    let _ = writeln!(page, "<h1 style=\"{HEADING}\">{heading}</h1>");
    let _ = writeln!(
        page,
        "<p style=\"{SENTENCE}\">{}</p>",
        escape(said.sentence())
    );
    facts(&mut page, &said.facts());
    if let Some(tail) = said.tail(TAIL, |_| 1) {
        let _ = writeln!(page, "<pre style=\"{OUTPUT}\">{}</pre>", escape(&tail));
    }
    if let Some(link) = said.link().filter(|link| is_web(link)) {
        let link = escape(link);
        let _ = writeln!(
            page,
            "<p style=\"margin:0 0 12px\"><a href=\"{link}\" style=\"{BUTTON}\">Open</a></p>"
        );
    }
    let _ = writeln!(page, "<p style=\"{FOOTER}\">{}</p>", escape(&said.footer()));
    page.push_str("</div>\n</body>\n</html>\n");
    page
}

fn facts(page: &mut String, facts: &[(String, String)]) {
    if facts.is_empty() {
        return;
    }
    let _ = writeln!(page, "<table role=\"presentation\" style=\"{FACTS}\">");
    for (label, value) in facts {
        let (label, value) = (escape(label), escape(value));
        let cells = format!("<td style=\"{LABEL}\">{label}</td><td style=\"{VALUE}\">{value}</td>");
        let _ = writeln!(page, "<tr>{cells}</tr>");
    }
    page.push_str("</table>\n");
}

fn is_web(link: &str) -> bool {
    link.starts_with("https://") || link.starts_with("http://")
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
