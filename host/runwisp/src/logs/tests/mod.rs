//! Logs as a keeper would leave them, made by hand.

mod finding;
mod reading;
mod sweeping;

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::log_index::{Kind, Record};

use super::paths::Names;
use super::{From, Line, LogReader, Place, Stream, create};

const RUN: RunId = RunId::from_u128(1 << 80);

/// One chunk as the keeper captured it.
#[derive(Clone, Debug)]
struct Piece {
    stream: Stream,
    ms: u64,
    bytes: Vec<u8>,
}

fn piece(stream: Stream, ms: u64, bytes: impl AsRef<[u8]>) -> Piece {
    Piece {
        stream,
        ms,
        bytes: bytes.as_ref().to_vec(),
    }
}

fn unit() -> UnitName {
    UnitName::new("api:worker-1").unwrap()
}

fn time(ms: u64) -> Timestamp {
    Timestamp::from_millisecond(ms.cast_signed()).unwrap()
}

/// A log being made in a directory.
struct Keeper<'a> {
    data: &'a Path,
    run: RunId,
    names: Names,
    end: u64,
    ms: u64,
    /// Printed, and not yet in the files: what is gathered into one chunk.
    gathered: Vec<u8>,
}

impl<'a> Keeper<'a> {
    fn new(data: &'a Path) -> Keeper<'a> {
        Keeper::of_run(data, RUN)
    }

    fn of_run(data: &'a Path, run: RunId) -> Keeper<'a> {
        create(data, &unit(), run).unwrap();
        let names = Names::new(data, &unit(), run).unwrap();
        Keeper {
            data,
            run,
            names,
            end: 0,
            ms: 0,
            gathered: Vec::new(),
        }
    }

    fn append(&self, path: &Path, bytes: &[u8]) {
        use std::io::Write;
        let mut file = fs::File::options().append(true).open(path).unwrap();
        file.write_all(bytes).unwrap();
    }

    fn record(&self, kind: Kind, len: usize) {
        let record = Record {
            offset: self.end,
            time: self.ms * 1000,
            len: u32::try_from(len).unwrap(),
            kind,
        };
        self.append(&self.names.index(false), &record.encode());
    }

    fn print(&mut self, piece: &Piece) {
        self.append(&self.names.log(false), &piece.bytes);
        let kind = match piece.stream {
            Stream::Stdout => Kind::Stdout,
            Stream::Stderr => Kind::Stderr,
        };
        self.ms = piece.ms;
        self.record(kind, piece.bytes.len());
        self.end += piece.bytes.len() as u64;
    }

    /// Prints, chunks of some 60 kB at a time.
    fn print_many(&mut self, text: &str) {
        self.gathered.extend_from_slice(text.as_bytes());
        if self.gathered.len() > 60_000 {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let bytes = std::mem::take(&mut self.gathered);
        self.print(&piece(Stream::Stdout, self.ms, bytes));
    }

    fn rotate(&mut self) {
        for (current, previous) in [
            (self.names.index(false), self.names.index(true)),
            (self.names.log(false), self.names.log(true)),
        ] {
            fs::rename(&current, previous).unwrap();
            fs::write(current, b"").unwrap();
        }
        self.record(Kind::Rotation, 0);
    }

    fn complete(&self) {
        self.record(Kind::Complete, 0);
    }

    fn reader(&self, complete: bool) -> LogReader {
        LogReader::open(self.data, &unit(), self.run, complete).unwrap()
    }
}

/// All lines from a place, read in pages of `limit`.
fn all_pages(reader: &LogReader, from: From, limit: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut from = from;
    loop {
        let page = reader.page(from, limit).unwrap();
        if page.lines.is_empty() {
            return lines;
        }
        lines.extend(page.lines);
        from = From::Place(page.next);
    }
}
