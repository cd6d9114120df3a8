//! What it costs to be followed: a thousand readers of events that keep up, and ten that do not.
//!
//! Readers are threads of this process, on the same cores as the daemon, so what they take is in the figures too.

use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::bench::place::{Place, child};
use crate::bench::proc;
use crate::bench::stamps::{self, length};
use crate::bench::subjects::{Fleet, Subject, client};

/// Readers that never read.
const SLOW: usize = 10;

/// Floods alone, and floods with readers: short ones, because the kernel slows down who has filled its memory.
const FLOODS: usize = 5;

const MIB: u64 = 1 << 20;
const DAY: u128 = 86_400_000_000_000;

/// A daemon that serves HTTP over TCP, and a token to ask it with.
pub(super) struct Served {
    pub(super) port: u16,
    pub(super) token: String,
    _daemon: Child,
}

impl Served {
    /// Starts it in a place that has its configuration.
    pub(super) fn start(place: &Place) -> Result<Served, String> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.map_err(|e| format!("no port is free: {e}"))?.port();
        let address = format!("127.0.0.1:{port}");
        let daemon = client(place, &["daemon", "--listen", &address])?.spawn();
        let daemon = daemon.map_err(|e| format!("could not start the daemon: {e}"))?;
        stamps::until("the daemon", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        })?;
        let made = client(place, &["token", "create", "bench"])?
            .stdout(Stdio::piped())
            .output();
        let made = made.map_err(|e| format!("could not make a token: {e}"))?;
        let text = String::from_utf8_lossy(&made.stdout).into_owned();
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c));
        let token = words.find(|word| word.starts_with("rwt_"));
        Ok(Served {
            port,
            token: token.ok_or("there is no token in the answer")?.to_owned(),
            _daemon: daemon,
        })
    }

    /// A connection on which this path was asked for.
    pub(super) fn ask(&self, path: &str, headers: &str) -> Result<TcpStream, String> {
        let (port, token) = (self.port, &self.token);
        let mut stream = TcpStream::connect(("127.0.0.1", port))
            .map_err(|e| format!("could not connect: {e}"))?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n{headers}\r\n"
        );
        stream
            .write_all(request.as_bytes())
            .map_err(|e| format!("could not ask for {path}: {e}"))?;
        Ok(stream)
    }
}

/// Capture alone and with all readers, how late events reach those who read, and what each takes of the daemon.
pub(super) fn subscribers(
    subject: &dyn Subject,
    place: &Place,
    quick: bool,
) -> Result<String, String> {
    let (readers, megabytes) = if quick { (100, 16) } else { (1000, 64) };
    let bytes = megabytes * MIB;
    let (program, file) = (child(), place.text("stamps"));
    // The child stays when it has printed all, so each flood is a task of its own.
    let flood_by =
        |n| format!("[tasks.flood{n}]\nrun = [{program:?}, \"flood\", {file:?}, \"{bytes}\"]\n");
    let tasks = (1..=2 * FLOODS).map(flood_by).collect::<String>();
    let ours = format!("{tasks}[tasks.tick]\nrun = \"true\"\n");
    let fleet = Fleet {
        ours,
        ..Fleet::default()
    };
    subject.prepare(place, &fleet)?;
    let served = Served::start(place)?;
    let own = proc::own(place);
    let alone = floods(place, 1, bytes)?;
    let before = proc::pss(&own);
    let (seen, lags) = channel();
    for n in 0..readers {
        // The first few say when events came; the others only read.
        read_events(&served, (n < 20).then(|| seen.clone()))?;
    }
    let mut asleep = Vec::new();
    for _ in 0..SLOW {
        asleep.push(events(&served)?);
    }
    let each = proc::pss(&own).saturating_sub(before) / (readers + SLOW) as u64;
    let together = floods(place, 1 + FLOODS, bytes)?;
    let lags = ticks(place, &lags, if quick { 20 } else { 200 })?;
    drop(asleep);
    let at = |share: usize| length(lags[(lags.len() - 1) * share / 100]);
    Ok(format!(
        "capture {alone:.0} → {together:.0} MiB/s; delivered after {} (p99 {}); {} kB each",
        at(50),
        at(99),
        each / 1000
    ))
}

