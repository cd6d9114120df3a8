//! Lines out of chunks: two streams that interrupt each other become whole lines of each.
//!
//! Lines come in the order in which they were completed, so the number of a line is the number of line ends before
//! it in the log, plus one, whichever streams they belong to. A line longer than [`LONGEST`] comes in pieces of that
//! size as soon as each is there; pieces have the number of their line.
//!
//! Pure. Tests, with any chunking of any two streams, are below.

use jiff::Timestamp;

use super::line::{Line, Stream};

/// The longest piece of a line, bytes.
pub(super) const LONGEST: usize = 64 * 1024;

#[derive(Clone, Debug, Default)]
struct Unfinished {
    bytes: Vec<u8>,
    since: Timestamp,
}

/// What has been read of lines that are not complete yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Assembler {
    line: u64,
    unfinished: [Unfinished; 2],
}

impl Assembler {
    /// Goes on after so many lines.
    pub(super) fn after_lines(line: u64) -> Assembler {
        Assembler {
            line,
            unfinished: Default::default(),
        }
    }

    /// Bytes of an unfinished line that were read before the place where reading goes on.
    pub(super) fn restore(&mut self, stream: Stream, bytes: Vec<u8>, since: Timestamp) {
        self.unfinished[stream as usize] = Unfinished { bytes, since };
    }

    /// How many lines were completed.
    pub(super) fn lines(&self) -> u64 {
        self.line
    }

    /// Takes bytes of one chunk until a line is complete. Returns how many were taken, and the line.
    pub(super) fn feed(
        &mut self,
        stream: Stream,
        ts: Timestamp,
        bytes: &[u8],
    ) -> (usize, Option<Line>) {
        let held = &mut self.unfinished[stream as usize];
        if held.bytes.is_empty() {
            held.since = ts;
        }
        let room = LONGEST - held.bytes.len();
        let near = &bytes[..bytes.len().min(room)];
        let (length, ended) = match memchr::memchr(b'\n', near) {
            Some(end) => (end, true),
            None => (near.len(), false),
        };
        held.bytes.extend_from_slice(&near[..length]);
        let taken = length + usize::from(ended);
        if !ended && held.bytes.len() < LONGEST {
            return (taken, None);
        }
        let line = Line {
            n: self.line + 1,
            ts: held.since,
            stream,
            bytes: std::mem::take(&mut held.bytes),
            continued: !ended,
            missing: 0,
            after: 0,
        };
        self.line += u64::from(ended);
        (taken, Some(line))
    }

    /// Nothing more will come: what is left are lines too, the one begun first comes first. To be called until none.
    pub(super) fn finish(&mut self) -> Option<Line> {
        let stream = [Stream::Stdout, Stream::Stderr]
            .into_iter()
            .filter(|stream| !self.unfinished[*stream as usize].bytes.is_empty())
            .min_by_key(|stream| self.unfinished[*stream as usize].since)?;
        let held = &mut self.unfinished[stream as usize];
        self.line += 1;
        Some(Line {
            n: self.line,
            ts: held.since,
            stream,
            bytes: std::mem::take(&mut held.bytes),
            continued: false,
            missing: 0,
            after: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds chunks and returns the lines of each stream.
    fn lines(chunks: &[(Stream, Vec<u8>)]) -> [Vec<Vec<u8>>; 2] {
        let mut assembler = Assembler::default();
        let mut found = [Vec::new(), Vec::new()];
        let mut last = 0;
        let mut keep = |line: Line| {
            assert_eq!(line.n, last + 1);
            last = if line.continued { last } else { line.n };
            found[line.stream as usize].push(line.bytes);
        };
        for (stream, bytes) in chunks {
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (taken, line) = assembler.feed(*stream, Timestamp::UNIX_EPOCH, rest);
                rest = &rest[taken..];
                line.into_iter().for_each(&mut keep);
            }
        }
        while let Some(line) = assembler.finish() {
            keep(line);
        }
        found
    }

    /// What lines are, without any chunks.
    fn plain(text: &[u8]) -> Vec<Vec<u8>> {
        let mut lines: Vec<Vec<u8>> = text
            .split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect();
        if lines.last().is_some_and(Vec::is_empty) {
            lines.pop();
        }
        lines
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![3 => Just(b'\n'), 10 => any::<u8>(), 1 => Just(0u8)];
        prop::collection::vec(byte, 0..300)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_chunking_of_two_streams_gives_the_same_lines(
            out in text(),
            err in text(),
            cuts in prop::collection::vec((any::<bool>(), 1usize..40), 0..600),
        ) {
            let (mut o, mut e) = (&out[..], &err[..]);
            let mut chunks = Vec::new();
            for (first, length) in cuts {
                let (rest, stream) = if first { (&mut o, Stream::Stdout) } else { (&mut e, Stream::Stderr) };
                let (chunk, after) = rest.split_at(length.min(rest.len()));
                chunks.push((stream, chunk.to_vec()));
                *rest = after;
            }
            chunks.push((Stream::Stdout, o.to_vec()));
            chunks.push((Stream::Stderr, e.to_vec()));
            let found = lines(&chunks);
            prop_assert_eq!(&found[0], &plain(&out));
            prop_assert_eq!(&found[1], &plain(&err));
        }
    }

    #[test]
    fn a_line_without_end_comes_in_pieces() {
        let long = vec![b'x'; 2 * LONGEST + 10];
        let [pieces, _] = lines(&[
            (Stream::Stdout, long.clone()),
            (Stream::Stdout, b"\ny".to_vec()),
        ]);
        let lengths: Vec<_> = pieces.iter().map(Vec::len).collect();
        assert_eq!(lengths, [LONGEST, LONGEST, 10, 1]);
    }
}
