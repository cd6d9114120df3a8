//! What `runwisp demo` shows: a made-up shop with a day of made-up history, laid into a directory before its daemon starts.
//!
//! The history is written by the store and in the format of the keeper's logs, so everything reads it as if it had
//! happened. Invariant: only ever into a directory that was made for it. Tests: `past.rs`.

mod past;

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use runwisp_core::words::log_index::{Kind as Of, Record};
use runwisp_core::words::run::RunRecord;

use crate::logs;
use crate::store::{self, Write};
use past::{Past, Printed};

/// The configuration.
const CONFIG: &str = include_str!("demo.toml");

/// The longest a disk may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why it could not be laid out. The text completes "could not …".
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A file.
    #[error("write the demo's files: {0}")]
    Io(#[from] io::Error),
    /// The history.
    #[error("write the demo's history: {0}")]
    Store(#[from] store::StoreError),
    /// A log.
    #[error("write the demo's logs: {0}")]
    Log(#[from] logs::LogError),
    /// A name in this program's own list is none.
    #[error("name the demo's units: {0}")]
    Name(#[from] runwisp_core::words::ids::BadName),
}

/// Writes configuration, history and logs. Both paths must be new.
pub fn lay(config: &Path, data: &Path, now: Timestamp) -> Result<(), DemoError> {
    fs::write(config, CONFIG)?;
    let day = past::day(now)?;
    for past in &day {
        print(data, past)?;
    }
    let opened = store::open(data, Box::new(|_| ()))?;
    let rows = day.into_iter().map(|past| Write::Run {
        row: Box::new(past.row),
        confirm: false,
    });
    opened.writer.send(rows.collect::<Vec<_>>());
    opened.writer.flush(PATIENCE);
    opened.writer.close(PATIENCE);
    Ok(())
}

/// A run's log and its index, as the keeper would have left them.
fn print(data: &Path, past: &Past) -> Result<(), DemoError> {
    let row = &past.row;
    let mut open = logs::create(data, &row.unit, row.id)?;
    let mut bytes = Vec::new();
    let mut index = Vec::new();
    for line in &past.printed {
        let of = if line.stderr { Of::Stderr } else { Of::Stdout };
        let length = u32::try_from(line.text.len() + 1).unwrap_or(u32::MAX);
        index.extend(record(row, line, of, bytes.len() as u64, length).encode());
        bytes.extend(line.text.as_bytes());
        bytes.push(b'\n');
    }
    let last = Printed {
        after: row.duration.unwrap_or_default(),
        stderr: false,
        text: String::new(),
    };
    index.extend(record(row, &last, Of::Complete, bytes.len() as u64, 0).encode());
    open.log.write_all(&bytes)?;
    open.index.write_all(&index)?;
    Ok(())
}

fn record(row: &RunRecord, line: &Printed, kind: Of, offset: u64, len: u32) -> Record {
    let began = row.started_at.unwrap_or(row.created_at).as_microsecond();
    let after = u64::try_from(line.after.as_micros()).unwrap_or(0);
    Record {
        offset,
        time: u64::try_from(began).unwrap_or(0) + after,
        len,
        kind,
    }
}
