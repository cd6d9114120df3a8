//! `fail_on_output`: does a line of a run's output match one of its patterns?
//!
//! The log on disk is searched, line by line, from where the last search ended: nothing is missed while nobody looks.
//!
//! Tests are in `tests/finding.rs`.

use std::path::{Path, PathBuf};

use regex::bytes::{RegexSet, RegexSetBuilder};
use runwisp_core::words::ids::{RunId, UnitName};

use super::error::LogError;
use super::line::Place;
use super::reader::LogReader;

/// What a compiled set of patterns may take, bytes.
const SIZE_LIMIT: usize = 10 * 1024 * 1024;

/// The search of one run's output, and how far it has come.
#[derive(Debug)]
pub struct OutputScanner {
    data: PathBuf,
    unit: UnitName,
    run: RunId,
    patterns: RegexSet,
    next: Place,
}

impl OutputScanner {
    /// Compiles the patterns; the search begins with the first byte.
    pub fn new(
        data: &Path,
        unit: &UnitName,
        run: RunId,
        patterns: &[String],
    ) -> Result<OutputScanner, LogError> {
        let patterns = RegexSetBuilder::new(patterns)
            .size_limit(SIZE_LIMIT)
            .build()
            .map_err(|error| LogError::Pattern(error.to_string()))?;
        Ok(OutputScanner {
            data: data.to_owned(),
            unit: unit.clone(),
            run,
            patterns,
            next: Place::default(),
        })
    }

    /// Searches what has come since, up to the logical offset `end`; the line that is being printed is left for later
    /// unless the output is complete. The first pattern, in the order given, that the first matching line matches. A
    /// line of more than 64 KiB is searched in pieces.
    pub fn scan(&mut self, end: u64, complete: bool) -> Result<Option<String>, LogError> {
        if end <= self.next.offset && !complete {
            return Ok(None);
        }
        let reader = match LogReader::open(&self.data, &self.unit, self.run, complete) {
            Err(LogError::Absent(_)) => return Ok(None),
            other => other?,
        };
        let failed = |error| LogError::io(format!("the log of run {}", self.run))(error);
        let mut walk = reader.walk(self.next).map_err(failed)?;
        while let Some((line, place)) = walk.next_line().map_err(failed)? {
            let text = line.bytes.strip_suffix(b"\r").unwrap_or(&line.bytes);
            if let Some(first) = self.patterns.matches(text).into_iter().next() {
                return Ok(self.patterns.patterns().get(first).cloned());
            }
            self.next = place;
        }
        Ok(None)
    }
}
