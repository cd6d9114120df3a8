//! The index of a log, read record by record: a log of short lines has an index as large as itself, so it is never
//! loaded whole. What the index does not tell of is standard output of the time before.
//!
//! Tests are with the reader, in `tests/`.

use std::cell::RefCell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use jiff::Timestamp;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::log_index::{Kind, RECORD_SIZE, Record};

use super::line::Stream;
use super::paths::Names;

/// Records read at once.
const BLOCK: u64 = 1024;

/// Blocks held: a binary search comes back to the same few.
const BLOCKS: usize = 8;

/// How many bytes of what a run has printed so far were kept; those that gave way to newer ones count. 0 where there is
/// no log.
pub fn written(data: &Path, unit: &UnitName, run: RunId) -> u64 {
    Names::new(data, unit, run).map_or(0, |names| Index::open(&names).covered())
}

/// A stretch of a log that one stream printed at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) offset: u64,
    /// One past its last byte.
    pub(super) end: u64,
    pub(super) stream: Stream,
    pub(super) time_us: u64,
}

impl Chunk {
    /// Its time; what no calendar knows is 1970.
    pub(super) fn ts(&self) -> Timestamp {
        i64::try_from(self.time_us)
            .ok()
            .and_then(|micros| Timestamp::from_microsecond(micros).ok())
            .unwrap_or_default()
    }
}

struct IndexFile {
    file: File,
    records: u64,
    previous: bool,
}

/// The records of both halves, oldest first.
#[derive(Default)]
pub(super) struct Index {
    files: Vec<IndexFile>,
    blocks: RefCell<Vec<(u64, Vec<u8>)>>,
    hint: RefCell<u64>,
}

impl Index {
    /// Opens what there is. A missing index is an empty one.
    pub(super) fn open(names: &Names) -> Index {
        let mut index = Index::default();
        for previous in [true, false] {
            let Ok(file) = File::open(names.index(previous)) else {
                continue;
            };
            let length = file.metadata().map(|meta| meta.len()).unwrap_or(0);
            index.files.push(IndexFile {
                file,
                // An incomplete last record is not counted.
                records: length / RECORD_SIZE as u64,
                previous,
            });
        }
        index
    }

    /// How many halves have an index.
    pub(super) fn halves(&self) -> usize {
        self.files.len()
    }

    pub(super) fn current_says_where_it_begins(&self) -> bool {
        let before: u64 = self
            .files
            .iter()
            .filter(|file| file.previous)
            .map(|file| file.records)
            .sum();
        before < self.count()
            && self
                .record(before)
                .is_some_and(|record| record.kind == Kind::Rotation)
    }

    /// The logical offset of a half's first byte, where the index knows it.
    pub(super) fn base(&self, previous: bool) -> Option<u64> {
        let mut first = 0;
        for file in &self.files {
            if file.previous == previous {
                if file.records == 0 {
                    return None;
                }
                return match self.record(first) {
                    Some(record) if record.kind == Kind::Rotation => Some(record.offset),
                    _ if previous || self.files.len() == 1 => Some(0),
                    _ => None,
                };
            }
            first += file.records;
        }
        None
    }

    fn count(&self) -> u64 {
        self.files.iter().map(|file| file.records).sum()
    }

    /// Whether the keeper has said that the log is complete.
    pub(super) fn is_complete(&self) -> bool {
        let count = self.count();
        (count.saturating_sub(4)..count).any(|number| {
            self.record(number)
                .is_some_and(|record| record.kind == Kind::Complete)
        })
    }

    /// The logical offset up to which the index tells of the log.
    pub(super) fn covered(&self) -> u64 {
        (0..self.count())
            .rev()
            .take(64)
            .find_map(|number| self.record(number))
            .map_or(0, |record| match record.kind {
                Kind::Stdout | Kind::Stderr => record.offset.saturating_add(u64::from(record.len)),
                _ => record.offset,
            })
    }

    /// A record by its number; none where it is of an unknown kind or cannot be read.
    fn record(&self, number: u64) -> Option<Record> {
        let wanted = number / BLOCK;
        let mut blocks = self.blocks.borrow_mut();
        match blocks.iter().position(|(block, _)| *block == wanted) {
            Some(0) => {}
            Some(place) => blocks[..=place].rotate_right(1),
            None => {
                blocks.truncate(BLOCKS - 1);
                blocks.insert(0, (wanted, self.read_block(wanted)));
            }
        }
        let (_, bytes) = blocks.first()?;
        let at = usize::try_from(number % BLOCK).ok()? * RECORD_SIZE;
        Record::decode(bytes.get(at..at + RECORD_SIZE)?.first_chunk()?)
    }

