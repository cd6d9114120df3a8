//! `template`: texts with values in them, in the syntax of Jinja.
//!
//! Beside Jinja's own filters there are `duration` (milliseconds to `3m20s`), `truncate` (to n characters, the
//! last an ellipsis) and `urlencode`. Escaping is what the plugin asked for; `{{ text|tojson }}` is JSON in any case.
//!
//! Invariant: a template can use up neither time nor memory: its fuel counts steps and the bytes it makes.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use crate::call::exchange::{HostCall, beginning};
use crate::call::state::State;
use crate::serve::Gate;
use crate::since_v0_1::notifier::runwisp::plugin::template;
use crate::since_v0_1::notifier::runwisp::plugin::template::Escaping;

/// Steps, and bytes made on the way.
const FUEL: u64 = 1_000_000;
/// The largest template, the largest values, the largest text that comes of them.
const MAX_TEMPLATE: usize = 64 << 10;
const MAX_VALUES: usize = 1 << 20;
const MAX_TEXT: usize = 256 << 10;
/// Nesting of calls and expressions.
const RECURSION: usize = 60;

impl template::Host for State {
    async fn render(
        &mut self,
        template: String,
        values: String,
        escaping: Escaping,
    ) -> wasmtime::Result<Result<String, String>> {
        self.gate.render(template, values, escaping).await
    }
}

impl Gate {
    /// Renders on a thread that may block: a template may take as long as a guest between two looks at it.
    async fn render(
        &mut self,
        template: String,
        values: String,
        escaping: Escaping,
    ) -> wasmtime::Result<Result<String, String>> {
        let began = std::time::Instant::now();
        let shown = beginning(template.as_bytes()).into_owned();
        let answer = match self.count().and_then(|()| self.granted.template()) {
            Ok(()) => {
                tokio::task::spawn_blocking(move || render(&template, &values, escaping)).await?
            }
            Err(why) => Err(why),
        };
        if let Err(why) = &answer {
            self.record(HostCall {
                asked: "template".to_owned(),
                sent: shown,
                outcome: Err(why.clone()),
                received: String::new(),
                took: began.elapsed(),
            });
        }
        Ok(answer)
    }
}

fn render(template: &str, values: &str, escaping: Escaping) -> Result<String, String> {
    for (what, text, limit) in [
        ("the template", template, MAX_TEMPLATE),
        ("the values", values, MAX_VALUES),
    ] {
        if text.len() > limit {
            return Err(format!("{what} are more than {limit} bytes")
                .replace("template are", "template is"));
        }
    }
    let values: serde_json::Value =
        serde_json::from_str(values).map_err(|e| format!("the values are no JSON: {e}"))?;
    if !values.is_object() {
        return Err("the values are no JSON object".to_owned());
    }
    let environment = environment(escaping);
    let template = environment
        .template_from_str(template)
        .map_err(|e| told(&e))?;
    let mut text = Bounded(Vec::new());
    match template.render_captured_to(Value::from(Serde(&values)), &mut text) {
        Ok(_) => String::from_utf8(text.0).map_err(|_| "the text is no UTF-8".to_owned()),
        Err(error) if error.kind() == ErrorKind::OutOfFuel => {
            Err(format!("the template does too much{}", place(&error)))
        }
        Err(error) if error.kind() == ErrorKind::WriteFailure => {
            Err(format!("the text is larger than {MAX_TEXT} bytes"))
        }
        Err(error) => Err(told(&error)),
    }
}

/// Fills a template with values, a JSON object, within the limits of the host interface and without escaping. The
/// error says what is wrong, and in which line.
pub fn render_text(template: &str, values: &serde_json::Value) -> Result<String, String> {
    render(template, &values.to_string(), Escaping::None)
}

fn environment(escaping: Escaping) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(RECURSION);
    // To print what is not there is an error, since it is a typing error; to ask whether it is there is not.
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(move |_| match escaping {
        Escaping::None => AutoEscape::None,
        Escaping::Html => AutoEscape::Html,
    });
    environment.add_filter("duration", duration);
    environment.add_filter("truncate", truncate);
    environment.add_filter("urlencode", urlencode);
    environment
}

fn told(error: &Error) -> String {
    let what = error
        .detail()
        .map_or_else(|| error.kind().to_string(), str::to_owned);
    format!("{what}{}", place(error))
}

fn place(error: &Error) -> String {
    error
        .line()
        .map(|line| format!(" (line {line})"))
        .unwrap_or_default()
}

