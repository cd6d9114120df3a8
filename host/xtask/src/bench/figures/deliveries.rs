//! Messages through a webhook: the daemon, its outbox, the plugin and a web server on this machine.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use crate::bench::place::Place;
use crate::bench::stamps;
use crate::bench::subjects::{Fleet, Subject, client};

/// A server that takes every message with 200, once it is told to.
#[derive(Default)]
struct Sink {
    state: Mutex<State>,
    opened: Condvar,
}

#[derive(Default)]
struct State {
    open: bool,
    came: usize,
}

/// As many tasks that fail as there are messages to send. While they fail the server holds the first message back; from
/// when it answers until the last message has come is what is measured.
pub(super) fn webhook(subject: &dyn Subject, place: &Place, quick: bool) -> Result<String, String> {
    let count = if quick { 200 } else { 2000 };
    let failed = |e: io::Error| format!("could not serve: {e}");
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let sink = Arc::new(Sink::default());
    let accepting = Arc::clone(&sink);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sink = Arc::clone(&accepting);
            std::thread::spawn(move || sink.serve(stream));
        }
    });
    let mut ours = format!(
        "[notifiers.hook]\ntype = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\n\
         [[route]]\nevents = [\"run.failed\"]\nnotifiers = [\"hook\"]\n"
    );
    for n in 0..count {
        let _ = writeln!(ours, "[tasks.t{n}]\nrun = [\"false\"]");
    }
    let fleet = Fleet {
        ours,
        ..Fleet::default()
    };
    subject.prepare(place, &fleet)?;
    let _child = subject.start(place)?;
    stamps::until("the daemon", || {
        client(place, &["status"]).is_ok_and(|mut c| c.status().is_ok_and(|s| s.success()))
    })?;
    let status = client(place, &["start", "t*", "--no-wait"])?.status();
    if !status.is_ok_and(|status| status.success()) {
        return Err("could not start the tasks".into());
    }
    stamps::until("all messages to wait", || decided(place) >= count)?;
    let before = sink.open();
    let began = Instant::now();
    stamps::until("all messages", || sink.came() >= count)?;
    let seconds = began.elapsed().as_secs_f64();
    Ok(format!("{:.0}/s", (count - before) as f64 / seconds))
}

/// How many messages the daemon has on their way.
fn decided(place: &Place) -> usize {
    let Ok(mut command) = client(place, &["deliveries", "--json", "-n", "10000"]) else {
        return 0;
    };
    let output = command.stdout(std::process::Stdio::piped()).output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    text.matches("\"event_id\"").count()
}

impl Sink {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn came(&self) -> usize {
        self.state().came
    }

    /// Answers from now on; how many had come before.
    fn open(&self) -> usize {
        let mut state = self.state();
        state.open = true;
        self.opened.notify_all();
        state.came
    }

    /// One request after the other, until the other side has enough.
    fn serve(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let Ok(mut answers) = stream.try_clone() else {
            return;
        };
        let mut requests = BufReader::new(stream);
        while let Ok(true) = read_request(&mut requests) {
            let mut state = self.state();
            state.came += 1;
            while !state.open {
                let waited = self.opened.wait(state);
                state = waited.unwrap_or_else(PoisonError::into_inner);
            }
            drop(state);
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            if answers.write_all(answer).is_err() {
                return;
            }
        }
    }
}

/// Reads a request with a body of a given length. False at the end.
fn read_request(stream: &mut impl BufRead) -> io::Result<bool> {
    let mut length = 0;
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(said) = line.strip_prefix("content-length:") {
            length = said.trim().parse().unwrap_or(0);
        }
    }
    io::copy(&mut stream.take(length), &mut io::sink())?;
    Ok(true)
}
