//! What users write in `[notifiers.ID]` with `type = "email"`.
//!
//! Invariant: no value stands in a message, because any of them may be a secret. Tests: `tests/check.rs`.

use std::net::IpAddr;

use runwisp_plugin::schemars::{self, JsonSchema};
use runwisp_plugin::{Failure, Finding, mail};
use serde::Deserialize;

use crate::address::{Mailbox, OneOrMany};

/// The settings of the notifier `email`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server that takes the mail, as its certificate names it.
    pub host: String,
    /// Its port. When left out: 465 with `security = "tls"`, 25 with `"none"`, else 587.
    #[schemars(range(min = 1))]
    pub port: Option<u16>,
    /// How the connection is protected. When left out: `"tls"` on port 465, else `"starttls"`.
    pub security: Option<Security>,
    /// Who logs in. Together with `password`.
    pub username: Option<String>,
    /// The password. It is never sent without TLS.
    #[schemars(extend("writeOnly" = true))]
    pub password: Option<String>,
    /// Who sends, such as `runwisp <runwisp@example.com>`.
    pub from: String,
    /// Who receives: an address or a list. A target, as in `email:ops@example.com`, stands in place of it.
    pub to: OneOrMany,
    /// Who receives a copy.
    #[serde(default)]
    pub cc: OneOrMany,
    /// Who receives a copy that the others don't know of.
    #[serde(default)]
    pub bcc: OneOrMany,
    /// Whom answers go to, when not to `from`.
    pub reply_to: Option<String>,
    /// A template for the subject.
    pub subject: Option<String>,
    /// A template for the plain text. Without `html` the mail is then plain text alone.
    pub text: Option<String>,
    /// A template for the HTML. What values hold is escaped.
    pub html: Option<String>,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// In the open at first, then TLS, or nothing is sent.
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// In the open. There can't be a login.
    None,
}

/// RFC 5321, 4.5.3.1.8: what every server has to take.
const RECIPIENTS: usize = 100;

/// Who sends, and who receives.
pub(crate) struct People {
    pub(crate) from: Mailbox,
    pub(crate) reply_to: Option<Mailbox>,
    pub(crate) to: Vec<Mailbox>,
    pub(crate) cc: Vec<Mailbox>,
    bcc: Vec<Mailbox>,
}

impl People {
    /// Who sends to whom as SMTP says it, everybody once.
    pub(crate) fn envelope(&self) -> mail::Envelope {
        let mut recipients: Vec<String> = Vec::new();
        for mailbox in [&self.to, &self.cc, &self.bcc].into_iter().flatten() {
            if !recipients.contains(&mailbox.address) {
                recipients.push(mailbox.address.clone());
            }
        }
        mail::Envelope {
            sender: self.from.address.clone(),
            recipients,
        }
    }
}

impl Settings {
    /// How the connection is protected, said or not.
    fn protection(&self) -> Security {
        self.security.unwrap_or(match self.port {
            Some(465) => Security::Tls,
            _ => Security::Starttls,
        })
    }

    /// The server.
    pub(crate) fn server(&self) -> mail::Server {
        let protection = self.protection();
        let usual = match protection {
            Security::Starttls => 587,
            Security::Tls => 465,
            Security::None => 25,
        };
        let login = match (&self.username, &self.password) {
            (Some(user), Some(password)) if protection != Security::None => Some(mail::Login {
                user: user.clone(),
                password: password.clone(),
            }),
            _ => None,
        };
        mail::Server {
            host: self.host.clone(),
            port: self.port.unwrap_or(usual),
            security: match protection {
                Security::Starttls => mail::Security::Starttls,
                Security::Tls => mail::Security::Tls,
                Security::None => mail::Security::None,
            },
            login,
        }
    }

