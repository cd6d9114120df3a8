//! `MAILTO`: who is told, and how that differs from what cron does.
//!
//! cron mails what a job writes, every time it writes something. Here the people named by `MAILTO` hear of failures, by a
//! notifier `email` through the mail server of the host; what a job writes is kept and read with `runwisp logs`.
//!
//! Tests: the goldens and below.

use runwisp_plugin::serde_json::json;
use runwisp_plugin::{Definition, Kind, Note, Place};

use crate::note::Code;
use crate::shell::clean;
use crate::task::setting;

/// The notifiers that an import brings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notifiers {
    known: Vec<Notifier>,
}

#[derive(Clone, Debug)]
struct Notifier {
    mail_to: String,
    mail_from: String,
    name: String,
}

impl Notifiers {
    /// The id of the notifier for jobs below these variables, and its definition when it is new.
    pub(crate) fn id(
        &mut self,
        mail_to: &str,
        mail_from: Option<&str>,
        place: &Place,
    ) -> Option<(String, Option<Definition>)> {
        let addresses = addresses(mail_to)?;
        let mail_from = mail_from.filter(|from| is_address(from)).unwrap_or("root");
        let same = |known: &&Notifier| known.mail_to == mail_to && known.mail_from == mail_from;
        if let Some(known) = self.known.iter().find(same) {
            return Some((known.name.clone(), None));
        }
        let name = self.name(&addresses[0]);
        self.known.push(Notifier {
            mail_to: mail_to.to_owned(),
            mail_from: mail_from.to_owned(),
            name: name.clone(),
        });
        let definition = notifier(name.clone(), &addresses, &local(mail_from), place);
        Some((name, Some(definition)))
    }

    /// A name after the first address, unlike those there are.
    fn name(&self, address: &str) -> String {
        let user = address.split('@').next().unwrap_or_default();
        let name = format!("mail-{}", clean(user));
        let taken = |name: &str| self.known.iter().any(|known| known.name == name);
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        names.find(|name| !taken(name)).unwrap_or(name)
    }
}

fn notifier(name: String, addresses: &[String], from: &str, place: &Place) -> Definition {
    Definition {
        kind: Kind::Notifier,
        name,
        settings: vec![
            setting(&["type"], &json!("email"), None),
            setting(
                &["host"],
                &json!("localhost"),
                Some("TODO: your mail server; cron gave its mail to the host's sendmail"),
            ),
            setting(&["port"], &json!(25), None),
            setting(&["security"], &json!("none"), None),
            setting(
                &["from"],
                &json!(from),
                Some("TODO: an address that your mail server takes"),
            ),
            setting(&["to"], &json!(addresses), None),
        ],
        comments: vec!["cron mails what a job writes; this tells of jobs that fail.".to_owned()],
        source: place.clone(),
        runnable: true,
    }
}

/// What there is to say about a `MAILTO` that is not empty.
pub(crate) fn note(mail_to: &str, place: Place) -> Note {
    match addresses(mail_to) {
        Some(addresses) => Code::Mail.note(
            place,
            format!(
                "cron mails all output to {}; here it is told of failures alone, and output is kept for `runwisp logs`",
                addresses.join(", ")
            ),
        ),
        None => Code::MailAddress.note(
            place,
            format!("`{mail_to}` is no address that can be taken over; add a notifier by hand"),
        ),
    }
}

/// The addresses of a `MAILTO`; none when there is none, or one that can't be read.
fn addresses(mail_to: &str) -> Option<Vec<String>> {
    let parts = mail_to
        .split([',', ' ', '\t'])
        .filter(|part| !part.is_empty());
    let addresses: Vec<String> = parts
        .map(|part| is_address(part).then(|| local(part)))
        .collect::<Option<_>>()?;
    (!addresses.is_empty()).then_some(addresses)
}

/// An address with its host: a bare name is an account of this one.
fn local(address: &str) -> String {
    match address.contains('@') {
        true => address.to_owned(),
        false => format!("{address}@localhost"),
    }
}

/// Whether a text is an address, or the name of an account: of letters, digits, `_`, `+`, `-` and single dots, as long as
/// RFC 5321 has it.
fn is_address(text: &str) -> bool {
    let (user, host) = text.split_once('@').unwrap_or((text, "localhost"));
    let parts = |text: &str, also: &str, longest: usize| {
        text.split('.').all(|part| {
            let plain = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
            (1..=longest).contains(&part.len())
                && part.chars().all(plain)
                && !part.starts_with('-')
                && !part.ends_with('-')
        })
    };
    user.len() <= 64 && text.len() <= 200 && parts(user, "_+-", 64) && parts(host, "-", 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_cron_takes_them() {
        let told = |text| addresses(text).map(|list| list.join(" "));
        assert_eq!(
            told("ops@example.com, root").as_deref(),
            Some("ops@example.com root@localhost")
        );
        assert_eq!(told("root").as_deref(), Some("root@localhost"));
        for none in ["", " ", "$USER", "a@b@c", "-oX", "a@", "a..b", "a@-b.c"] {
            assert_eq!(told(none), None, "{none}");
        }
    }

    #[test]
    fn one_notifier_for_those_who_hear_the_same() {
        let place = Place {
            file: None,
            line: 1,
        };
        let mut notifiers = Notifiers::default();
        let mut id = |to| {
            let found = notifiers.id(to, None, &place)?;
            Some((found.0, found.1.is_some()))
        };
        assert_eq!(id("ops@a"), Some(("mail-ops".into(), true)));
        assert_eq!(id("ops@a"), Some(("mail-ops".into(), false)));
        assert_eq!(id("ops@b"), Some(("mail-ops-2".into(), true)));
        assert_eq!(id(""), None);
    }
}
