//! Scalars that are written as text: durations, sizes, signals, zones.
//!
//! Tests: through `config::tests`; the grammars' own are in `config::scalar`.

use super::super::keys::Type;
use super::super::raw::{Node, Value};
use super::super::typed::Typed;
use super::super::{scalar, suggest};
use super::{Place, Reader, example, quote};

impl Reader<'_> {
    pub(super) fn scalar(&mut self, place: Place<'_>, of: Type, node: &Node) -> Option<Typed> {
        let text = match (&node.value, of) {
            (Value::Int(0), Type::Duration(..)) => "0".to_owned(),
            (Value::Int(number), Type::Size(_) | Type::Cpu) => number.to_string(),
            (Value::Number(number), Type::Cpu) => number.replace('_', ""),
            (Value::Int(number), Type::Duration(..)) => {
                let message = format!("`{}` is a number without a unit", place.key.name);
                self.error(
                    "config.value",
                    node.span,
                    place.path,
                    message,
                    format!(
                        "Write `{} = \"{number}s\"` for {number} seconds.",
                        place.key.name
                    ),
                );
                return None;
            }
            (Value::Int(number), Type::Umask) => {
                let message = format!("`{}` is octal, and a number in TOML is not", place.key.name);
                self.error(
                    "config.value",
                    node.span,
                    place.path,
                    message,
                    format!("Write `{} = \"{number:03}\"`.", place.key.name),
                );
                return None;
            }
            _ => self.text(place, node)?,
        };
        if matches!(of, Type::Zone) {
            return self.zone(place, &text, node);
        }
        match grammar(of, &text) {
            Ok(value) => Some(value),
            Err((code, why)) => {
                let message = format!("{} {why}", quote(&text, node));
                self.error(code, node.span, place.path, message, example(place.key));
                None
            }
        }
    }

    pub(super) fn zone(&mut self, place: Place<'_>, text: &str, node: &Node) -> Option<Typed> {
        if let Some(zone) = self.around.time_zone(text) {
            return Some(Typed::Zone(zone));
        }
        let names = self.around.time_zone_names();
        let last = |name: &str| {
            name.rsplit('/')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase()
        };
        let near = suggest::nearest(text, names.iter().map(String::as_str)).or_else(|| {
            names
                .iter()
                .map(String::as_str)
                .find(|name| last(name) == last(text))
        });
        let help = match near {
            Some(near) => format!("Did you mean \"{near}\"?"),
            None => "Write a name of the IANA database, such as \"Europe/Berlin\" or \"UTC\"."
                .to_owned(),
        };
        self.error(
            "config.unknown-zone",
            node.span,
            place.path,
            format!("{} is not a known time zone", quote(text, node)),
            help,
        );
        None
    }
}

/// Reads a text; the error completes the sentence "`…` …".
fn grammar(of: Type, text: &str) -> Result<Typed, (&'static str, String)> {
    let value = |why: String| ("config.value", why);
    let range = |why: String| Err(("config.range", why));
    match of {
        Type::Duration(min, max) => {
            let length = scalar::duration(text).map_err(value)?;
            if length.as_millis() > u128::from(max) {
                range(format!("is more than {}", shown(max)))
            } else if length.is_zero() && min > 0 {
                range("is 0, and has to be more".to_owned())
            } else {
                Ok(Typed::Duration(length))
            }
        }
        Type::Size(min) => {
            let bytes = scalar::size(text).map_err(value)?;
            if bytes < min {
                range("is 0, and has to be more".to_owned())
            } else {
                Ok(Typed::Bytes(bytes))
            }
        }
        Type::Cpu => scalar::cpu(text).map(Typed::Milli).map_err(value),
        Type::Signal => text
            .parse()
            .map(Typed::Signal)
            .map_err(|_| value("is not a signal such as SIGTERM, HUP or RTMIN+1".to_owned())),
        Type::Umask => scalar::umask(text).map(Typed::Mode).map_err(value),
        Type::User => scalar::user(text)
            .map(|()| Typed::Text(text.to_owned()))
            .map_err(value),
        _ => Ok(Typed::Text(text.to_owned())),
    }
}

fn shown(millis: u64) -> String {
    const DAY: u64 = 86_400_000;
    if millis.is_multiple_of(366 * DAY) {
        format!("{} years", millis / (366 * DAY))
    } else {
        format!("{} hours", millis / 3_600_000)
    }
}