    /// Everybody, with a target in place of `to`.
    pub(crate) fn people(&self, target: Option<&str>) -> Result<People, &'static str> {
        let all = |texts: &OneOrMany| -> Result<Vec<Mailbox>, &'static str> {
            texts
                .texts
                .iter()
                .map(|text| Mailbox::parse(text))
                .collect()
        };
        Ok(People {
            from: Mailbox::parse(&self.from)?,
            reply_to: self.reply_to.as_deref().map(Mailbox::parse).transpose()?,
            to: match target {
                Some(target) => vec![Mailbox::parse(target)?],
                None => all(&self.to)?,
            },
            cc: all(&self.cc)?,
            bcc: all(&self.bcc)?,
        })
    }

    /// What can't work, and what is probably not meant.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let name = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
        let sound = !self.host.is_empty() && self.host.chars().all(name);
        if !sound && self.host.parse::<IpAddr>().is_err() {
            let fault = Finding::error("/host", "this is not the name of a server");
            findings.push(fault.help(
                "Write the name alone, such as `smtp.example.com`; a port goes into `port`.",
            ));
        }
        if self.port == Some(0) {
            let help = "Usual ports are 587, 465 and 25.";
            findings.push(Finding::error("/port", "there is no port 0").help(help));
        }
        findings.extend(self.login_fault());
        findings.extend(self.protection_doubt());
        findings.extend(self.address_faults());
        findings
    }

    fn login_fault(&self) -> Option<Finding> {
        let (at, fault, help) = match (&self.username, &self.password) {
            (Some(_), None) => (
                "/username",
                "`password` is missing",
                "Set both, or none of them.",
            ),
            (None, Some(_)) => (
                "/password",
                "`username` is missing",
                "Set both, or none of them.",
            ),
            (Some(_), Some(_)) if self.protection() == Security::None => (
                "/security",
                "a login is never sent over an unprotected connection",
                "Use `starttls` or `tls`, or remove `username` and `password`.",
            ),
            _ => return None,
        };
        Some(Finding::error(at, fault).help(help))
    }

    /// Ports have their usual ways to speak; another one mostly ends in silence.
    fn protection_doubt(&self) -> Option<Finding> {
        let local = ["localhost", "127.0.0.1", "::1"].contains(&self.host.as_str());
        let (fault, help) = match (self.protection(), self.port) {
            (Security::None, _) if !local => (
                "the mail goes through the network unprotected",
                "Use `starttls` or `tls`, if the server can.",
            ),
            (Security::Starttls, Some(465)) => (
                "port 465 usually speaks TLS from the first byte",
                "Use `tls`, or port 587.",
            ),
            (Security::Tls, Some(25 | 587)) => (
                "this port usually speaks TLS only after STARTTLS",
                "Use `starttls`, or port 465.",
            ),
            _ => return None,
        };
        Some(Finding::warning("/security", fault).help(help))
    }

    fn address_faults(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut check = |at: String, text: &str| {
            let help = "An address looks like `ops@example.com` or `Ops Team <ops@example.com>`; several are \
                        a list: `[\"a@example.com\", \"b@example.com\"]`.";
            findings.extend(
                Mailbox::parse(text)
                    .err()
                    .map(|fault| Finding::error(at, fault).help(help)),
            );
        };
        check("/from".into(), &self.from);
        if let Some(text) = &self.reply_to {
            check("/reply_to".into(), text);
        }
        for (key, all) in [("to", &self.to), ("cc", &self.cc), ("bcc", &self.bcc)] {
            for (place, text) in all.texts.iter().enumerate() {
                let at = if all.list {
                    format!("/{key}/{place}")
                } else {
                    format!("/{key}")
                };
                check(at, text);
            }
        }
        if self.to.texts.is_empty() {
            let fault = "nobody receives this mail";
            findings.push(Finding::error("/to", fault).help("Write at least one address."));
        }
        let count = self.to.texts.len() + self.cc.texts.len() + self.bcc.texts.len();
        if count > RECIPIENTS {
            let fault = "more than 100 recipients are more than every server takes";
            findings.push(Finding::error("/to", fault).help("Use a mailing list."));
        }
        findings
    }

    /// A failure in which the password does not stand.
    pub(crate) fn masked(&self, failure: Failure) -> Failure {
        match &self.password {
            Some(password) => failure.masked(password),
            None => failure,
        }
    }
}
