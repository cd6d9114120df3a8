//! Addresses, as people write them: `ops@example.com` or `Ops Team <ops@example.com>`.
//!
//! Invariant: an address that was read can stand in a header and in an SMTP command as it is. Tests: `tests` below.

use std::borrow::Cow;
use std::fmt;

use runwisp_plugin::schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// RFC 5321, 4.5.3.1: the local part, the domain's labels, and the whole.
const LOCAL: usize = 64;
const LABEL: usize = 63;
const WHOLE: usize = 254;
/// A name that is longer tells nobody who it is.
const NAME: usize = 128;

/// Who sends or receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mailbox {
    /// What people read.
    pub(crate) name: Option<String>,
    /// The address itself.
    pub(crate) address: String,
}

impl Mailbox {
    /// Reads an address with or without a name. The error does not hold it: any setting may be a secret.
    pub(crate) fn parse(text: &str) -> Result<Mailbox, &'static str> {
        let text = text.trim();
        let (name, address) = match text
            .strip_suffix('>')
            .and_then(|text| text.rsplit_once('<'))
        {
            Some((name, address)) => (name.trim(), address.trim()),
            None => ("", text),
        };
        let name = match name
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'))
        {
            Some(quoted) => quoted.replace("\\\"", "\"").replace("\\\\", "\\"),
            None => name.to_owned(),
        };
        if name.chars().any(char::is_control) {
            return Err("a name is one line of text");
        }
        if name.chars().count() > NAME {
            return Err("this name is longer than 128 characters");
        }
        check(address)?;
        Ok(Mailbox {
            name: (!name.is_empty()).then_some(name),
            address: address.to_owned(),
        })
    }

    /// What stands behind the `@`.
    pub(crate) fn domain(&self) -> &str {
        self.address.rsplit('@').next().unwrap_or_default()
    }
}

fn check(address: &str) -> Result<(), &'static str> {
    if address.contains([',', ';']) {
        return Err("these are several addresses in one text");
    }
    if !address.is_ascii() {
        return Err("an address is written in ASCII");
    }
    let (local, domain) = address
        .rsplit_once('@')
        .ok_or("there is no `@` in this address")?;
    if address.len() > WHOLE || local.len() > LOCAL {
        return Err("this address is too long");
    }
    // RFC 5322, 3.2.3, without the quoted form, which no server is asked to give out any more.
    let atom = |part: &str| {
        let sound =
            |letter: u8| letter.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&letter);
        !part.is_empty() && part.bytes().all(sound)
    };
    if !local.split('.').all(atom) {
        return Err("what stands before the `@` is no name of a mailbox");
    }
    let label = |part: &str| {
        let sound = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-';
        (1..=LABEL).contains(&part.len())
            && part.bytes().all(sound)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    if !domain.split('.').all(label) {
        return Err("what stands behind the `@` is no name of a domain");
    }
    Ok(())
}

/// One address, or several.
#[derive(Clone, Debug, Default)]
pub struct OneOrMany {
    /// As they were written.
    pub(crate) texts: Vec<String>,
    /// Whether they were written as a list.
    pub(crate) list: bool,
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<OneOrMany, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = OneOrMany;

    fn expecting(&self, text: &mut fmt::Formatter) -> fmt::Result {
        text.write_str("an address or a list of addresses")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<OneOrMany, E> {
        Ok(OneOrMany {
            texts: vec![text.to_owned()],
            list: false,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<OneOrMany, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = items.next_element()? {
            texts.push(text);
        }
        Ok(OneOrMany { texts, list: true })
    }
}

impl JsonSchema for OneOrMany {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "OneOrMany".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
    }
}

#[cfg(test)]
mod tests {
    use super::Mailbox;
    use proptest::prelude::*;

    fn read(text: &str) -> (Option<String>, String) {
        let mailbox = Mailbox::parse(text).unwrap();
        (mailbox.name, mailbox.address)
    }

    #[test]
    fn an_address_has_a_name_or_none() {
        let named = |name: &str, address: &str| (Some(name.to_owned()), address.to_owned());
        assert_eq!(
            read(" a.b+c@x-y.example "),
            (None, "a.b+c@x-y.example".into())
        );
        assert_eq!(read("<root@localhost>"), (None, "root@localhost".into()));
        assert_eq!(read("Ops Team <o@x.test>"), named("Ops Team", "o@x.test"));
        assert_eq!(
            read("\"Ops, \\\"Team\\\"\" <o@x.test>"),
            named("Ops, \"Team\"", "o@x.test")
        );
        assert_eq!(read("Jörg 🚀<o@x.test>"), named("Jörg 🚀", "o@x.test"));
    }

    #[test]
    fn what_is_none_is_told() {
        let long = format!("{}@x.test", "a".repeat(65));
        let wide = format!("a@{}.test", "a".repeat(64));
        for bad in [
            "",
            "ops",
            "@x.test",
            "a@",
            "a@@x.test",
            "a b@x.test",
            ".a@x.test",
            "a..b@x.test",
            "a@x..test",
            "a@-x.test",
            "a@x_y.test",
            "a@x.test, b@x.test",
            "ä@x.test",
            "a@ü.test",
            "\"a b\"@x.test",
            "a@x.test\r\nBcc: b@x.test",
            "X\nBcc: b@x.test <a@x.test>",
            "Ops <a@x.test",
            &long,
            &wide,
        ] {
            assert!(Mailbox::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_read_is_one_line_of_ascii(text in "\\PC*|[a-z@.<>\" \r\n]*") {
            if let Ok(mailbox) = Mailbox::parse(&text) {
                prop_assert!(mailbox.address.bytes().all(|letter| letter.is_ascii_graphic()));
                prop_assert!(!mailbox.name.unwrap_or_default().contains(['\r', '\n']));
            }
        }
    }
}
