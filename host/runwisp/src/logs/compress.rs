//! Finished logs, made small: zstd in frames of their own, so that reading can begin anywhere.
//!
//! Crash-safe: the new file is complete and synced before it gets its name, and has its name before the old one is
//! removed. Whoever finds both reads the raw one. The result is an ordinary `.zst` that `zstdcat` reads too.
//!
//! Tests are in `tests/sweeping.rs`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use runwisp_core::words::ids::{RunId, UnitName};
use zeekstd::{EncodeOptions, FrameSizePolicy};

use super::error::LogError;
use super::paths::{Names, TEMPORARY_SUFFIX};

/// Bytes of log in one frame: the most that has to be decoded to read one line.
const FRAME: u32 = 512 * 1024;

/// Compresses what is raw of a run's log; the run must have ended. Returns the bytes that were saved.
pub fn compress(data: &Path, unit: &UnitName, run: RunId) -> Result<u64, LogError> {
    let names = Names::new(data, unit, run)?;
    let mut saved = 0;
    for previous in [true, false] {
        let raw = names.log(previous);
        let small = names.compressed(previous);
        match compress_file(&raw, &small) {
            Ok(bytes) => saved += bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(LogError::io(format!(
                    "{} could not be compressed",
                    raw.display()
                ))(error));
            }
        }
    }
    Ok(saved)
}

fn compress_file(raw: &Path, small: &Path) -> io::Result<u64> {
    let input = File::open(raw)?;
    let size = input.metadata()?.len();
    let mut temporary = small.as_os_str().to_owned();
    temporary.push(TEMPORARY_SUFFIX);
    let temporary = Path::new(&temporary);
    let written = write_compressed(input, temporary).and_then(|read| match read == size {
        true => fs::rename(temporary, small),
        false => Err(io::Error::other("it is still being written")),
    });
    if let Err(error) = written {
        let _ = fs::remove_file(temporary);
        return Err(error);
    }
    // The directory holds the new name before the old one goes.
    if let Some(dir) = small.parent() {
        File::open(dir)?.sync_all()?;
    }
    fs::remove_file(raw)?;
    let now = fs::metadata(small)?.len();
    Ok(size.saturating_sub(now))
}

/// Writes and syncs the compressed file; returns how many bytes went in.
fn write_compressed(mut input: File, path: &Path) -> io::Result<u64> {
    let failed = |error: zeekstd::Error| io::Error::other(error.to_string());
    let output = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    let mut encoder = EncodeOptions::new()
        .frame_size_policy(FrameSizePolicy::Uncompressed(FRAME))
        .checksum_flag(true)
        .into_encoder(&output)
        .map_err(failed)?;
    let mut block = vec![0; 256 * 1024];
    let mut size = 0;
    loop {
        match input.read(&mut block) {
            Ok(0) => break,
            Ok(read) => {
                size += read as u64;
                let mut rest = &block[..read];
                while !rest.is_empty() {
                    let taken = encoder.compress(rest).map_err(failed)?;
                    rest = &rest[taken..];
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    encoder.finish().map_err(failed)?;
    output.sync_all()?;
    Ok(size)
}
