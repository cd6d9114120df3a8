//! From nothing to running.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use crate::bench::place::{Place, child};
use crate::bench::stamps::{self, length, median};
use crate::bench::subjects::{Fleet, Subject, client as ours};

/// From the start of the supervisor's process until the last of 200 children has begun.
pub(super) fn services(
    subject: &dyn Subject,
    place: &Place,
    quick: bool,
) -> Result<String, String> {
    let count = if quick { 20 } else { 200 };
    let stamps_file = place.text("stamps");
    subject.prepare(place, &Fleet::same(count, &[&child(), "up", &stamps_file]))?;
    let begin = stamps::now();
    let _child = subject.start(place)?;
    let times = stamps::wait(&place.path("stamps"), "up", count)?;
    let last = times.iter().max().copied().unwrap_or(begin);
    Ok(length(last.saturating_sub(begin)))
}

/// From exec to READY=1, with one service.
pub(super) fn ready(subject: &dyn Subject, place: &Place, quick: bool) -> Result<String, String> {
    let stamps_file = place.text("stamps");
    subject.prepare(place, &Fleet::same(1, &[&child(), "up", &stamps_file]))?;
    let path = place.path("ready.sock");
    let socket =
        UnixDatagram::bind(&path).map_err(|e| format!("could not bind {}: {e}", path.display()))?;
    let _ = socket.set_read_timeout(Some(Duration::from_secs(30)));
    let mut lengths = Vec::new();
    for _ in 0..if quick { 3 } else { 21 } {
        let mut daemon = ours(place, &["daemon", "--listen", "off"])?;
        let begin = Instant::now();
        let mut daemon = daemon
            .env("NOTIFY_SOCKET", &path)
            .spawn()
            .map_err(|e| format!("could not start: {e}"))?;
        wait_for(&socket, "READY=1")?;
        lengths.push(begin.elapsed().as_nanos());
        subject.stop(place, &daemon)?;
        daemon
            .wait()
            .map_err(|e| format!("could not wait for the daemon: {e}"))?;
        // What it said while it stopped is not of the next start.
        let _ = socket.set_nonblocking(true);
        while socket.recv(&mut [0; 4096]).is_ok() {}
        let _ = socket.set_nonblocking(false);
    }
    Ok(median(lengths).map(length).unwrap_or_default())
}

fn wait_for(socket: &UnixDatagram, line: &str) -> Result<(), String> {
    let mut text = [0u8; 4096];
    loop {
        let n = socket
            .recv(&mut text)
            .map_err(|e| format!("the daemon does not get ready: {e}"))?;
        if String::from_utf8_lossy(&text[..n])
            .lines()
            .any(|found| found == line)
        {
            return Ok(());
        }
    }
}

/// How long a person waits for `runwisp status`.
pub(super) fn client(subject: &dyn Subject, place: &Place, quick: bool) -> Result<String, String> {
    let stamps_file = place.text("stamps");
    subject.prepare(place, &Fleet::same(20, &[&child(), "up", &stamps_file]))?;
    let _child = subject.start(place)?;
    stamps::wait(&place.path("stamps"), "up", 20)?;
    let mut lengths = Vec::new();
    for _ in 0..if quick { 5 } else { 51 } {
        let begin = Instant::now();
        let status = ours(place, &["status", "--json"])?.status();
        lengths.push(begin.elapsed().as_nanos());
        if !status.is_ok_and(|status| status.success()) {
            return Err("status failed".into());
        }
    }
    Ok(median(lengths).map(length).unwrap_or_default())
}
