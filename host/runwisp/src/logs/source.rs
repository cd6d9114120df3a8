//! The bytes of a run's log, by logical offset, wherever they are: raw, rotated, compressed.
//!
//! A half is open from the start, so a rotation or a compression meanwhile takes nothing away from who reads.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use zeekstd::Decoder;

use super::error::LogError;
use super::index::Index;
use super::paths::Names;

/// How often opening is tried anew when the keeper rotates under it.
const TRIES: usize = 20;

/// One half of a log.
struct Half {
    /// The logical offset of its first byte.
    base: u64,
    bytes: Bytes,
}

enum Bytes {
    Raw(File),
    Compressed(Mutex<Decoder<'static, File>>, u64),
}

/// The bytes of a log.
pub(super) struct Source {
    /// Oldest first.
    halves: Vec<Half>,
    /// When it was last written.
    modified_us: u64,
}

impl Source {
    /// Opens all there is of a run, with its index.
    pub(super) fn open(names: &Names) -> Result<(Source, Index), LogError> {
        for _ in 1..TRIES {
            let before = identities(names);
            let opened = open_now(names)?;
            // The keeper renames the index first; for a moment the new one does not say yet where it begins.
            let rotating = opened.1.halves() == 2 && !opened.1.current_says_where_it_begins();
            if before == identities(names) && !rotating {
                return Ok(opened);
            }
            std::thread::yield_now();
        }
        open_now(names)
    }

    /// The logical offset of the first byte that is kept.
    pub(super) fn first(&self) -> u64 {
        self.halves.first().map_or(0, |half| half.base)
    }

    /// The logical offset after the last byte that is there now.
    pub(super) fn end(&self) -> io::Result<u64> {
        match self.halves.last() {
            None => Ok(0),
            Some(half) => Ok(half.base + half.length()?),
        }
    }

    /// When the log was last written, microseconds since 1970.
    pub(super) fn modified_us(&self) -> u64 {
        self.modified_us
    }

    /// Reads at `offset`, as much as there is up to the length of `buffer`. Where bytes are missing between the halves,
    /// the answer is where they go on. Nothing read means the end.
    pub(super) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<(u64, usize)> {
        for half in &self.halves {
            let offset = offset.max(half.base);
            let read = half.read_at(offset - half.base, buffer)?;
            if read > 0 {
                return Ok((offset, read));
            }
        }
        Ok((offset, 0))
    }
}

impl Half {
    fn length(&self) -> io::Result<u64> {
        match &self.bytes {
            Bytes::Raw(file) => Ok(file.metadata()?.len()),
            Bytes::Compressed(_, length) => Ok(*length),
        }
    }

    fn read_at(&self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.bytes {
            Bytes::Raw(file) => loop {
                match file.read_at(buffer, at) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => return other,
                }
            },
            Bytes::Compressed(_, length) if at >= *length => Ok(0),
            Bytes::Compressed(decoder, _) => {
                let mut decoder = decoder.lock().unwrap_or_else(PoisonError::into_inner);
                let failed = |error: zeekstd::Error| io::Error::other(error.to_string());
                if decoder.offset() != at {
                    decoder.set_offset(at).map_err(failed)?;
                }
                let mut read = 0;
                while read < buffer.len() {
                    match decoder.decompress(&mut buffer[read..]).map_err(failed)? {
                        0 => break,
                        more => read += more,
                    }
                }
                Ok(read)
            }
        }
    }
}

type Identity = Option<(u64, u64)>;

fn identities(names: &Names) -> Vec<Identity> {
    names
        .all()
        .map(|path| fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino())))
        .collect()
}

fn open_now(names: &Names) -> Result<(Source, Index), LogError> {
    let index = Index::open(names);
    let mut halves = Vec::new();
    let mut modified_us = 0;
    for previous in [true, false] {
        let Some((bytes, length, modified)) = open_half(names, previous)? else {
            continue;
        };
        let after: Option<u64> = halves
            .last()
            .map(|(half, length): &(Half, u64)| half.base + length);
        let base = match index.base(previous) {
            // The first half, or an index that knows better than sizes do.
            Some(base) if after.is_none_or(|after| base >= after) => base,
            _ => after.unwrap_or(0),
        };
        modified_us = modified_us.max(modified);
        halves.push((Half { base, bytes }, length));
    }
    if halves.is_empty() {
        return Err(LogError::Absent(
            names
                .log(false)
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default(),
        ));
    }
    let source = Source {
        halves: halves.into_iter().map(|(half, _)| half).collect(),
        modified_us,
    };
    Ok((source, index))
}

fn open_half(names: &Names, previous: bool) -> Result<Option<(Bytes, u64, u64)>, LogError> {
    let raw = names.log(previous);
    if let Some((file, meta)) = open_file(&raw)? {
        return Ok(Some((Bytes::Raw(file), meta.len(), modified_us(&meta))));
    }
    let compressed = names.compressed(previous);
    let Some((file, meta)) = open_file(&compressed)? else {
        return Ok(None);
    };
    let decoder = Decoder::new(file)
        .map_err(|error| LogError::io(compressed.display())(io::Error::other(error.to_string())))?;
    let length = decoder.seek_table().size_decomp();
    let modified = modified_us(&meta);
    Ok(Some((
        Bytes::Compressed(Mutex::new(decoder), length),
        length,
        modified,
    )))
}

fn open_file(path: &Path) -> Result<Option<(File, fs::Metadata)>, LogError> {
    match File::open(path) {
        Ok(file) => {
            let meta = file.metadata().map_err(LogError::io(path.display()))?;
            Ok(Some((file, meta)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LogError::io(path.display())(error)),
    }
}

fn modified_us(meta: &fs::Metadata) -> u64 {
    meta.mtime().unsigned_abs() * 1_000_000 + meta.mtime_nsec().unsigned_abs() / 1_000
}
