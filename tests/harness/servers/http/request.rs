//! A request as it came over the wire.
//!
//! Invariant: heads above 64 KiB and bodies above 64 MiB are not read.

use std::io::{self, BufRead, Read};

use serde_json::Value;

const HEAD: u64 = 64 << 10;
const BODY: u64 = 64 << 20;

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// `POST`, …
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Names as they were written, and values.
    pub headers: Vec<(String, String)>,
    /// What was sent.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of this name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .find(named)
            .map(|(_, value)| value.as_str())
    }

    /// The body, which has to be text.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// The body, which has to be JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// Whether the client wants the connection to end with the answer.
    pub(super) fn is_last(&self) -> bool {
        self.header("connection")
            .is_some_and(|said| said.eq_ignore_ascii_case("close"))
    }

    /// The next one of a connection; none when the client has gone.
    pub(super) fn read(stream: &mut impl BufRead) -> io::Result<Option<Request>> {
        let mut head = Read::take(&mut *stream, HEAD);
        let mut first = String::new();
        if head.read_line(&mut first)? == 0 {
            return Ok(None);
        }
        let mut words = first.split_whitespace();
        let (Some(method), Some(path)) = (words.next(), words.next()) else {
            return Err(bad("no request line"));
        };
        let mut request = Request {
            method: method.into(),
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        loop {
            let mut line = String::new();
            if head.read_line(&mut line)? == 0 {
                return Err(bad("no end of the head"));
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| bad("no header"))?;
            request.headers.push((name.into(), value.trim().into()));
        }
        request.body = request.read_body(stream)?;
        Ok(Some(request))
    }

    fn read_body(&self, stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
        if let Some(length) = self.header("content-length") {
            let length = length.parse().map_err(|_| bad("no length"))?;
            return read_exact(stream, length);
        }
        if self.header("transfer-encoding") != Some("chunked") {
            return Ok(Vec::new());
        }
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            Read::take(&mut *stream, HEAD).read_line(&mut line)?;
            let length = line.trim_end().split(';').next().unwrap_or_default();
            let length = u64::from_str_radix(length, 16).map_err(|_| bad("no length"))?;
            let chunk = read_exact(stream, length + 2)?;
            if length == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..chunk.len() - 2]);
            if body.len() as u64 > BODY {
                return Err(bad("too long a body"));
            }
        }
    }
}

fn read_exact(stream: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    if length > BODY {
        return Err(bad("too long a body"));
    }
    let mut bytes = Vec::new();
    Read::take(stream, length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length {
        return Ok(bytes);
    }
    Err(bad("the body ends early"))
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
