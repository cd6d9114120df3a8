//! Where the database is, how it is opened, and how its format grows.
//!
//! Invariant: formats only go forward, and a format this version does not know is never touched.
//!
//! A migration is a file of `migrations/`, its number is the format it makes. Each runs in one transaction together
//! with the new number (`user_version`), so a crash leaves either the old format or the new one.
//!
//! Tests are in `tests/opening.rs`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::StoreError;

/// The name of the database in the data directory.
pub const FILE_NAME: &str = "runwisp.db";

/// The migrations, in order; the first makes format 1.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/001_history.sql"),
    include_str!("migrations/002_messages.sql"),
    include_str!("migrations/003_clock_turns.sql"),
    include_str!("migrations/004_samples.sql"),
    include_str!("migrations/005_audit.sql"),
    include_str!("migrations/006_run_handling.sql"),
];

/// How long a commit waits for another program that holds the database, before it counts as failed and is retried.
const BUSY_WRITER: Duration = Duration::from_millis(250);

/// How long a query waits.
const BUSY_READER: Duration = Duration::from_secs(2);

/// Pages of 4 KiB that a history held in memory may take: 64 MiB. Beyond that it behaves like a full disk.
const MEMORY_PAGES: u32 = 16 * 1024;

/// Where the history is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In this file.
    File(PathBuf),
    /// In memory under this name, as long as one connection is open.
    Memory(String),
}

impl Place {
    /// A place in memory of its own.
    pub(super) fn memory() -> Place {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Place::Memory(format!("file:/runwisp-history-{number}?vfs=memdb"))
    }
}

/// A file's identity: another one under the same name is noticed by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// The identity of what the path names now.
    pub(super) fn of(path: &Path) -> Option<Identity> {
        let meta = fs::metadata(path).ok()?;
        Some(Identity {
            device: meta.dev(),
            inode: meta.ino(),
        })
    }
}

/// The newest format this version knows.
pub(super) fn newest_format() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Opens the database for the writer: makes it where there is none, brings it to the newest format, and makes sure
/// that it can be written.
pub(super) fn open_writer(place: &Place) -> Result<Connection, StoreError> {
    let mut db = match place {
        Place::File(path) => {
            refuse_truncated(path)?;
            Connection::open(path)?
        }
        Place::Memory(name) => Connection::open(name)?,
    };
    db.busy_timeout(BUSY_WRITER)?;
    refuse_newer(&db, place)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "journal_size_limit", 16 * 1024 * 1024)?;
    db.pragma_update(None, "foreign_keys", false)?;
    if matches!(place, Place::Memory(_)) {
        db.pragma_update(None, "max_page_count", MEMORY_PAGES)?;
    }
    migrate(&mut db)?;
    // A database on a read-only file system opens; only a wish to write tells.
    db.execute_batch("BEGIN IMMEDIATE; ROLLBACK")?;
    Ok(db)
}

/// Opens the database for queries. It must be there already.
pub(super) fn open_reader(place: &Place) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = match place {
        Place::File(path) if !path.exists() => return Err(StoreError::Absent(path.clone())),
        // Not read-only: a reader of a write-ahead log shares its index, which is a file it may have to make.
        Place::File(path) => Connection::open_with_flags(path, flags)?,
        Place::Memory(name) => Connection::open_with_flags(name, flags)?,
    };
    db.busy_timeout(BUSY_READER)?;
    refuse_newer(&db, place)?;
    db.pragma_update(None, "query_only", true)?;
    Ok(db)
}

/// Opens a database file as it lies there, without its write-ahead log and without writing anything, not even beside
/// it: for a file system that is read-only.
pub(super) fn open_immutable(path: &Path) -> Result<Connection, StoreError> {
    let escaped = path
        .to_string_lossy()
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(
        format!("file:{escaped}?immutable=1"),
        flags,
    )?)
}

/// Opens what is left of a damaged database, to read what can be read; it stays as it is. The wish to write the schema,
/// which nobody here has, is what makes SQLite look at a file that is shorter than it should be.
pub(super) fn open_damaged(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    db.pragma_update(None, "writable_schema", true)?;
    Ok(db)
}

/// The format of a database; 0 for one that is empty.
pub(super) fn format_of(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn refuse_newer(db: &Connection, place: &Place) -> Result<(), StoreError> {
    let found = format_of(db)?;
    if found <= newest_format() {
        return Ok(());
    }
    let path = match place {
        Place::File(path) => path.clone(),
        Place::Memory(name) => name.into(),
    };
    Err(StoreError::Newer {
        path,
        found,
        known: newest_format(),
    })
}

/// A file shorter than its own header says has lost its end. SQLite would notice only when it needs the missing part.
fn refuse_truncated(path: &Path) -> Result<(), StoreError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push("-wal");
    if fs::metadata(&beside).is_ok_and(|wal| wal.len() > 0) {
        // The write-ahead log may hold what the file lacks.
        return Ok(());
    }
    let mut header = [0u8; 100];
    let Ok(file) = fs::File::open(path) else {
        return Ok(());
    };
    let length = match file.metadata() {
        Ok(meta) if meta.is_file() => meta.len(),
        _ => 0,
    };
    if length == 0 {
        return Ok(());
    }
    let torn = match std::os::unix::fs::FileExt::read_exact_at(&file, &mut header, 0) {
        Err(_) => true,
        Ok(()) => {
            let page = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
                1 => 65536,
                size => size,
            };
            let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
            length < page * u64::from(pages)
        }
    };
    if !torn {
        return Ok(());
    }
    Err(StoreError::Sqlite(rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
        Some("the file is shorter than its header says".to_owned()),
    )))
}

fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let found = format_of(db)?;
    for (format, script) in (1..).zip(MIGRATIONS) {
        if format > found {
            let transaction = db.transaction()?;
            transaction.execute_batch(script)?;
            transaction.pragma_update(None, "user_version", format)?;
            transaction.commit()?;
        }
    }
    Ok(())
}
