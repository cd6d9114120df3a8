//! Reading a run's log: pages of lines, bytes, and where to begin.
//!
//! One reader for every log: live, finished, rotated, compressed, with or without its index. Nothing is kept between
//! two pages but a [`Place`], which is always right after a line: of the stream that printed the byte before it,
//! nothing is unfinished there, and what is unfinished of the other one is found by looking back.
//!
//! Invariant: never more than a block, an index block and the lines of one page in memory.
//!
//! Tests are in `tests/reading.rs`.

use std::io::{self, Read};
use std::path::Path;

use jiff::Timestamp;
use runwisp_core::words::ids::{RunId, UnitName};

use super::assemble::{Assembler, LONGEST};
use super::error::LogError;
use super::index::{Chunk, Index};
use super::line::{From, Page, Place, Stream};
use super::paths::Names;
use super::source::Source;
use super::walk::{BLOCK, Walk};

/// Bytes of lines in one page, beyond which it ends early.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// How far back the beginning of an unfinished line is looked for: pieces of that stream, and chunks of both.
const LOOK_BACK: (usize, usize) = (64, 100_000);

/// An open log.
pub struct LogReader {
    pub(super) source: Source,
    pub(super) index: Index,
    complete: bool,
    about: String,
}

/// Where to go on reading, and how many bytes before that belong to lines not complete there.
struct Begin {
    place: Place,
    unfinished: [usize; 2],
}

impl Begin {
    fn afresh(offset: u64, line: u64) -> Begin {
        Begin {
            place: Place { offset, line },
            unfinished: [0, 0],
        }
    }
}

impl LogReader {
    /// Opens the log of a run. Unless `complete` says that no more will come, what its index does not tell of yet is
    /// left for later, and so is a last line without its end.
    pub fn open(
        data: &Path,
        unit: &UnitName,
        run: RunId,
        complete: bool,
    ) -> Result<LogReader, LogError> {
        let (source, index) = Source::open(&Names::new(data, unit, run)?)?;
        Ok(LogReader {
            complete: complete || index.is_complete(),
            source,
            index,
            about: format!("the log of run {run} could not be read"),
        })
    }

    /// The first byte that is kept and one past the last, counted from the first byte ever kept.
    pub fn range(&self) -> Result<(u64, u64), LogError> {
        self.bounds().map_err(LogError::io(&self.about))
    }

    /// Whether nothing more will come.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Some `limit` lines. A page without lines means that there are no more, now or for good; a page with fewer lines
    /// than asked for does not. The last page may hold two lines more, both without their end.
    pub fn page(&self, from: From, limit: usize) -> Result<Page, LogError> {
        self.read_page(from, limit.max(1))
            .map_err(LogError::io(&self.about))
    }

    /// The bytes themselves, from logical offset `from` up to `to`, as far as they are kept.
    pub fn bytes(self, from: u64, to: u64) -> Result<Bytes, LogError> {
        let (first, end) = self.range()?;
        Ok(Bytes {
            at: from.max(first),
            end: to.min(end),
            source: self.source,
        })
    }

    pub(super) fn bounds(&self) -> io::Result<(u64, u64)> {
        let first = self.source.first();
        let mut end = self.source.end()?;
        if !self.complete && self.index.halves() > 0 {
            end = end.min(self.index.covered());
        }
        Ok((first, end.max(first)))
    }

