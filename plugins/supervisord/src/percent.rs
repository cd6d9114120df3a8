//! `%( )` expansion: Python's `text % names`, for the names that supervisord knows.
//!
//! Invariant: a bare `%s`, which Python replaces by a table of every variable there is, is never expanded.
//!
//! Tests: below; the differential test compares with Python itself.

use crate::codes::{self, Code};
use crate::form::{Form, WIDEST};
use crate::text::{Piece, Text, known};

/// What a name stands for.
pub(crate) enum Value {
    /// Text, some of which may not be known.
    Text(Text),
    /// A number.
    Number(i64),
    /// The number of the instance, not known yet.
    Instance,
}

/// Why a text can't be expanded.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) code: &'static Code,
    /// A sentence without its full stop.
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(code: &'static Code, message: impl Into<String>) -> Fault {
        let message = message.into();
        Fault { code, message }
    }
}

/// Expands every `%` in `text`.
pub(crate) fn expand(
    text: &[Piece],
    lookup: &dyn Fn(&str) -> Result<Value, Fault>,
) -> Result<Text, Fault> {
    let mut state = State {
        out: Vec::with_capacity(text.len()),
        used: false,
        table: None,
    };
    let mut rest = text;
    while let Some((piece, after)) = rest.split_first() {
        rest = after;
        if *piece == Piece::Char('%') {
            rest = one(rest, lookup, &mut state)?;
        } else {
            state.out.push(piece.clone());
        }
    }
    match state.table {
        Some(fault) => Err(fault),
        None => Ok(state.out),
    }
}

/// An expansion under way.
struct State {
    out: Text,
    /// Whether a conversion has taken what a bare one could have.
    used: bool,
    /// A bare `%s`: Python accepts it as the first conversion, and only there.
    table: Option<Fault>,
}

/// One conversion, behind its `%`; answers with what is behind it.
fn one<'a>(
    rest: &'a [Piece],
    lookup: &dyn Fn(&str) -> Result<Value, Fault>,
    state: &mut State,
) -> Result<&'a [Piece], Fault> {
    let (name, rest) = match rest.first() {
        Some(Piece::Char('(')) => {
            let (name, rest) = name(&rest[1..])?;
            (Some(name), rest)
        }
        _ => (None, rest),
    };
    let ascii: String = rest
        .iter()
        .take(64)
        .map_while(|piece| match piece {
            Piece::Char(c) => Some(*c),
            Piece::Number(_) | Piece::Env(_) => None,
        })
        .collect();
    let value = name.as_deref().map(lookup).transpose()?;
    let (form, after) = parse_form(&ascii)?;
    let length = ascii.chars().count() - after.chars().count();
    let rest = &rest[length..];
    match (value, form.letter) {
        (_, '%') => {
            state.out.push(Piece::Char('%'));
            return Ok(rest);
        }
        (None, 's' | 'r' | 'a') if !state.used => {
            let message = "a bare `%s` would be replaced by every variable there is, secrets among them; write `%%` for a percent sign";
            state.table = Some(Fault::new(&codes::PERCENT_TABLE, message));
        }
        (None, letter) => {
            let message = format!(
                "`%{}` names nothing; write `%%` for a percent sign",
                letter.escape_debug()
            );
            return Err(Fault::new(&codes::PERCENT_BARE, message));
        }
        (Some(value), _) => {
            put(
                value,
                form,
                name.as_deref().unwrap_or_default(),
                &mut state.out,
            )?;
        }
    }
    state.used = true;
    Ok(rest)
}

/// A name up to its `)`, and what follows.
fn name(rest: &[Piece]) -> Result<(String, &[Piece]), Fault> {
    let mut name = String::new();
    let mut depth = 1;
    for (at, piece) in rest.iter().enumerate() {
        let Piece::Char(c) = piece else { break };
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Ok((name, &rest[at + 1..]));
        }
        name.push(*c);
    }
    let message = "`%(` has no `)`";
    Err(Fault::new(&codes::PERCENT_BARE, message))
}

/// Reads flags, width, precision and the letter.
pub(crate) fn parse_form(text: &str) -> Result<(Form, &str), Fault> {
    let bare = |message: &str| Fault::new(&codes::PERCENT_BARE, message);
    let mut form = Form::default();
    let mut rest = text;
    while let Some(flag) = rest.chars().next().filter(|c| "-+ #0".contains(*c)) {
        match flag {
            '-' => form.minus = true,
            '+' => form.plus = true,
            ' ' => form.space = true,
            '#' => form.alternate = true,
            _ => form.zero = true,
        }
        rest = &rest[1..];
    }
    let (width, after) = count(rest)?;
    form.width = width.unwrap_or(0);
    rest = after;
    if let Some(after) = rest.strip_prefix('.') {
        let (precision, after) = count(after)?;
        form.precision = Some(precision.unwrap_or(0));
        rest = after;
    }
    rest = rest.strip_prefix(['h', 'l', 'L']).unwrap_or(rest);
    let mut chars = rest.chars();
    form.letter = chars
        .next()
        .ok_or_else(|| bare("a `%` at the end names nothing; write `%%` for a percent sign"))?;
    Ok((form, chars.as_str()))
}

