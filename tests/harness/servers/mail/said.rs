//! What a mail server has to tell.
//!
//! Invariant: the bytes of a message are the ones that came over the wire, without SMTP's doubled dots. Tests: `tests`
//! of the folder.

use serde_json::Value;

/// A message that it took.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Whom bounces go to.
    pub sender: String,
    /// Who receives it, `bcc` included.
    pub recipients: Vec<String>,
    /// Whether it came over TLS.
    pub tls: bool,
    /// Who sent it, where somebody logged in.
    pub user: Option<String>,
    /// The message, with CRLF at the end of its lines.
    pub data: Vec<u8>,
}

/// An attempt to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// As whom.
    pub user: String,
    /// `PLAIN` or `LOGIN`.
    pub mechanism: String,
    /// Whether name and password were the right ones.
    pub taken: bool,
}

impl Mail {
    /// The message as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.data).into_owned()
    }

    /// The value of a header as it stands there, its folded lines joined.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = self.text();
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let value = |line: &str| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        };
        unfolded.split("\r\n").find_map(value)
    }

    pub(super) fn read(said: &Value) -> Mail {
        let recipients = said["recipients"].as_array();
        // The bytes come as the characters of their numbers.
        let byte = |letter: char| u8::try_from(u32::from(letter)).expect("smtp.py sends bytes");
        Mail {
            sender: text(&said["sender"]),
            recipients: recipients.into_iter().flatten().map(text).collect(),
            tls: said["tls"] == true,
            user: said["user"].as_str().map(str::to_owned),
            data: text(&said["data"]).chars().map(byte).collect(),
        }
    }
}

impl Login {
    pub(super) fn read(said: &Value) -> Login {
        Login {
            user: text(&said["user"]),
            mechanism: text(&said["mechanism"]),
            taken: said["taken"] == true,
        }
    }
}

/// The lines that tell of this.
pub(super) fn of(what: &str, lines: &[Value]) -> Vec<Value> {
    lines
        .iter()
        .filter_map(|line| line.get(what))
        .cloned()
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