    fn read_block(&self, block: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let (mut from, to) = (block * BLOCK, (block + 1) * BLOCK);
        let mut first = 0;
        for file in &self.files {
            let (low, high) = (from.max(first), to.min(first + file.records));
            if low < high {
                let start = bytes.len();
                let length = usize::try_from(high - low).unwrap_or(0) * RECORD_SIZE;
                bytes.resize(start + length, 0xFF);
                // What cannot be read stays a record of an unknown kind.
                let _ = file
                    .file
                    .read_exact_at(&mut bytes[start..], (low - first) * RECORD_SIZE as u64);
                from = high;
            }
            first += file.records;
        }
        bytes
    }

    /// The number of the first record for which `is` does not hold; it holds for all before it.
    fn partition(&self, mut is: impl FnMut(&Record) -> bool) -> u64 {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low + (high - low) / 2;
            // An unreadable record is judged by the next one that can be read.
            let judged = (middle..high).find_map(|number| self.record(number));
            if judged.is_some_and(|record| is(&record)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The chunk that holds the byte at `offset`. `fallback_us` is the time where the index knows none.
    pub(super) fn chunk_at(&self, offset: u64, fallback_us: u64) -> Chunk {
        let holds = |record: &Record| {
            data(record).filter(|chunk| (chunk.offset..chunk.end).contains(&offset))
        };
        // Reading goes forward, looking back goes backward; the next chunk is near in either case.
        let hint = *self.hint.borrow();
        for number in [hint, hint + 1, hint.saturating_sub(1), hint + 2] {
            if let Some(chunk) = self.record(number).as_ref().and_then(holds) {
                *self.hint.borrow_mut() = number;
                return chunk;
            }
        }
        let after = self.partition(|record| record.offset <= offset);
        let mut time_us = None;
        for number in (after.saturating_sub(8)..after).rev() {
            if let Some(record) = self.record(number) {
                if let Some(chunk) = holds(&record) {
                    *self.hint.borrow_mut() = number;
                    return chunk;
                }
                time_us = time_us.or(Some(record.time));
            }
        }
        let next = (after..self.count())
            .take(64)
            .find_map(|number| self.record(number));
        Chunk {
            offset,
            end: next.map_or(u64::MAX, |record| record.offset.max(offset + 1)),
            stream: Stream::Stdout,
            time_us: time_us.unwrap_or(fallback_us),
        }
    }

    /// Bytes that were printed right before the one at `offset` and are not kept. To be asked after [`Index::chunk_at`]
    /// has found the chunk that begins there.
    pub(super) fn missing_before(&self, offset: u64) -> u64 {
        let number = *self.hint.borrow();
        let begins_here = |record: &Record| data(record).is_some() && record.offset == offset;
        if !self.record(number).as_ref().is_some_and(begins_here) {
            return 0;
        }
        (0..number)
            .rev()
            .map_while(|before| self.record(before))
            .take_while(|record| record.kind == Kind::Dropped && record.offset == offset)
            .map(|record| u64::from(record.len))
            .sum()
    }

    /// The chunk of the byte before `offset`, cut off there.
    pub(super) fn chunk_before(&self, offset: u64, fallback_us: u64) -> Chunk {
        let mut chunk = self.chunk_at(offset - 1, fallback_us);
        chunk.end = offset;
        if chunk.offset == offset - 1 {
            // Where the index is silent, its last word is where the silence begins.
            let before = self.partition(|record| record.offset < offset);
            if let Some(last) = before.checked_sub(1).and_then(|number| self.record(number)) {
                let silent_from = data(&last).map_or(last.offset, |chunk| chunk.end);
                chunk.offset = chunk.offset.min(silent_from);
            } else if self.count() == 0 {
                chunk.offset = 0;
            }
        }
        chunk
    }

    /// The first byte that was read at `time_us` or later; none when all is older.
    pub(super) fn offset_at_time(&self, time_us: u64) -> Option<u64> {
        let number = self.partition(|record| record.time < time_us);
        (number..self.count())
            .find_map(|number| self.record(number))
            .map(|record| record.offset)
    }
}

fn data(record: &Record) -> Option<Chunk> {
    let stream = match record.kind {
        Kind::Stdout => Stream::Stdout,
        Kind::Stderr => Stream::Stderr,
        Kind::Dropped | Kind::Rotation | Kind::Complete => return None,
    };
    Some(Chunk {
        offset: record.offset,
        end: record.offset.saturating_add(u64::from(record.len)),
        stream,
        time_us: record.time,
    })
}