    /// A walk over all lines after `place`.
    pub(super) fn walk(&self, place: Place) -> io::Result<Walk<'_>> {
        let (first, end) = self.bounds()?;
        let begin = self.resume(place, first, end)?;
        self.walk_from(&begin, first, end)
    }

    fn walk_from(&self, begin: &Begin, first: u64, end: u64) -> io::Result<Walk<'_>> {
        let mut assembler = Assembler::after_lines(begin.place.line);
        for stream in [Stream::Stdout, Stream::Stderr] {
            let length = begin.unfinished[stream as usize];
            if length > 0 {
                let (bytes, since) = self.gather(stream, begin.place.offset, length, first)?;
                assembler.restore(stream, bytes, since);
            }
        }
        let range = (begin.place.offset, end);
        Ok(Walk::new(
            &self.source,
            &self.index,
            assembler,
            range,
            self.complete,
        ))
    }

    fn read_page(&self, from: From, limit: usize) -> io::Result<Page> {
        let (first, end) = self.bounds()?;
        let begin = match from {
            From::Head => Begin::afresh(first, 0),
            From::Place(place) => self.resume(place, first, end)?,
            From::Tail(lines) => self.tail(lines, first, end)?,
            From::Since(time) => self.since(time, first, end)?,
            From::Line(number) => self.line(number, first, end)?,
        };
        // Past the end, what has no line end yet is found, whatever its number.
        let least = match from {
            From::Line(number) => number,
            _ => 0,
        };
        let mut page = Page {
            lines: Vec::new(),
            begin: begin.place,
            next: begin.place,
            total: None,
        };
        let mut size = 0;
        let mut walk = self.walk_from(&begin, first, end)?;
        while let Some((line, place)) = walk.next_line()? {
            page.next = place;
            size += line.bytes.len();
            if line.n >= least {
                page.lines.push(line);
            }
            // At the end, lines without their end belong to this page: no place is between them.
            if (page.lines.len() >= limit || size >= PAGE_BYTES) && !walk.is_dry() {
                return Ok(page);
            }
        }
        page.total = Some(page.lines.last().map_or(page.next.line, |last| last.n));
        if let From::Tail(lines) = from {
            // Lines without their end count as lines, which is known only now.
            let most = usize::try_from(lines).unwrap_or(usize::MAX);
            page.lines.drain(..page.lines.len().saturating_sub(most));
        }
        Ok(page)
    }

    /// Goes on where a page ended.
    fn resume(&self, place: Place, first: u64, end: u64) -> io::Result<Begin> {
        if place.offset <= first {
            // What was there has been rotated away.
            return Ok(Begin::afresh(first, place.line));
        }
        let mut begin = Begin {
            place,
            unfinished: [0, 0],
        };
        if place.offset < end {
            let printed_last = self.chunk_before(place.offset, first).stream;
            for stream in [Stream::Stdout, Stream::Stderr] {
                if stream != printed_last {
                    begin.unfinished[stream as usize] =
                        self.unfinished_at(stream, place.offset, first)?;
                }
            }
        } else if !self.complete {
            // Nothing new: what is unfinished is looked for when there is.
            begin.place.offset = place.offset.min(end).max(first);
        }
        Ok(begin)
    }

    /// The last `lines` lines, found from the end.
    fn tail(&self, lines: u64, first: u64, end: u64) -> io::Result<Begin> {
        let mut without_end = 0;
        if self.complete {
            for stream in [Stream::Stdout, Stream::Stderr] {
                without_end += u64::from(self.unfinished_at(stream, end, first)? > 0);
            }
        }
        let mut left = lines.saturating_sub(without_end) + 1;
        let mut block = block_of(first, end);
        let mut high = end;
        let mut offset = first;
        while high > first {
            let low = high.saturating_sub(BLOCK as u64).max(first);
            let bytes = self.read_exactly(low, high, &mut block)?;
            let here = count_line_ends(bytes);
            if here < left {
                left -= here;
                high = low;
                continue;
            }
            let nth = usize::try_from(left - 1).unwrap_or(usize::MAX);
            if let Some(at) = memchr::memrchr_iter(b'\n', bytes).nth(nth) {
                offset = low + at as u64 + 1;
            }
            break;
        }
        self.begin_in_the_middle(offset, first)
    }

    /// The line of this number, found from the beginning.
    fn line(&self, number: u64, first: u64, end: u64) -> io::Result<Begin> {
        let mut left = number.saturating_sub(1);
        let mut block = block_of(first, end);
        let mut low = first;
        while left > 0 && low < end {
            let high = end.min(low + BLOCK as u64);
            let bytes = self.read_exactly(low, high, &mut block)?;
            let here = count_line_ends(bytes);
            if here < left {
                left -= here;
                low = high;
                continue;
            }
            let nth = usize::try_from(left - 1).unwrap_or(usize::MAX);
            let at = memchr::memchr_iter(b'\n', bytes).nth(nth);
            low += at.map_or(bytes.len() as u64, |at| at as u64 + 1);
            left = 0;
        }
        self.begin_in_the_middle(low, first)
    }

    /// The first line of which anything was printed at `time` or later.
    fn since(&self, time: Timestamp, first: u64, end: u64) -> io::Result<Begin> {
        let micros = u64::try_from(time.as_microsecond()).unwrap_or(0);
        let offset = match self.index.offset_at_time(micros) {
            Some(offset) => offset.clamp(first, end),
            // The end of a log may not be told of in its index.
            None if self.index.halves() == 0 => first,
            None => self.index.covered().clamp(first, end),
        };
        self.begin_in_the_middle(offset, first)
    }

    fn begin_in_the_middle(&self, offset: u64, first: u64) -> io::Result<Begin> {
        let mut unfinished = [0, 0];
        for stream in [Stream::Stdout, Stream::Stderr] {
            unfinished[stream as usize] = self.unfinished_at(stream, offset, first)?;
        }
        let mut line = 0;
        let mut at = first;
        let mut block = block_of(first, offset);
        while at < offset {
            let high = offset.min(at + BLOCK as u64);
            line += count_line_ends(self.read_exactly(at, high, &mut block)?);
            at = high;
        }
        Ok(Begin {
            place: Place { offset, line },
            unfinished,
        })
    }

    /// How many bytes of a stream, the last before `offset`, belong to a piece of a line that is not complete there.
    fn unfinished_at(&self, stream: Stream, offset: u64, first: u64) -> io::Result<usize> {
        let mut length = 0;
        let mut at = offset;
        let mut block = block_of(first, offset);
        for _ in 0..LOOK_BACK.1 {
            if at <= first {
                return Ok(length % LONGEST);
            }
            let chunk = self.chunk_before(at, first);
            if chunk.stream == stream {
                let low = chunk.offset.max(at.saturating_sub(BLOCK as u64));
                let bytes = self.read_exactly(low, at, &mut block)?;
                if let Some(end) = memchr::memrchr(b'\n', bytes) {
                    length += bytes.len() - end - 1;
                    return Ok(length % LONGEST);
                }
                length += bytes.len();
                if length > LOOK_BACK.0 * LONGEST {
                    break;
                }
                at = low;
            } else {
                at = chunk.offset;
            }
        }
        // A line without end since ever: where its pieces begin is not known, and does not matter much.
        Ok(0)
    }

    /// The last `length` bytes of a stream before `offset`, and when the first of them was read.
    fn gather(
        &self,
        stream: Stream,
        offset: u64,
        length: usize,
        first: u64,
    ) -> io::Result<(Vec<u8>, Timestamp)> {
        let mut reversed: Vec<Vec<u8>> = Vec::new();
        let mut left = length;
        let mut at = offset;
        let mut since = Timestamp::UNIX_EPOCH;
        let mut block = block_of(first, offset);
        while left > 0 && at > first {
            let chunk = self.chunk_before(at, first);
            let low = chunk.offset.max(at.saturating_sub(left as u64));
            if chunk.stream == stream {
                let bytes = self.read_exactly(low, at, &mut block)?;
                left -= bytes.len();
                reversed.push(bytes.to_vec());
                since = chunk.ts();
                at = low;
            } else {
                at = chunk.offset;
            }
        }
        reversed.reverse();
        Ok((reversed.concat(), since))
    }

    fn chunk_before(&self, offset: u64, first: u64) -> Chunk {
        let mut chunk = self.index.chunk_before(offset, self.source.modified_us());
        chunk.offset = chunk.offset.clamp(first, offset - 1);
        chunk
    }

    /// The bytes from `low` to `high`, at most a block; zeros stand where bytes are missing in the middle of a log.
    fn read_exactly<'b>(&self, low: u64, high: u64, block: &'b mut [u8]) -> io::Result<&'b [u8]> {
        let length = usize::try_from(high - low).unwrap_or(BLOCK).min(BLOCK);
        let mut filled = 0;
        while filled < length {
            let (from, read) = self
                .source
                .read_at(low + filled as u64, &mut block[filled..length])?;
            let skipped = usize::try_from(from - low).unwrap_or(length).min(length) - filled;
            if read == 0 || skipped > 0 {
                block[filled..length].fill(0);
                filled = if read == 0 { length } else { filled + skipped };
                continue;
            }
            filled += read;
        }
        Ok(&block[..length])
    }
}

/// Room for a block of what lies between two places.
fn block_of(low: u64, high: u64) -> Vec<u8> {
    let length = usize::try_from(high.saturating_sub(low)).unwrap_or(BLOCK);
    vec![0; length.min(BLOCK)]
}

/// Line ends in a block.
fn count_line_ends(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// The bytes of a log.
pub struct Bytes {
    source: Source,
    at: u64,
    end: u64,
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let (from, read) = self.source.read_at(self.at, &mut buffer[..wanted])?;
        self.at = from + read as u64;
        Ok(read)
    }
}
