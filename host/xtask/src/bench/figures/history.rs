//! What it costs to look back: lists over a long history, words in long logs.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::followers::Served;
use crate::bench::place::{Place, child};
use crate::bench::stamps::{self, length};
use crate::bench::subjects::{Fleet, Subject, client};

/// Units among which the history is spread.
const UNITS: usize = 100;

/// 1,000 lists of 50 runs, each over its own connection, with and without filters: the 99th percentile.
pub(super) fn queries(subject: &dyn Subject, place: &Place, quick: bool) -> Result<String, String> {
    fill(subject, place, rows(quick))?;
    let _child = start(subject, place)?;
    lists(|path| get(&place.path("data/runwisp.sock"), path))
}

/// The same over TCP, where each request is let in by its token.
pub(super) fn queries_by_tcp(
    subject: &dyn Subject,
    place: &Place,
    quick: bool,
) -> Result<String, String> {
    fill(subject, place, rows(quick))?;
    let served = Served::start(place)?;
    lists(|path| {
        let mut stream = served.ask(path, "Connection: close\r\n")?;
        let mut text = String::new();
        stream
            .read_to_string(&mut text)
            .map_err(|e| format!("could not read {path}: {e}"))?;
        whole(path, text)
    })
}

fn rows(quick: bool) -> usize {
    if quick { 100_000 } else { 1_000_000 }
}

/// An answer that says that it worked.
fn whole(path: &str, text: String) -> Result<String, String> {
    match text.starts_with("HTTP/1.1 200") {
        true => Ok(text),
        false => Err(format!(
            "{path}: {}",
            text.lines().next().unwrap_or_default()
        )),
    }
}

fn lists(ask: impl Fn(&str) -> Result<String, String>) -> Result<String, String> {
    let filters = [
        "",
        "&unit=t7",
        "&unit=t0&outcome=failed",
        "&outcome=succeeded",
        "&unit=t1*&outcome=succeeded",
        "&state=running",
    ];
    let mut lengths = Vec::new();
    for n in 0..1000 {
        let path = format!("/api/v1/runs?limit=50{}", filters[n % filters.len()]);
        let begin = Instant::now();
        ask(&path)?;
        lengths.push(begin.elapsed().as_nanos());
    }
    lengths.sort_unstable();
    Ok(format!(
        "{} (median {})",
        length(lengths[989]),
        length(lengths[500])
    ))
}

/// Runs each unit once, so that rows as they really are can be copied into the past.
fn fill(subject: &dyn Subject, place: &Place, rows: usize) -> Result<(), String> {
    let mut ours = String::new();
    for n in 0..UNITS {
        let _ = writeln!(
            ours,
            "[tasks.t{n}]\nrun = \"{}\"",
            if n == 0 { "false" } else { "true" }
        );
    }
    subject.prepare(
        place,
        &Fleet {
            ours,
            ..Fleet::default()
        },
    )?;
    let mut daemon = start(subject, place)?;
    let started = client(place, &["start", "t*", "--no-wait"])?.status();
    if !started.is_ok_and(|status| status.success()) {
        return Err("could not start the tasks".into());
    }
    let ended = || {
        get(
            &place.path("data/runwisp.sock"),
            "/api/v1/runs?limit=1000&state=ended",
        )
        .is_ok_and(|text| text.matches("\"execution_id\"").count() == UNITS)
    };
    stamps::until("one run of each task", ended)?;
    subject.stop(place, &daemon)?;
    daemon
        .wait()
        .map_err(|e| format!("could not wait for the daemon: {e}"))?;
    let database = database(&place.path("data")).ok_or("there is no database")?;
    sqlite(&database, &copies(rows))
}

