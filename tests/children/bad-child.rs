//! A child with bad manners on demand, for what a shell is too slow or too tidy to do.
//!
//! Verbs: `count` (numbered lines on one or both streams until SIGTERM), `flood BYTES`, `endless BYTES`, `exit-after MS
//! CODE`, `die-after MS SIGNAL`, `eat BYTES` (of memory, each page written to, then leaves), `notify FIFO` (READY=1 once the fifo is written to, then waits).
//!
//! Invariant: prints nothing but what its verb says, so that a test can account for every byte.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixDatagram;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{self, SigHandler, Signal};

static ASKED_TO_STOP: AtomicBool = AtomicBool::new(false);

extern "C" fn note(_: i32) {
    ASKED_TO_STOP.store(true, Ordering::Relaxed);
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["count"] => count(None),
        ["count", per_second] => count(per_second.parse().ok()),
        ["flood", bytes] => flood(number(bytes), true),
        ["endless", bytes] => flood(number(bytes), false),
        ["exit-after", ms, code] => {
            thread::sleep(Duration::from_millis(number(ms)));
            return ExitCode::from(u8::try_from(number(code)).unwrap_or(255));
        }
        ["eat", bytes] => {
            let eaten = vec![1u8; usize::try_from(number(bytes)).unwrap_or(usize::MAX)];
            return ExitCode::from(u8::from(std::hint::black_box(eaten).is_empty()));
        }
        ["die-after", ms, number_of_signal] => die_after(number(ms), number(number_of_signal)),
        ["notify", fifo] => notify(fifo),
        _ => return ExitCode::from(64),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(74),
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

/// Without a rate: `1`, `2`, … on standard output, one write each, as fast as they go. With a rate: the same on both
/// streams. After SIGTERM each stream ends with `last N`, so that a cut-off end shows.
fn count(per_second: Option<u64>) -> io::Result<()> {
    // SAFETY: the handler only stores to an atomic, which is allowed in a signal handler.
    unsafe { signal::signal(Signal::SIGTERM, SigHandler::Handler(note)) }?;
    match per_second {
        None => count_on(io::stdout(), None),
        Some(_) => {
            let other = thread::spawn(move || count_on(io::stderr(), per_second));
            count_on(io::stdout(), per_second)?;
            other
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the other stream panicked")))
        }
    }
}

fn count_on(mut stream: impl Write, per_second: Option<u64>) -> io::Result<()> {
    // Bursts ten times a second: between them the pipe runs empty, within them it runs full.
    let burst = per_second.map(|rate| (rate / 10).max(1));
    let mut n = 0u64;
    while !ASKED_TO_STOP.load(Ordering::Relaxed) {
        n += 1;
        write_whole(&mut stream, format!("{n}\n").as_bytes())?;
        if burst.is_some_and(|burst| n.is_multiple_of(burst)) {
            thread::sleep(Duration::from_millis(100));
        }
    }
    write_whole(&mut stream, format!("last {n}\n").as_bytes())
}

/// One write(2) per line: standard output of Rust would gather lines, so it is flushed each time.
fn write_whole(stream: &mut impl Write, line: &[u8]) -> io::Result<()> {
    stream.write_all(line)?;
    stream.flush()
}

/// So many bytes as fast as they go: lines of 64 bytes, or one single line.
fn flood(bytes: u64, lines: bool) -> io::Result<()> {
    let mut block = vec![b'x'; 64 * 1024];
    if lines {
        block
            .iter_mut()
            .skip(63)
            .step_by(64)
            .for_each(|byte| *byte = b'\n');
    }
    let mut stdout = io::stdout().lock();
    let mut left = bytes;
    while left > 0 {
        let now = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
        stdout.write_all(&block[..now])?;
        left -= now as u64;
    }
    stdout.flush()
}

fn die_after(ms: u64, number_of_signal: u64) -> io::Result<()> {
    thread::sleep(Duration::from_millis(ms));
    let which = i32::try_from(number_of_signal)
        .ok()
        .and_then(|n| Signal::try_from(n).ok());
    signal::raise(which.ok_or(io::ErrorKind::InvalidInput)?)?;
    Ok(())
}

/// A child of `ready = "notify"`: waits for a line in the fifo, says READY=1 and what it does, and waits for its end.
fn notify(fifo: &str) -> io::Result<()> {
    let mut line = String::new();
    BufReader::new(std::fs::File::open(fifo)?).read_line(&mut line)?;
    let path = std::env::var_os("NOTIFY_SOCKET").ok_or(io::ErrorKind::NotFound)?;
    let path = path.to_string_lossy().into_owned();
    let socket = UnixDatagram::unbound()?;
    let text = format!("READY=1\nSTATUS=heard {}", line.trim());
    match path.strip_prefix('@') {
        None => socket.send_to(text.as_bytes(), &path).map(drop)?,
        Some(name) => {
            use std::os::linux::net::SocketAddrExt;
            let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
            socket.send_to_addr(text.as_bytes(), &address).map(drop)?;
        }
    }
    loop {
        thread::park();
    }
}
