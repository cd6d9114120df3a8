//! The grammar of `env_file` and `secrets_file`: `NAME=value` lines, taken literally.
//!
//! Blank lines and lines that begin with `#` are skipped; `export` may stand in front. A value without quotes goes to
//! the end of the line, blanks around it dropped, `#` and `$` kept. In single quotes everything stands for itself, in
//! double quotes `\n \r \t \" \\ \$` are known. After a closing quote only a comment may follow.
//!
//! Tests: below.

use super::substitute::is_variable;

/// Reads a whole file. An error names the line, from 1.
pub(super) fn parse(content: &str) -> Result<Vec<(String, String)>, (usize, String)> {
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    let mut pairs = Vec::new();
    for (index, line) in content.lines().enumerate() {
        match entry(line.trim()) {
            Ok(Some(pair)) => pairs.push(pair),
            Ok(None) => {}
            Err(why) => return Err((index + 1, why)),
        }
    }
    Ok(pairs)
}

fn entry(line: &str) -> Result<Option<(String, String)>, String> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let line = match line.strip_prefix("export") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
        _ => line,
    };
    let Some((name, value)) = line.split_once('=') else {
        return Err("is not of the form NAME=value".to_owned());
    };
    let name = name.trim_end();
    if !is_variable(name) {
        return Err("does not begin with the name of a variable".to_owned());
    }
    let value = value.trim_start();
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(&value[1..], quote)?,
        _ => value.to_owned(),
    };
    Ok(Some((name.to_owned(), value)))
}

fn quoted(text: &str, quote: char) -> Result<String, String> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next() {
            None => return Err("has a quote that is not closed".to_owned()),
            Some(c) if c == quote => break,
            Some('\\') if quote == '"' => match chars.next() {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(c @ ('"' | '\\' | '$')) => value.push(c),
                Some(c) => value.extend(['\\', c]),
                None => return Err("has a quote that is not closed".to_owned()),
            },
            Some(c) => value.push(c),
        }
    }
    let rest = chars.as_str().trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        Ok(value)
    } else {
        Err("has text after the closing quote".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_literally() {
        let text = "\u{feff}# c\n\nA=1\r\nexport B = two words # kept\nC='a $X \\n'  # gone\nD=\"x\\ty\\\"\\z\"\nE=\nF=a=b\nexportG=1\n";
        let pairs = parse(text).unwrap();
        let shown: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}={v:?}")).collect();
        assert_eq!(
            shown.join("\n"),
            r#"A="1"
B="two words # kept"
C="a $X \\n"
D="x\ty\"\\z"
E=""
F="a=b"
exportG="1""#
        );
    }

    #[test]
    fn a_fault_names_its_line() {
        for (text, line) in [
            ("A=1\nnonsense", 2),
            ("1A=2", 1),
            ("A='x", 1),
            ("\n\nA=\"x\" y", 3),
            ("=x", 1),
        ] {
            assert_eq!(parse(text).map_err(|e| e.0), Err(line), "{text}");
        }
    }
}
