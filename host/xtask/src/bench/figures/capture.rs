//! Output that is moved from a child to its log.

use std::fs;
use std::path::Path;

use crate::bench::place::{Place, child};
use crate::bench::subjects::{Fleet, Subject};
use crate::bench::{proc, stamps};

const GIB: u64 = 1 << 30;

/// One child prints 1 GiB as fast as it is taken; the rate until the last byte was taken, the supervisor's own processor
/// time, and whether every byte is in a file.
pub(super) fn flood(subject: &dyn Subject, place: &Place, quick: bool) -> Result<String, String> {
    let bytes = if quick { GIB / 10 } else { GIB } / (64 * 1024) * (64 * 1024);
    let stamps_file = place.text("stamps");
    subject.prepare(
        place,
        &Fleet::same(1, &[&child(), "flood", &stamps_file, &bytes.to_string()]),
    )?;
    let _child = subject.start(place)?;
    let file = place.path("stamps");
    let begin = stamps::wait(&file, "up", 1)?[0];
    let before = proc::cpu(&proc::own(place));
    let end = stamps::wait(&file, "end", 1)?[0];
    let seconds = end.saturating_sub(begin) as f64 / 1e9;
    // The last of it may still be on its way; what does not come in a while was dropped.
    let complete = stamps::until_for(std::time::Duration::from_secs(20), || {
        logged(place.dir()) >= bytes
    });
    let cpu = proc::cpu(&proc::own(place)) - before;
    let mib = bytes as f64 / (1024.0 * 1024.0);
    let rate = mib / seconds;
    let per_gib = cpu * GIB as f64 / bytes as f64;
    let lost = if complete { "" } else { ", bytes lost" };
    Ok(format!("{rate:.0} MiB/s, {per_gib:.2} CPU-s{lost}"))
}

/// Bytes in all files that hold the flood: anything but what the supervisor says itself.
fn logged(folder: &Path) -> u64 {
    let mut total = 0;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            total += logged(&path);
        } else if path.is_file() && fs::File::open(&path).is_ok_and(begins_like_a_flood) {
            total += entry.metadata().map_or(0, |meta| meta.len());
        }
    }
    total
}

fn begins_like_a_flood(mut file: fs::File) -> bool {
    use std::io::Read;
    let mut first = [0; 8];
    file.read_exact(&mut first).is_ok() && first == *b"xxxxxxxx"
}
