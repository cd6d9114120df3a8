//! A notifier that misbehaves on demand: what it does stands in its settings, as `do`.
//!
//! Where it has something to tell, it is in the receipt's reference.

use std::hint::black_box;
use std::io::Write;
use std::time::Duration;

use runwisp_plugin::{
    Context, Descriptor, Event, Failure, Finding, Notifier, Receipt, http, log, mail, template,
};
use serde::Deserialize;

#[cfg(target_os = "wasi")]
mod fetch;

#[derive(Deserialize)]
struct Settings {
    #[serde(rename = "do")]
    does: String,
    #[serde(default)]
    n: u64,
    #[serde(default)]
    url: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    port: u16,
    #[serde(default)]
    host: String,
    #[serde(default)]
    security: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    password: String,
}

struct Evil;

impl Notifier for Evil {
    type Settings = Settings;

    fn describe() -> Descriptor {
        Descriptor::new("evil", env!("CARGO_PKG_VERSION"), "Misbehaves on demand")
            .settings_schema(r#"{"type": "object"}"#)
            .needs_http("$url")
            .needs_mail()
    }

    fn check(settings: &Settings) -> Vec<Finding> {
        match settings.does.as_str() {
            "fine" => Vec::new(),
            "request" => vec![Finding::error("/url", request(settings))],
            other => vec![Finding::warning("/do", format!("it will do {other}"))],
        }
    }

    fn deliver(settings: &Settings, event: &Event, context: &Context) -> Result<Receipt, Failure> {
        let told = match settings.does.as_str() {
            "loop" => spin(),
            "sleep" => sleep(settings.n),
            "memory" => hoard(),
            "recurse" => recurse(u64::MAX).to_string(),
            "panic" => panic!("gave up on {}", event.id),
            "exit" => std::process::exit(3),
            "flood" => flood(settings.n),
            "shout" => "x".repeat(size(settings.n)),
            "log" => say(&settings.text.repeat(size(settings.n.max(1)))),
            "print" => print(&settings.text, settings.n.max(1)),
            "environment" => environment(),
            "request" => request(settings),
            "requests" => requests(settings),
            "fetch" => fetch(&settings.url),
            "mail" => mail(settings),
            "template" => template::render(&settings.text, &"{}", template::Escaping::None)
                .unwrap_or_else(|why| why),
            "fail" => return Err(Failure::retry(&settings.text, Some(7))),
            "state" => state(),
            _ => format!("{} {}", context.delivery_id, event.title),
        };
        Ok(Receipt::with_reference(told))
    }
}

runwisp_plugin::notifier!(Evil);

fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn spin() -> String {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
        if turns == u64::MAX {
            return turns.to_string();
        }
    }
}

fn sleep(milliseconds: u64) -> String {
    std::thread::sleep(Duration::from_millis(milliseconds));
    "awake".into()
}

fn hoard() -> String {
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        held.push(vec![1; 1 << 20]);
        if black_box(held.len()) == usize::MAX {
            return "all of it".into();
        }
    }
}

#[inline(never)]
fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if depth == 0 {
        return 0;
    }
    recurse(depth - 1) + frame[3]
}

fn flood(lines: u64) -> String {
    for n in 0..lines {
        log::info(format!("line {n}"));
    }
    "said it all".into()
}

fn say(text: &str) -> String {
    log::error(text);
    text.into()
}

fn print(text: &str, times: u64) -> String {
    for _ in 0..times {
        let _ = writeln!(std::io::stdout(), "{text}");
        let _ = writeln!(std::io::stderr(), "{text}");
    }
    panic!("printed {text}");
}

fn environment() -> String {
    let variables = std::env::vars().count();
    let arguments = std::env::args().count();
    let root = std::fs::read_dir("/").is_ok();
    let file = std::fs::read("/etc/passwd").is_ok();
    let socket = std::net::TcpStream::connect("127.0.0.1:22").is_ok();
    format!(
        "variables {variables}, arguments {arguments}, root {root}, file {file}, socket {socket}"
    )
}

fn request(settings: &Settings) -> String {
    let mut request = http::Request::post(&settings.url).text(&settings.text);
    if settings.does == "request" && settings.n > 0 {
        request = request.timeout_ms(u32::try_from(settings.n).unwrap_or(u32::MAX));
    }
    match request.send() {
        Ok(response) => format!("{} {}", response.status, response.text()),
        Err(error) => told(&error),
    }
}

fn requests(settings: &Settings) -> String {
    let mut told = String::new();
    for _ in 0..settings.n {
        told = request(settings);
    }
    told
}

#[cfg(target_os = "wasi")]
fn fetch(url: &str) -> String {
    fetch::get(url)
}

#[cfg(not(target_os = "wasi"))]
fn fetch(_url: &str) -> String {
    "only a component can fetch".into()
}

fn mail(settings: &Settings) -> String {
    let login = mail::Login {
        user: settings.user.clone(),
        password: settings.password.clone(),
    };
    let server = mail::Server {
        host: settings.host.clone(),
        port: settings.port,
        security: match settings.security.as_str() {
            "starttls" => mail::Security::Starttls,
            "tls" => mail::Security::Tls,
            _ => mail::Security::None,
        },
        login: (!settings.user.is_empty()).then_some(login),
    };
    let envelope = mail::Envelope {
        sender: "runwisp@example.org".into(),
        recipients: vec!["ops@example.org".into()],
    };
    match mail::send(&server, &envelope, settings.text.as_bytes()) {
        Ok(said) => format!("taken: {said}"),
        Err(error) => told(&error),
    }
}

/// An error by the name of its case, and what it says.
fn told(error: &impl std::fmt::Debug) -> String {
    format!("{error:?}").replace("Error::", "")
}

/// Counts its own calls; a fresh instance has had one.
fn state() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static CALLS: AtomicU64 = AtomicU64::new(0);
    (CALLS.fetch_add(1, Ordering::Relaxed) + 1).to_string()
}