fn count(text: &str) -> Result<(Option<usize>, &str), Fault> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Ok((None, rest));
    }
    match digits.parse::<usize>() {
        Ok(count) if count <= WIDEST => Ok((Some(count), rest)),
        _ => {
            let message = format!("a width of more than {WIDEST} is not taken");
            Err(Fault::new(&codes::PERCENT_FORM_UNSUPPORTED, message))
        }
    }
}

fn put(value: Value, form: Form, name: &str, out: &mut Text) -> Result<(), Fault> {
    let letter = form.letter;
    let no_number = || {
        let message = format!("`%({name}){letter}` asks for a number, and `{name}` is text");
        Fault::new(&codes::PERCENT_BARE, message)
    };
    match (value, letter) {
        (Value::Text(text), 's' | 'r' | 'a' | 'c') => {
            let Some(plain) = crate::text::as_known(&text) else {
                if letter == 's' && form.is_bare() {
                    out.extend(text);
                    return Ok(());
                }
                let message =
                    format!("`%({name}){letter}` pads or quotes a value that is not known yet");
                return Err(Fault::new(&codes::PERCENT_FORM_UNSUPPORTED, message));
            };
            let plain = match letter {
                'r' | 'a' => python_quoted(&plain, letter == 'a'),
                'c' if plain.chars().count() != 1 => {
                    let message = format!("`%({name})c` asks for one character");
                    return Err(Fault::new(&codes::PERCENT_BARE, message));
                }
                _ => plain,
            };
            out.extend(known(&form.text(&plain)));
        }
        (Value::Text(_), 'd' | 'i' | 'u' | 'x' | 'X' | 'o' | 'e' | 'E' | 'f' | 'F' | 'g' | 'G') => {
            return Err(no_number());
        }
        (Value::Number(_) | Value::Instance, 'e' | 'E' | 'f' | 'F' | 'g' | 'G') => {
            let message =
                format!("`%({name}){letter}` writes a fraction, which is not carried over");
            return Err(Fault::new(&codes::PERCENT_FORM_UNSUPPORTED, message));
        }
        (Value::Number(number), _) => match form.number(number) {
            Some(text) => out.extend(known(&text)),
            None => return Err(unknown_letter(name, letter)),
        },
        (Value::Instance, 'd' | 'i' | 'u' | 's' | 'r' | 'a' | 'x' | 'X' | 'o' | 'c') => {
            out.push(Piece::Number(form));
        }
        (Value::Instance | Value::Text(_), _) => return Err(unknown_letter(name, letter)),
    }
    Ok(())
}

fn unknown_letter(name: &str, letter: char) -> Fault {
    let message = format!(
        "`%({name}){}` is no form that Python knows",
        letter.escape_debug()
    );
    Fault::new(&codes::PERCENT_BARE, message)
}

/// Python's `repr` of a text.
fn python_quoted(text: &str, ascii: bool) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for c in text.chars() {
        let code = u32::from(c);
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() || (ascii && !c.is_ascii()) => out.push_str(&match code {
                0..=0xff => format!("\\x{code:02x}"),
                0x100..=0xffff => format!("\\u{code:04x}"),
                _ => format!("\\U{code:08x}"),
            }),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::as_known;

    fn check(text: &str) -> Result<String, &'static str> {
        let lookup = |name: &str| match name {
            "name" => Ok(Value::Text(known("it's"))),
            "n" => Ok(Value::Number(7)),
            "i" => Ok(Value::Instance),
            _ => Err(Fault::new(&codes::PERCENT_UNKNOWN_NAME, "")),
        };
        match expand(&known(text), &lookup) {
            Ok(text) => Ok(as_known(&text).unwrap_or_else(|| "later".to_owned())),
            Err(fault) => Err(fault.code.name),
        }
    }

    #[test]
    fn every_form() {
        for (text, becomes) in [
            ("plain", Ok("plain")),
            ("100%%", Ok("100%")),
            ("%5%", Ok("%")),
            ("%(name)s", Ok("it's")),
            ("%(name)6s|", Ok("  it's|")),
            ("%(name)-6s|", Ok("it's  |")),
            ("%(name).2s", Ok("it")),
            ("%(name)r", Ok("\"it's\"")),
            ("%(n)d%(n)03d", Ok("7007")),
            ("%(n)ld", Ok("7")),
            ("%(i)02d", Ok("later")),
            ("%(gone)s", Err("percent-unknown-name")),
            ("%(gone)%", Err("percent-unknown-name")),
            ("%(name)d", Err("percent-bare")),
            ("%(name", Err("percent-bare")),
            ("%(name)", Err("percent-bare")),
            ("50%", Err("percent-bare")),
            ("date +%Y", Err("percent-bare")),
            ("%d", Err("percent-bare")),
            ("log.%s", Err("percent-table")),
            ("%%%s %(name)s", Err("percent-table")),
            ("%(name)s %s", Err("percent-bare")),
            ("%s %s", Err("percent-bare")),
            ("%(n)f", Err("percent-form-unsupported")),
            ("%(n)99999999999999d", Err("percent-form-unsupported")),
            ("%(n)y", Err("percent-bare")),
        ] {
            assert_eq!(
                check(text).as_deref().map_err(|code| *code),
                becomes,
                "{text}"
            );
        }
    }
}
