//! What a server answers, and how it goes wrong.
//!
//! Invariant: a reply that waits does so until the test opens its gate, never for a time; but one that drips, which is
//! what is tested then.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::PATIENCE;

/// An answer.
#[derive(Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    gate: Option<Gate>,
    ending: Ending,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// The whole answer; the connection stays.
    Whole,
    /// Half of the body, and the connection is closed.
    Half,
    /// Nothing, and the connection is closed.
    Nothing,
    /// The whole answer, a byte a second.
    Drip,
}

/// How slowly an answer drips.
const DRIP: Duration = Duration::from_secs(1);

impl Reply {
    /// An answer with this status and an empty body.
    pub fn new(status: u16) -> Reply {
        Reply {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            gate: None,
            ending: Ending::Whole,
        }
    }

    /// The connection is closed instead of an answer.
    pub fn hang_up() -> Reply {
        Reply {
            ending: Ending::Nothing,
            ..Reply::new(0)
        }
    }

    /// With one more header.
    pub fn header(mut self, name: &str, value: impl ToString) -> Reply {
        self.headers.push((name.into(), value.to_string()));
        self
    }

    /// With these bytes.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Reply {
        self.body = bytes.into();
        self
    }

    /// With a text.
    pub fn text(self, text: &str) -> Reply {
        self.header("content-type", "text/plain; charset=utf-8")
            .body(text)
    }

    /// With a document.
    pub fn json(self, document: &Value) -> Reply {
        self.header("content-type", "application/json")
            .body(document.to_string())
    }

    /// Closes the connection after half of the body.
    pub fn cut_short(mut self) -> Reply {
        self.ending = Ending::Half;
        self
    }

    /// Sends its body a byte a second.
    pub fn dripping(mut self) -> Reply {
        self.ending = Ending::Drip;
        self
    }

    /// Answers when the gate is open, not before.
    pub fn after(mut self, gate: &Gate) -> Reply {
        self.gate = Some(gate.clone());
        self
    }

    /// Its status; 0 where it hangs up.
    pub fn status(&self) -> u16 {
        self.status
    }

    pub(super) fn ends_connection(&self) -> bool {
        !matches!(self.ending, Ending::Whole | Ending::Drip)
    }

    /// Writes it; an answer to `HEAD` has no body, whatever its head says.
    pub(super) fn write(&self, stream: &mut impl Write, method: &str) -> io::Result<()> {
        if let Some(gate) = &self.gate {
            gate.pass();
        }
        if self.ending == Ending::Nothing {
            return Ok(());
        }
        let mut head = format!("HTTP/1.1 {} scripted\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        let body = match self.ending {
            _ if method == "HEAD" => &[],
            Ending::Whole | Ending::Drip => self.body.as_slice(),
            Ending::Half | Ending::Nothing => &self.body[..self.body.len() / 2],
        };
        if self.ending == Ending::Drip {
            stream.write_all(head.as_bytes())?;
            for byte in body.chunks(1) {
                stream.write_all(byte)?;
                stream.flush()?;
                std::thread::sleep(DRIP);
            }
            return Ok(());
        }
        // In one piece: a head that waits for its body to be sent after it waits for an acknowledgement first.
        let mut whole = head.into_bytes();
        whole.extend_from_slice(body);
        stream.write_all(&whole)?;
        stream.flush()
    }
}

/// What holds an answer back until the test lets it go.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// A closed one.
    pub fn new() -> Gate {
        Gate::default()
    }

    /// Lets pass whoever waits, and whoever comes.
    pub fn open(&self) {
        let (open, changed) = &*self.0;
        *open.lock().expect("no thread panics with the lock") = true;
        changed.notify_all();
    }

    fn pass(&self) {
        let (open, changed) = &*self.0;
        let open = open.lock().expect("no thread panics with the lock");
        // A test that forgets to open it must not leave the thread behind for ever; its client has given up by then.
        drop(changed.wait_timeout_while(open, PATIENCE * 2, |open| !*open));
    }
}
