//! One pass over a stretch of a log, line by line.

use std::io;

use super::assemble::Assembler;
use super::index::{Chunk, Index};
use super::line::{Line, Place};
use super::source::Source;

/// Bytes read at once.
pub(super) const BLOCK: usize = 256 * 1024;

/// Lines in the order in which they were completed, each with the place right after it.
pub(super) struct Walk<'a> {
    source: &'a Source,
    index: &'a Index,
    assembler: Assembler,
    at: u64,
    end: u64,
    /// Whether what is unfinished at the end is a line.
    complete: bool,
    block: Vec<u8>,
    /// What the block holds: its logical offset, its length.
    held: (u64, usize),
    chunk: Option<Chunk>,
    /// Bytes not kept that no line has told of yet.
    missing: u64,
}

impl<'a> Walk<'a> {
    /// From `at` to `end`, with what the assembler holds already.
    pub(super) fn new(
        source: &'a Source,
        index: &'a Index,
        assembler: Assembler,
        (at, end): (u64, u64),
        complete: bool,
    ) -> Walk<'a> {
        Walk {
            source,
            index,
            assembler,
            at,
            end,
            complete,
            block: Vec::new(),
            held: (at, 0),
            chunk: None,
            missing: 0,
        }
    }

    /// Whether all bytes are used up; there may still be lines without their end.
    pub(super) fn is_dry(&self) -> bool {
        self.at >= self.end
    }

    /// The next line.
    pub(super) fn next_line(&mut self) -> io::Result<Option<(Line, Place)>> {
        while self.fill()? {
            let index = self.index;
            let at = self.at;
            let chunk = match self.chunk {
                Some(chunk) if (chunk.offset..chunk.end).contains(&at) => chunk,
                _ => {
                    let chunk = index.chunk_at(at, self.source.modified_us());
                    self.missing += index.missing_before(at);
                    *self.chunk.insert(chunk)
                }
            };
            let (start, length) = self.held;
            let skip = usize::try_from(at - start).unwrap_or(length);
            let bytes = &self.block[skip..length];
            let in_chunk = usize::try_from(chunk.end - at).unwrap_or(usize::MAX);
            let bytes = &bytes[..bytes.len().min(in_chunk)];
            let (taken, line) = self.assembler.feed(chunk.stream, chunk.ts(), bytes);
            self.at += taken as u64;
            if let Some(mut line) = line {
                line.missing = std::mem::take(&mut self.missing);
                line.after = self.at;
                return Ok(Some((line, self.place())));
            }
        }
        if !self.complete {
            return Ok(None);
        }
        let missing = std::mem::take(&mut self.missing);
        Ok(self.assembler.finish().map(|line| {
            let place = self.place();
            let after = self.at;
            let line = Line {
                missing,
                after,
                ..line
            };
            (line, place)
        }))
    }

    fn place(&self) -> Place {
        Place {
            offset: self.at,
            line: self.assembler.lines(),
        }
    }

    /// Makes sure that the block holds the next byte; `false` at the end.
    fn fill(&mut self) -> io::Result<bool> {
        if self.at >= self.end {
            return Ok(false);
        }
        let (start, length) = self.held;
        if self.at < start + length as u64 {
            return Ok(true);
        }
        let wanted = usize::try_from(self.end - self.at)
            .unwrap_or(BLOCK)
            .min(BLOCK);
        self.block.resize(self.block.len().max(wanted), 0);
        let (from, read) = self.source.read_at(self.at, &mut self.block[..wanted])?;
        if read == 0 || from >= self.end {
            // The end came earlier than announced: a half was lost.
            self.at = self.end;
            return Ok(false);
        }
        let most = usize::try_from(self.end - from).unwrap_or(read);
        self.held = (from, read.min(most));
        self.at = from;
        Ok(true)
    }
}
