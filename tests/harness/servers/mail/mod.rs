//! A real mail server: `tests/servers/smtp.py`, with what it was given.
//!
//! Invariant: its process ends with the test, because its standard input does. Tests: `tests` below.

mod said;
#[cfg(test)]
mod tests;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use serde_json::{Value, json};

pub use said::{Login, Mail};

use crate::servers::Authority;
use crate::{PATIENCE, system};

/// A mail server that is answering until it is dropped.
pub struct MailServer {
    process: Child,
    orders: ChildStdin,
    port: u16,
    heard: Arc<Heard>,
}

/// Where in the dialogue.
#[derive(Clone, Copy)]
pub enum Stage {
    /// The greeting.
    Ehlo,
    /// The login.
    Auth,
    /// The sender.
    Mail,
    /// A recipient.
    Rcpt,
    /// The word `DATA`.
    Data,
    /// The message itself, once it was read.
    Message,
}

#[derive(Default)]
struct Heard {
    lines: Mutex<Vec<Value>>,
    changed: Condvar,
}

impl MailServer {
    /// A server without TLS that takes everything.
    pub fn plain() -> MailServer {
        MailServer::start(&["--security", "none"])
    }

    /// The same, offering a login that it requires.
    pub fn plain_with_login(user: &str, password: &str) -> MailServer {
        let login = ["--user", user, "--password", password];
        MailServer::start(&[&["--security", "none"][..], &login].concat())
    }

    /// A server that requires STARTTLS and then a login, by these mechanisms.
    pub fn starttls(authority: &Authority, login: (&str, &str), mechanisms: &[&str]) -> MailServer {
        MailServer::protected("starttls", authority, login, mechanisms)
    }

    /// A server that speaks TLS from the first byte and requires a login.
    pub fn tls(authority: &Authority, login: (&str, &str)) -> MailServer {
        MailServer::protected("tls", authority, login, &["PLAIN", "LOGIN"])
    }

    fn protected(
        security: &str,
        authority: &Authority,
        (user, password): (&str, &str),
        mechanisms: &[&str],
    ) -> MailServer {
        let (certificate, key) = (authority.certificate(), authority.key());
        let mut words = vec![
            "--security",
            security,
            "--user",
            user,
            "--password",
            password,
        ];
        let paths = [certificate.to_string_lossy(), key.to_string_lossy()];
        words.extend(["--certificate", &paths[0], "--key", &paths[1]]);
        words.extend(mechanisms.iter().flat_map(|name| ["--mechanism", name]));
        MailServer::start(&words)
    }

    fn start(words: &[&str]) -> MailServer {
        let mut process = Command::new(system::python())
            .arg(system::server("smtp.py"))
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python can be run");
        let orders = process.stdin.take().expect("it was piped");
        let said = BufReader::new(process.stdout.take().expect("it was piped"));
        let heard = Arc::new(Heard::default());
        let listening = Arc::clone(&heard);
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("smtp.py writes JSON lines");
                listening
                    .lines
                    .lock()
                    .expect("no thread panics with the lock")
                    .push(line);
                listening.changed.notify_all();
            }
        });
        let mut server = MailServer {
            process,
            orders,
            port: 0,
            heard,
        };
        let ready = server.wait_said("ready", 1).remove(0);
        server.port = ready["port"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok())
            .expect("a port");
        server
    }

    /// Where it listens, at 127.0.0.1 and `localhost`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Answers so at this stage, the next time it comes to it: `451 4.7.1 come back later`.
    pub fn refuse(&mut self, stage: Stage, answer: &str) {
        self.order(&json!({"stage": stage.word(), "answer": answer}));
    }

    /// Cuts the connection at this stage, the next time it comes to it.
    pub fn drop_at(&mut self, stage: Stage) {
        self.order(&json!({"stage": stage.word()}));
    }

    /// Waits until it has taken so many messages, and gives them all.
    #[track_caller]
    pub fn wait_mail(&self, least: usize) -> Vec<Mail> {
        self.wait_said("message", least)
            .iter()
            .map(Mail::read)
            .collect()
    }

    /// The messages it has taken.
    pub fn mail(&self) -> Vec<Mail> {
        self.said("message").iter().map(Mail::read).collect()
    }

    /// The logins that were tried.
    pub fn logins(&self) -> Vec<Login> {
        self.said("login").iter().map(Login::read).collect()
    }

    /// Waits until it has misbehaved so many times, as it was told to.
    #[track_caller]
    pub fn wait_refused(&self, least: usize) {
        self.wait_said("refused", least);
    }

    fn order(&mut self, order: &Value) {
        let taken = self.said("scripted").len();
        writeln!(self.orders, "{order}").expect("the mail server is there");
        self.wait_said("scripted", taken + 1);
    }

    fn said(&self, what: &str) -> Vec<Value> {
        said::of(
            what,
            &self
                .heard
                .lines
                .lock()
                .expect("no thread panics with the lock"),
        )
    }

    #[track_caller]
    fn wait_said(&self, what: &str, least: usize) -> Vec<Value> {
        let until = Instant::now() + PATIENCE;
        let mut lines = self
            .heard
            .lines
            .lock()
            .expect("no thread panics with the lock");
        loop {
            let found = said::of(what, &lines);
            if found.len() >= least {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "waited for {least} of {what}, heard {lines:#?}"
            );
            let waited = self.heard.changed.wait_timeout(lines, left);
            lines = waited.expect("no thread panics with the lock").0;
        }
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Stage {
    fn word(self) -> &'static str {
        match self {
            Stage::Ehlo => "ehlo",
            Stage::Auth => "auth",
            Stage::Mail => "mail",
            Stage::Rcpt => "rcpt",
            Stage::Data => "data",
            Stage::Message => "message",
        }
    }
}
