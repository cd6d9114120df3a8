//! The daemon's event stream, used to wake up: one line of `GET /api/v1/events` is one event.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// How long a wait for an event lasts before the state is looked at all the same: an uptime grows without an event.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// The pause before a socket where nobody answers is tried again.
const KNOCK_AGAIN: Duration = Duration::from_millis(20);

/// A follower of events that comes back by itself when the daemon does.
pub struct Events {
    socket: PathBuf,
    stream: Option<BufReader<UnixStream>>,
}

impl Events {
    /// A follower of the daemon behind this socket; connects when first used.
    pub fn of(socket: PathBuf) -> Events {
        Events {
            socket,
            stream: None,
        }
    }

    /// Connects, if it is not and if somebody answers; events from now on are not missed.
    pub fn open(&mut self) {
        if self.stream.is_none() {
            self.stream = self.connect();
        }
    }

    /// Returns when something happened, or when it is time to look again.
    pub fn wait(&mut self) {
        self.open();
        let Some(stream) = &mut self.stream else {
            return thread::sleep(KNOCK_AGAIN);
        };
        let mut line = Vec::new();
        match stream.read_until(b'\n', &mut line) {
            Ok(n) if n > 0 => {
                // What has gathered behind it is told by the same look.
                let gathered = stream.buffer().len();
                stream.consume(gathered);
            }
            Err(e)
                if matches!(
                    e.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) => {}
            _ => {
                self.stream = None;
                thread::sleep(KNOCK_AGAIN);
            }
        }
    }

    /// The next event, if one comes within `PATIENCE` and the daemon stays.
    pub fn next_event(&mut self) -> Option<Value> {
        self.open();
        let stream = self.stream.as_mut()?;
        stream
            .get_ref()
            .set_read_timeout(Some(crate::PATIENCE))
            .ok()?;
        let mut line = String::new();
        while stream.read_line(&mut line).is_ok_and(|n| n > 0) {
            // Lines between the events are the sizes of the chunks they come in.
            if let Ok(event @ Value::Object(_)) = serde_json::from_str(&line) {
                return Some(event);
            }
            line.clear();
        }
        None
    }

    fn connect(&self) -> Option<BufReader<UnixStream>> {
        let mut stream = UnixStream::connect(&self.socket).ok()?;
        stream.set_read_timeout(Some(LOOK_AGAIN)).ok()?;
        let request = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n";
        stream.write_all(request.as_bytes()).ok()?;
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        while stream.read_line(&mut line).ok()? > 0 && line != "\r\n" {
            line.clear();
        }
        (line == "\r\n").then_some(stream)
    }
}