/// The median rate of as many floods, from this one on.
fn floods(place: &Place, from: usize, bytes: u64) -> Result<f64, String> {
    let rates = (from..from + FLOODS).map(|n| flood(place, n, bytes));
    let mut rates = rates.collect::<Result<Vec<f64>, String>>()?;
    rates.sort_by(f64::total_cmp);
    Ok(rates[FLOODS / 2])
}

/// The rate at which the `n`th flood was taken, MiB/s.
fn flood(place: &Place, n: usize, bytes: u64) -> Result<f64, String> {
    run(place, &format!("flood{n}"))?;
    let file = place.path("stamps");
    let end = stamps::wait(&file, "end", n)?[n - 1];
    let begin = stamps::wait(&file, "up", n)?[n - 1];
    let seconds = end.saturating_sub(begin) as f64 / 1e9;
    Ok(bytes as f64 / MIB as f64 / seconds)
}

fn run(place: &Place, task: &str) -> Result<(), String> {
    let ran = client(place, &["start", task, "--no-wait"])?
        .stdout(Stdio::null())
        .status();
    match ran.is_ok_and(|status| status.success()) {
        true => Ok(()),
        false => Err(format!("could not start {task}")),
    }
}

/// Runs a task so many times, and gives how late its events came, in order of size.
fn ticks(place: &Place, lags: &Receiver<u128>, count: usize) -> Result<Vec<u128>, String> {
    // What came before is about the flood.
    while lags.recv_timeout(Duration::from_secs(1)).is_ok() {}
    for _ in 0..count {
        run(place, "tick")?;
    }
    let mut found = Vec::new();
    while let Ok(lag) = lags.recv_timeout(Duration::from_secs(2)) {
        found.push(lag);
    }
    found.sort_unstable();
    match found.is_empty() {
        true => Err("no event came".into()),
        false => Ok(found),
    }
}

/// A connection that has begun to follow.
fn events(served: &Served) -> Result<BufReader<TcpStream>, String> {
    let stream = served.ask("/api/v1/events", "Accept: text/event-stream\r\n")?;
    let mut stream = BufReader::with_capacity(1024, stream);
    let mut line = String::new();
    loop {
        line.clear();
        match stream.read_line(&mut line) {
            Ok(n) if n > 0 && line != "\r\n" => {
                if line.starts_with("HTTP/1.1 ") && !line.starts_with("HTTP/1.1 200") {
                    return Err(format!("events are refused: {line}"));
                }
            }
            Ok(n) if n > 0 => return Ok(stream),
            _ => return Err("the answer breaks off".into()),
        }
    }
}

/// Reads until the daemon is gone; says of each event how long after it happened it came.
fn read_events(served: &Served, seen: Option<Sender<u128>>) -> Result<(), String> {
    let mut stream = events(served)?;
    let reader = move || {
        let Some(seen) = seen else {
            let mut bytes = [0; 4096];
            while stream.read(&mut bytes).is_ok_and(|n| n > 0) {}
            return;
        };
        let mut line = String::new();
        while stream.read_line(&mut line).is_ok_and(|n| n > 0) {
            let now = stamps::now();
            if let Some(at) = line.split("\"at\":\"").nth(1).and_then(of_day) {
                // Both within one day; midnight in between is not.
                let _ = seen.send((now % DAY + DAY - at) % DAY);
            }
            line.clear();
        }
    };
    let spawned = thread::Builder::new().stack_size(64 * 1024).spawn(reader);
    spawned
        .map(drop)
        .map_err(|e| format!("no more threads: {e}"))
}

/// The nanosecond of its day of a time such as `2026-11-24T19:26:16.123456Z…`.
fn of_day(text: &str) -> Option<u128> {
    let time = text.split_once('T')?.1.split_once('Z')?.0;
    let mut parts = time.split(':');
    let hours: f64 = parts.next()?.parse().ok()?;
    let minutes: f64 = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next()?.parse().ok()?;
    Some(((hours * 60.0 + minutes) * 60e9 + seconds * 1e9) as u128)
}