/// Milliseconds, the two largest parts, as the daemon says a length: `850ms`, `12s`, `1m3s`, `2h5m`, `3d4h`.
fn duration(milliseconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let seconds = milliseconds / 1_000;
    let Some(large) = UNITS.iter().position(|(length, _)| seconds >= *length) else {
        return format!("{milliseconds}ms");
    };
    let (length, unit) = UNITS[large];
    let mut text = format!("{}{unit}", seconds / length);
    if let Some((small, unit)) = UNITS.get(large + 1) {
        match seconds % length / small {
            0 => {}
            rest => text.push_str(&format!("{rest}{unit}")),
        }
    }
    text
}

fn truncate(text: String, length: usize) -> Result<String, Error> {
    if length == 0 {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "`truncate` wants a length of at least 1",
        ));
    }
    if text.chars().count() <= length {
        return Ok(text);
    }
    let mut cut: String = text.chars().take(length - 1).collect();
    cut.push('…');
    Ok(cut)
}

fn urlencode(text: String) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Takes no more than may come of a template.
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_TEXT {
            return Err(std::io::Error::other("too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: &str = r#"{"name": "<a> & b", "ms": 200000, "list": [1, 2]}"#;

    fn rendered(template: &str) -> Result<String, String> {
        render(template, VALUES, Escaping::None)
    }

    #[test]
    fn nothing_is_escaped_unless_asked() {
        assert_eq!(rendered("{{ name }}").unwrap(), "<a> & b");
        assert_eq!(rendered("{{ name|escape }}").unwrap(), "&lt;a&gt; &amp; b");
        assert_eq!(
            rendered("{{ {'n': list}|tojson }}").unwrap(),
            r#"{"n": [1, 2]}"#
        );
        assert_eq!(
            rendered("{{ name|urlencode }}").unwrap(),
            "%3Ca%3E%20%26%20b"
        );
    }

    #[test]
    fn for_html_values_are_escaped_and_the_template_is_not() {
        let html = |template| render(template, VALUES, Escaping::Html).unwrap();
        assert_eq!(html("<b>{{ name }}</b>"), "<b>&lt;a&gt; &amp; b</b>");
        assert_eq!(html("{{ name|safe }}"), "<a> & b");
    }

    #[test]
    fn lengths_of_time_are_told_in_their_two_largest_units() {
        for (milliseconds, words) in [
            (0, "0ms"),
            (999, "999ms"),
            (1_500, "1s"),
            (200_000, "3m20s"),
            (3_600_000, "1h"),
            (3_601_000, "1h"),
            (90_061_001, "1d1h"),
        ] {
            assert_eq!(duration(milliseconds), words, "{milliseconds}");
        }
        assert_eq!(rendered("{{ ms|duration }}").unwrap(), "3m20s");
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(rendered("{{ 'äöü'|truncate(2) }}").unwrap(), "ä…");
        assert_eq!(rendered("{{ 'äöü'|truncate(3) }}").unwrap(), "äöü");
    }

    #[test]
    fn an_error_names_its_line() {
        assert!(
            rendered("a\n{{ name|nothing }}")
                .unwrap_err()
                .ends_with("(line 2)")
        );
        assert!(rendered("{% if %}").unwrap_err().ends_with("(line 1)"));
        assert!(rendered("{% include 'x' %}").is_err());
        assert!(render("x", "[]", Escaping::None).is_err());
        assert!(rendered("{{ nmae }}").is_err());
        assert_eq!(
            rendered("{% if nmae %}x{% endif %}{{ nmae|default('y') }}").unwrap(),
            "y"
        );
    }

    #[test]
    fn neither_time_nor_memory_nor_length_is_without_end() {
        let nested = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
        assert!(
            rendered(nested)
                .unwrap_err()
                .starts_with("the template does too much")
        );
        let doubling = format!(
            "{{% set x = 'xxxxxxxx' %}}{}",
            "{% set x = x ~ x %}".repeat(40)
        );
        assert!(
            rendered(&doubling)
                .unwrap_err()
                .starts_with("the template does too much")
        );
        let long = "{% for a in range(9000) %}{{ 'x' * 99 }}{% endfor %}";
        assert!(rendered(long).is_err());
        assert!(rendered("{{ 'x' * 99999999999 }}").is_err());
        assert!(render(&"x".repeat(MAX_TEMPLATE + 1), "{}", Escaping::None).is_err());
        assert!(rendered(&"(".repeat(5000)).is_ok());
        assert!(
            rendered(&format!(
                "{{{{ {}1{} }}}}",
                "(".repeat(5000),
                ")".repeat(5000)
            ))
            .is_err()
        );
    }
}
