//! What plugins cost: one figure for each name given, printed as `NAME VALUE`; all of them without a name.
//!
//! `cargo bench -p runwisp-plugin-host --bench plugins [NAME]`, or `cargo xtask bench --only plugin-…`. The guest is the
//! tests' evil one, which at 0.4 MB is as large as a bundled notifier.

#[path = "../tests/host/support.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod support;

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use runwisp_plugin_host::{Component, Plugin, Plugins, Setup, Terms};
use serde_json::{Value, json};
use tokio::task::JoinSet;

type Failure = Box<dyn std::error::Error>;

/// How often something is done whose median is told.
const TIMES: usize = 2_000;
/// Plugins loaded at once to see what one takes.
const LOADED: usize = 6;

/// A figure's name, and what takes it.
type Figure = (&'static str, fn() -> Result<String, Failure>);

const FIGURES: [Figure; 5] = [
    ("plugin-first", first_ever),
    ("plugin-cached", first_from_cache),
    ("plugin-warm", warm),
    ("plugin-memory", memory),
    ("plugin-timers", timers),
];

fn main() -> Result<(), Failure> {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    for (name, measure) in FIGURES {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            writeln!(std::io::stdout(), "{name} {}", measure()?)?;
        }
    }
    Ok(())
}

/// An empty cache, a child that compiles, the first answer.
fn first_ever() -> Result<String, Failure> {
    let bytes = support::guest("evil");
    let mut lengths = Vec::new();
    for _ in 0..5 {
        let dir = tempfile::tempdir()?;
        let setup = Setup {
            cache: Some(dir.path().join("cache")),
            ..support::setup()
        };
        lengths.push(load_and_ask(setup, &bytes)?);
    }
    Ok(length(median(lengths)))
}

/// A new program, code in the cache, the first answer.
fn first_from_cache() -> Result<String, Failure> {
    let bytes = support::guest("evil");
    load_and_ask(support::setup(), &bytes)?;
    let lengths: Result<Vec<_>, _> = (0..50)
        .map(|_| load_and_ask(support::setup(), &bytes))
        .collect();
    Ok(length(median(lengths?)))
}

fn load_and_ask(setup: Setup, bytes: &[u8]) -> Result<Duration, Failure> {
    let plugins = Plugins::open(setup)?;
    let evil = Component::bytes("evil", bytes.to_vec());
    let began = Instant::now();
    let plugin = plugins.wait(plugins.get(&evil))?;
    ask(&plugins, &plugin)?;
    Ok(began.elapsed())
}

fn ask(plugins: &Plugins, plugin: &Arc<Plugin>) -> Result<(), Failure> {
    let call = plugins.wait(plugin.check(&json!({"do": "fine"}), Vec::new()));
    call.answer?;
    Ok(())
}

/// A call of a loaded plugin: a fresh instance, the settings read, an answer.
fn warm() -> Result<String, Failure> {
    let world = support::world("evil");
    let mut lengths = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let began = Instant::now();
        ask(&world.plugins, &world.plugin)?;
        lengths.push(began.elapsed());
    }
    Ok(length(median(lengths)))
}

/// What a loaded plugin takes, and what of it stays once all are let go.
fn memory() -> Result<String, Failure> {
    let plugins = Plugins::open(support::setup())?;
    let guest = support::guest("evil");
    let variants: Vec<Component> = (0..=LOADED).map(|n| variant(&guest, n)).collect();
    let Some((first, rest)) = variants.split_first() else {
        return Err("no variants".into());
    };
    // Compiled now, so that nothing but loading is seen below; and the first brings up what all share.
    for component in &variants {
        plugins.wait(plugins.get(component))?;
    }
    plugins.release_idle(Duration::ZERO);
    let kept = plugins.wait(plugins.get(first))?;
    ask(&plugins, &kept)?;
    let before = resident()?;
    for component in rest {
        let plugin = plugins.wait(plugins.get(component))?;
        ask(&plugins, &plugin)?;
    }
    let loaded = resident()?;
    plugins.release_idle(Duration::ZERO);
    let after = resident()?;
    let each = loaded.saturating_sub(before) / LOADED as u64;
    let stays = after.saturating_sub(before) / LOADED as u64;
    Ok(format!("{each} kB each, {stays} kB after idle"))
}

/// The same component with another digest: a custom section with a number in it.
fn variant(guest: &[u8], n: usize) -> Component {
    let number = u8::try_from(n).unwrap_or(u8::MAX);
    let section = [0, 3, 1, b'n', number];
    Component::bytes("evil", [guest, &section].concat())
}

/// How late a timer of the daemon's runtime is while 16 guests spin.
fn timers() -> Result<String, Failure> {
    const SLEEP: Duration = Duration::from_millis(5);
    let world = support::world("evil");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()?;
    let mut spinning = JoinSet::new();
    for _ in 0..16 {
        let plugin = Arc::clone(&world.plugin);
        let terms = Terms {
            limits: support::short(60_000, 500),
            ..support::granted(&[])
        };
        let settings: Value = json!({"do": "loop"});
        spinning.spawn_on(
            async move {
                plugin
                    .deliver(terms, &settings, support::event(), support::context())
                    .await
                    .answer
                    .is_err()
            },
            runtime.handle(),
        );
    }
    let late = runtime.block_on(async {
        let mut late = Vec::new();
        while late.len() < 200 && !spinning.is_empty() {
            let began = Instant::now();
            tokio::time::sleep(SLEEP).await;
            late.push(began.elapsed().saturating_sub(SLEEP));
        }
        spinning.abort_all();
        late
    });
    let worst = late.iter().max().copied().unwrap_or_default();
    Ok(format!(
        "{} late, {} at most",
        length(median(late)),
        length(worst)
    ))
}

fn median(mut lengths: Vec<Duration>) -> Duration {
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or_default()
}

fn length(time: Duration) -> String {
    match time.as_micros() {
        micros @ 0..1_000 => format!("{micros} µs"),
        micros => format!("{:.1} ms", micros as f64 / 1e3),
    }
}

/// Memory of this process, in kB.
fn resident() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
