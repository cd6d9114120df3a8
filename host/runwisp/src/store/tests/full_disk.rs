//! A disk that is full, for real: a small file system in memory, which only root can mount.

use std::process::Command;

use super::*;
use crate::store::Health;

/// A file system of one megabyte; taken down when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// None where this process may not mount; says so.
    fn mount() -> Option<SmallDisk> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(dir.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(SmallDisk(dir));
        }
        skipped("mounting a file system needs root");
        None
    }
}

/// The one line that tells why a test had nothing to do.
fn skipped(why: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_stops_no_run_and_loses_no_row() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let dir = disk.0.path();
    let (store, told) = open_in(dir).unwrap();
    store.writer.send([confirmed(ended("u", 0))]);
    assert_eq!(next_confirmation(&told).1, Kept::Disk);
    let flood = dir.join("flood");
    let _ = std::fs::write(&flood, vec![0; 2 << 20]);
    let mut runs = 1;
    // The write-ahead log may have room left in its last block.
    loop {
        store.writer.send([confirmed(ended("u", runs))]);
        runs += 1;
        if next_confirmation(&told).1 == Kept::Memory {
            break;
        }
    }
    assert!(matches!(store.writer.health(), Health::Degraded(_)));
    std::fs::remove_file(&flood).unwrap();
    let well = |news: &Told| *news == Told::Health(Health::Ok);
    while !well(&told.recv_timeout(LONG).unwrap()) {}
    assert!(store.writer.flush(LONG));
    assert_eq!(store.queries.counts().unwrap().runs, runs);
}

#[test]
fn a_disk_full_from_the_start_is_a_history_in_memory() {
    let Some(disk) = SmallDisk::mount() else {
        return;
    };
    let _ = std::fs::write(disk.0.path().join("flood"), vec![0; 2 << 20]);
    let (store, told) = open_in(disk.0.path()).unwrap();
    assert_eq!(store.notices.len(), 1);
    store.writer.send([confirmed(ended("u", 0))]);
    assert_eq!(next_confirmation(&told).1, Kept::Memory);
    assert_eq!(store.queries.counts().unwrap().runs, 1);
}