/// SQL that copies the rows that are there into `rows` minutes of the past, a minute apart, with ids that fit.
fn copies(rows: usize) -> String {
    let now = stamps::now() / 1_000_000;
    let mut sql = String::from("BEGIN; CREATE TEMP TABLE ids (n INTEGER PRIMARY KEY, id BLOB);\n");
    let mut noise = 0x9E37_79B9_7F4A_7C15_u64;
    for n in 1..=rows {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        let ms = now - (rows - n + 1) as u128 * 60_000;
        let separator = if n % 1000 == 1 {
            "INSERT INTO ids VALUES "
        } else {
            ","
        };
        let _ = write!(
            sql,
            "{separator}({n},X'{ms:012x}{:04x}{noise:016x}')",
            n % 65_536
        );
        if n % 1000 == 0 {
            sql.push_str(";\n");
        }
    }
    let _ = write!(
        sql,
        "CREATE TEMP TABLE first AS SELECT row_number() OVER (ORDER BY id) - 1 AS place, * FROM runs;
         INSERT INTO runs (id, unit, kind, instance, attempt, execution_id, trigger, state, outcome, exit_code, signal,
           pid, scheduled_at, created_at, started_at, ended_at, duration, max_rss_bytes, cpu, log_bytes, log_dropped_bytes, message)
         SELECT ids.id, unit, kind, instance, attempt, execution_id, trigger, state, outcome, exit_code, signal,
           pid, scheduled_at, created_at - ({rows} - n + 1) * 60000000, started_at - ({rows} - n + 1) * 60000000,
           ended_at - ({rows} - n + 1) * 60000000, duration, max_rss_bytes, cpu, log_bytes, log_dropped_bytes, message
         FROM ids JOIN first ON first.place = ids.n % {UNITS};
         COMMIT;"
    );
    sql
}

fn database(data: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(data)
        .ok()?
        .flatten()
        .map(|entry| entry.path());
    let is_database = |path: &PathBuf| {
        let mut first = [0; 15];
        std::fs::File::open(path)
            .and_then(|mut file| file.read_exact(&mut first))
            .is_ok()
            && first == *b"SQLite format 3"
    };
    files.filter(|path| path.is_file()).find(is_database)
}

fn sqlite(database: &Path, sql: &str) -> Result<(), String> {
    let shell = Command::new("sqlite3")
        .arg("-bail")
        .arg(database)
        .stdin(Stdio::piped())
        .spawn();
    let mut shell =
        shell.map_err(|e| format!("could not run sqlite3, which fills the history: {e}"))?;
    if let Some(mut stdin) = shell.stdin.take() {
        stdin
            .write_all(sql.as_bytes())
            .map_err(|e| format!("could not write to sqlite3: {e}"))?;
    }
    match shell.wait() {
        Ok(status) if status.success() => Ok(()),
        _ => Err("sqlite3 could not fill the history".into()),
    }
}

fn start(subject: &dyn Subject, place: &Place) -> Result<Child, String> {
    let child = subject.start(place)?;
    stamps::until("the daemon", || {
        get(&place.path("data/runwisp.sock"), "/api/v1/status").is_ok()
    })?;
    Ok(child)
}

/// The answer to a GET, headers and all.
fn get(socket: &Path, path: &str) -> Result<String, String> {
    let mut stream = UnixStream::connect(socket).map_err(|e| format!("could not connect: {e}"))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut text = String::new();
    stream
        .write_all(request.as_bytes())
        .and_then(|()| stream.read_to_string(&mut text))
        .map_err(|e| format!("could not ask for {path}: {e}"))?;
    whole(path, text)
}

/// 1 GiB of one task's log, searched for a word that one line in a hundred thousand holds, once it is in the page cache.
pub(super) fn search(subject: &dyn Subject, place: &Place, quick: bool) -> Result<String, String> {
    let bytes: u64 = if quick { 100 << 20 } else { 1 << 30 };
    let argv = [child(), "needles".into(), bytes.to_string()];
    subject.prepare(
        place,
        &Fleet {
            ours: format!("[tasks.hay]\nrun = {argv:?}\n"),
            ..Fleet::default()
        },
    )?;
    let _child = start(subject, place)?;
    let run = client(place, &["run", "hay"])?
        .stdout(Stdio::null())
        .status();
    if !run.is_ok_and(|status| status.success()) {
        return Err("could not run the task".into());
    }
    let mut best = f64::MAX;
    for _ in 0..5 {
        let begin = Instant::now();
        let output = client(place, &["search", "needle", "--json"])?
            .stdout(Stdio::piped())
            .output();
        let output = output.map_err(|e| format!("could not search: {e}"))?;
        best = best.min(begin.elapsed().as_secs_f64());
        if !String::from_utf8_lossy(&output.stdout).contains("needle") {
            return Err("the word is not found".into());
        }
    }
    Ok(format!(
        "{:.2} GiB/s",
        bytes as f64 / (1u64 << 30) as f64 / best
    ))
}
