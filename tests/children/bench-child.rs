//! What `cargo xtask bench` lets every supervisor run: children that write down, by the wall clock, when they were there.
//!
//! Verbs: `up FILE` (stays), `once FILE` (ends at once), `life FILE MS` (dies by SIGKILL after a while), `slow-stop FILE
//! MS` (takes so long to leave), `bare LIST` (forks and executes the commands of a list, and again when they end), `flood FILE BYTES` (prints so much, then stays), `needles BYTES` (prints lines of a log
//! of which one in a hundred thousand holds `needle`, and ends).
//!
//! Each stamp is one line `WORD NANOSECONDS`, appended in one write, so that many may share a file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::sys::signal::{self, SigSet, Signal};
use nix::sys::wait::wait;
use nix::unistd::{Pid, setsid};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["up", file] => stamp(file, "up").map(|()| stay()),
        ["once", file] => stamp(file, "up"),
        ["life", file, ms] => life(file, number(ms)),
        ["slow-stop", file, ms] => slow_stop(file, number(ms)),
        ["bare", list] => bare(list),
        ["flood", file, bytes] => flood(file, number(bytes)),
        ["needles", bytes] => needles(number(bytes)),
        _ => return ExitCode::from(64),
    };
    if result.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(74)
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

fn stamp(file: &str, word: &str) -> io::Result<()> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let line = format!("{word} {}\n", now.as_nanos());
    File::options()
        .create(true)
        .append(true)
        .open(file)?
        .write_all(line.as_bytes())
}

fn stay() {
    loop {
        thread::park();
    }
}

fn life(file: &str, ms: u64) -> io::Result<()> {
    stamp(file, "up")?;
    thread::sleep(Duration::from_millis(ms));
    stamp(file, "end")?;
    signal::raise(Signal::SIGKILL)?;
    Ok(())
}

fn slow_stop(file: &str, ms: u64) -> io::Result<()> {
    let mut asked = SigSet::empty();
    asked.add(Signal::SIGTERM);
    asked.add(Signal::SIGINT);
    asked.thread_block()?;
    stamp(file, "up")?;
    asked.wait()?;
    thread::sleep(Duration::from_millis(ms));
    stamp(file, "end")
}

/// What a supervisor can't do without, and nothing else: pipes, fork, exec, wait.
fn bare(list: &str) -> io::Result<()> {
    let text = std::fs::read_to_string(list)?;
    let mut living = HashMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        living.insert(begin(&words)?, words);
    }
    while let Ok(status) = wait() {
        let ended = status.pid().map(Pid::as_raw).unwrap_or_default();
        if let Some(words) = living.remove(&ended) {
            living.insert(begin(&words)?, words);
        }
    }
    Ok(())
}

/// Forks and executes; nobody reads what is printed.
fn begin(words: &[&str]) -> io::Result<i32> {
    let (program, args) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    // SAFETY: setsid(2) may be called between fork and exec. With it, std forks as a supervisor has to.
    unsafe { command.pre_exec(|| setsid().map(drop).map_err(io::Error::from)) };
    let child = command.spawn()?;
    let pid = i32::try_from(child.id()).unwrap_or_default();
    // The pipes stay open.
    std::mem::forget(child);
    Ok(pid)
}

fn flood(file: &str, bytes: u64) -> io::Result<()> {
    let mut block = vec![b'x'; 64 * 1024];
    block
        .iter_mut()
        .skip(63)
        .step_by(64)
        .for_each(|byte| *byte = b'\n');
    let mut stdout = io::stdout().lock();
    stamp(file, "up")?;
    for _ in 0..bytes.div_ceil(block.len() as u64) {
        stdout.write_all(&block)?;
    }
    stdout.flush()?;
    stamp(file, "end")?;
    stay();
    Ok(())
}

fn needles(bytes: u64) -> io::Result<()> {
    let mut stdout = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut printed = 0;
    let mut n = 0u64;
    while printed < bytes {
        n += 1;
        let word = if n.is_multiple_of(100_000) {
            "needle"
        } else {
            "hay"
        };
        let line = format!(
            "2026-01-01T00:00:00Z INFO request id={n} path=/api/v1/items status=200 word={word} took=12ms\n"
        );
        printed += line.len() as u64;
        stdout.write_all(line.as_bytes())?;
    }
    stdout.flush()
}
