//! The index beside a run's log: records of a fixed size that give each chunk its place, time and stream.
//!
//! The log itself holds what the process printed, byte for byte. A run called `NAME` has these files:
//!
//! | file | holds |
//! | --- | --- |
//! | `NAME` | what is being written |
//! | `NAME.1` | the half before that, once a log has been rotated |
//! | `NAME.idx`, `NAME.idx.1` | their records, one after the other, no header |
//!
//! Offsets are *logical*: they count the bytes ever kept, from the run's first one, over all files. Bytes that were
//! not kept take no room in them. A file's first byte is logical 0, unless its index begins with a
//! [`Kind::Rotation`], which then says. The keeper writes bytes first and their record second, so a log may for a
//! moment (or, after a crash, for good) hold more than its index tells of; the reverse never happens. The last record
//! may be torn by a full disk or a power cut: [`read_all`] passes over an incomplete tail.
//!
//! Tests are below.

/// Size of one record, bytes.
pub const RECORD_SIZE: usize = 24;

/// What is added to a log's name for its index.
pub const INDEX_SUFFIX: &str = ".idx";

/// What is added to the name of a log or an index for the half before the current one.
pub const PREVIOUS_SUFFIX: &str = ".1";

/// What a record tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// `len` bytes of standard output begin at `offset`. A pseudo-terminal's output is of this kind.
    Stdout = 0,
    /// `len` bytes of standard error begin at `offset`.
    Stderr = 1,
    /// Before the byte at `offset`, `len` bytes were printed but not kept. A larger gap takes several records.
    Dropped = 2,
    /// The file of this index begins with the byte at `offset`. The first record of its file, if present at all.
    Rotation = 3,
    /// The log is complete and ends before `offset`.
    Complete = 4,
}

impl Kind {
    /// The kind of that number, if there is one.
    pub const fn from_u8(number: u8) -> Option<Kind> {
        match number {
            0 => Some(Kind::Stdout),
            1 => Some(Kind::Stderr),
            2 => Some(Kind::Dropped),
            3 => Some(Kind::Rotation),
            4 => Some(Kind::Complete),
            _ => None,
        }
    }
}

/// One record of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Logical offset, bytes from the run's first one.
    pub offset: u64,
    /// When the keeper saw it: microseconds since 1970, wall clock.
    pub time: u64,
    /// Bytes it is about; 0 where the kind has none.
    pub len: u32,
    /// What it tells of.
    pub kind: Kind,
}

impl Record {
    /// Its form on disk: `offset`, `time`, `len`, little endian, then the kind and three zeros.
    pub fn encode(&self) -> [u8; RECORD_SIZE] {
        let mut bytes = [0; RECORD_SIZE];
        bytes[..8].copy_from_slice(&self.offset.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.time.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.len.to_le_bytes());
        bytes[20] = self.kind as u8;
        bytes
    }

    /// Reads a record; none when its kind is not known to this version.
    pub fn decode(bytes: &[u8; RECORD_SIZE]) -> Option<Record> {
        let (offset, rest) = bytes.split_first_chunk::<8>()?;
        let (time, rest) = rest.split_first_chunk::<8>()?;
        let (len, rest) = rest.split_first_chunk::<4>()?;
        Some(Record {
            offset: u64::from_le_bytes(*offset),
            time: u64::from_le_bytes(*time),
            len: u32::from_le_bytes(*len),
            kind: Kind::from_u8(*rest.first()?)?,
        })
    }
}

/// The records of an index, in order. Records of unknown kinds and an incomplete last one are passed over.
pub fn read_all(index: &[u8]) -> impl Iterator<Item = Record> + '_ {
    let (records, _torn) = index.as_chunks::<RECORD_SIZE>();
    records.iter().filter_map(Record::decode)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(kind: Kind) -> Record {
        Record {
            offset: u64::MAX - 5,
            time: 1_700_000_000_123_456,
            len: 0x0102_0304,
            kind,
        }
    }

    #[test]
    fn every_kind_survives_the_disk() {
        for number in 0..=4 {
            let record = sample(Kind::from_u8(number).unwrap());
            assert_eq!(record.kind as u8, number);
            assert_eq!(Record::decode(&record.encode()), Some(record));
        }
    }

    #[test]
    fn the_form_on_disk_is_this_one() {
        let record = Record {
            offset: 1,
            time: 0x0203,
            len: 4,
            kind: Kind::Complete,
        };
        let mut form = [0; RECORD_SIZE];
        (form[0], form[8], form[9], form[16], form[20]) = (1, 3, 2, 4, 4);
        assert_eq!(record.encode(), form);
    }

    #[test]
    fn a_torn_tail_and_unknown_kinds_are_passed_over() {
        let mut index = sample(Kind::Stdout).encode().to_vec();
        let mut unknown = sample(Kind::Stderr).encode();
        unknown[20] = 77;
        index.extend(unknown);
        index.extend(sample(Kind::Dropped).encode());
        index.extend(&sample(Kind::Stdout).encode()[..23]);
        let kinds: Vec<Kind> = read_all(&index).map(|record| record.kind).collect();
        assert_eq!(kinds, [Kind::Stdout, Kind::Dropped]);
    }
}
