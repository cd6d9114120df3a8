//! Telegram's HTML: a few tags, four named character references, and nothing that is not closed.
//!
//! Source: core.telegram.org/bots/api, "HTML style"; the sentences are those of the service, as people report them.
//!
//! Invariant: pure. Tests: `tests` below.

const TAGS: [&str; 17] = [
    "a",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "code",
    "pre",
    "blockquote",
    "span",
    "tg-spoiler",
    "tg-emoji",
    "tg-time",
];

/// The text without its tags; or what the service says about it.
pub(super) fn plain(html: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(letter) = html[at..].chars().next() {
        match letter {
            '&' => {
                let (meant, length) = reference(&html[at..]);
                text.push_str(meant.as_deref().unwrap_or("&"));
                at += length;
            }
            '<' => {
                let Some(end) = html[at..].find('>') else {
                    return Err(format!("Unclosed start tag at byte offset {at}"));
                };
                tag(&html[at + 1..at + end], at, &mut open)?;
                at += end + 1;
            }
            letter => {
                text.push(letter);
                at += letter.len_utf8();
            }
        }
    }
    match open.pop() {
        Some(name) => Err(format!(
            "Can't find end tag corresponding to start tag \"{name}\""
        )),
        None => Ok(text),
    }
}

fn tag<'a>(inside: &'a str, at: usize, open: &mut Vec<&'a str>) -> Result<(), String> {
    if let Some(name) = inside.strip_prefix('/') {
        let expected = open
            .pop()
            .ok_or(format!("Unexpected end tag at byte offset {at}"))?;
        if !name.trim().is_empty() && name.trim() != expected {
            return Err(format!(
                "Unmatched end tag at byte offset {at}, expected \"</{expected}>\", found \"</{}>\"",
                name.trim()
            ));
        }
        return Ok(());
    }
    let name = inside.split([' ', '\n', '\t']).next().unwrap_or_default();
    if !TAGS.contains(&name) {
        return Err(format!(
            "Unsupported start tag \"{name}\" at byte offset {at}"
        ));
    }
    if name == "span" && !inside.contains("class=\"tg-spoiler\"") {
        return Err(format!(
            "Tag \"span\" must have class \"tg-spoiler\" at byte offset {at}"
        ));
    }
    // An attribute whose quotes are not closed swallows the rest.
    if !inside.matches('"').count().is_multiple_of(2) {
        return Err(format!("Unclosed start tag at byte offset {at}"));
    }
    open.push(name);
    Ok(())
}

/// What a character reference stands for, if it is one that is known, and how long it is.
fn reference(html: &str) -> (Option<String>, usize) {
    let Some(end) = html.find(';').filter(|end| *end <= 10) else {
        return (None, 1);
    };
    let meant = match &html[1..end] {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        name => {
            let number = name
                .strip_prefix('#')
                .and_then(|number| match number.strip_prefix('x') {
                    Some(number) => u32::from_str_radix(number, 16).ok(),
                    None => number.parse().ok(),
                });
            number.and_then(char::from_u32)
        }
    };
    match meant {
        Some(letter) => (Some(letter.into()), end + 1),
        None => (None, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn tags_vanish_and_references_are_what_they_mean() {
        let html = "<b>a &lt; b</b> <a href=\"https://x.test\">see</a> <pre><code class=\"language-x\">1 &amp;&#38; 2</code></pre> &nbsp;";
        assert_eq!(plain(html).unwrap(), "a < b see 1 && 2 &nbsp;");
    }

    #[test]
    fn what_is_not_escaped_or_not_closed_is_told() {
        for (html, wanted) in [
            ("a << b >", "Unsupported start tag \"<\" at byte offset 2"),
            (
                "<h1>x</h1>",
                "Unsupported start tag \"h1\" at byte offset 0",
            ),
            (
                "é <b>x",
                "Can't find end tag corresponding to start tag \"b\"",
            ),
            ("a < b", "Unclosed start tag at byte offset 2"),
            ("x</b>", "Unexpected end tag at byte offset 1"),
            (
                "<b><i>x</b></i>",
                "Unmatched end tag at byte offset 7, expected \"</i>\", found \"</b>\"",
            ),
            (
                "<span>x</span>",
                "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0",
            ),
        ] {
            assert_eq!(plain(html).unwrap_err(), wanted, "{html}");
        }
    }
}
