//! What the tests share: guests built as components, a host for them, and calls in a line.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use runwisp_plugin_host::{
    Call, CallError, Compiler, Component, Context, Event, Exchange, Failure, Grants, Limits,
    Plugin, Plugins, Proxy, Receipt, Setup, Severity, Terms,
};
use serde_json::Value;

/// A folder of cargo's own for guests, beside what the outer build makes.
fn target() -> PathBuf {
    let me = std::env::current_exe().expect("it works in this test");
    // target/PROFILE/deps/host-HASH
    me.ancestors()
        .nth(3)
        .expect("it works in this test")
        .join("guest-plugins")
}

/// The component of a guest or of a bundled plugin, built if it is not up to date.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    let mut cargo = Command::new("cargo");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = here.join("tests/guests").join(name);
    let bundled = here.join("../../plugins").join(name);
    cargo.current_dir(if own.exists() { own } else { bundled });
    cargo.args([
        "build",
        "--quiet",
        "--target",
        "wasm32-wasip2",
        "--profile",
        "plugin",
        "--target-dir",
    ]);
    cargo.arg(target());
    for (variable, _) in std::env::vars_os() {
        let variable = variable.to_string_lossy().into_owned();
        let foreign = ["CARGO_", "RUST", "NEXTEST", "LLVM_"]
            .iter()
            .any(|prefix| variable.starts_with(prefix));
        let wanted = ["CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"].contains(&&*variable);
        if foreign && !wanted {
            cargo.env_remove(&variable);
        }
    }
    let status = cargo.status().expect("cargo can be run");
    assert!(
        status.success(),
        "the guest {name} does not build: cargo xtask setup"
    );
    let built = target().join(format!("wasm32-wasip2/plugin/runwisp_{name}.wasm"));
    std::fs::read(built).expect("it works in this test")
}

/// Code that outlives one test, so that each guest is compiled once.
pub(crate) fn shared_cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin-cache")
}

pub(crate) fn compiler() -> Compiler {
    Compiler {
        program: env!("CARGO_BIN_EXE_compile-plugin").into(),
        arguments: Vec::new(),
    }
}

pub(crate) fn setup() -> Setup {
    Setup {
        cache: Some(shared_cache()),
        compiler: Some(compiler()),
        proxy: Proxy::Direct,
        ..Setup::default()
    }
}

/// A host with one plugin.
pub(crate) struct World {
    pub(crate) plugins: Plugins,
    pub(crate) plugin: Arc<Plugin>,
}

pub(crate) fn world(name: &str) -> World {
    world_with(name, setup())
}

pub(crate) fn world_with(name: &str, setup: Setup) -> World {
    let plugins = Plugins::open(setup).expect("it works in this test");
    let plugin = plugins
        .wait(plugins.get(&Component::bytes(name, guest(name))))
        .expect("it works in this test");
    World { plugins, plugin }
}

impl World {
    pub(crate) fn deliver(&self, terms: Terms, settings: Value) -> Call<Result<Receipt, Failure>> {
        self.plugins
            .wait(self.plugin.deliver(terms, &settings, event(), context()))
    }

    /// What an evil notifier has to tell, on the usual terms.
    pub(crate) fn told(&self, terms: Terms, settings: Value) -> String {
        let receipt = self
            .deliver(terms, settings)
            .answer
            .expect("it works in this test")
            .expect("it works in this test");
        receipt.reference.expect("it works in this test")
    }

    /// Why a call has no answer, and what it did.
    pub(crate) fn fault(&self, limits: Limits, settings: Value) -> (CallError, Exchange) {
        let call = self.deliver(
            Terms {
                limits,
                ..granted(&[])
            },
            settings,
        );
        (call.answer.expect_err("there is no answer"), call.exchange)
    }

    /// That the plugin works as if nothing had been.
    pub(crate) fn works(&self) {
        let told = self.told(granted(&[]), serde_json::json!({"do": "greet"}));
        assert_eq!(told, "delivery-1 backup failed");
    }
}

pub(crate) fn granted(words: &[&str]) -> Terms {
    let mut grants = Grants::default();
    for word in words {
        grants.add_word(word).expect("it works in this test");
    }
    Terms::delivery(grants, Vec::new())
}

pub(crate) fn short(wall: u64, processor: u64) -> Limits {
    Limits {
        wall: Duration::from_millis(wall),
        processor: Duration::from_millis(processor),
        ..Limits::delivery()
    }
}

pub(crate) fn context() -> Context {
    Context {
        delivery_id: "delivery-1".into(),
        attempt: 1,
        target: None,
        text: None,
        answers: None,
    }
}

pub(crate) fn event() -> Event {
    Event {
        id: "event-1".into(),
        kind: "run.failed".into(),
        severity: Severity::Error,
        at: 1_700_000_000_000,
        at_text: "2023-11-14 22:13:20 UTC".into(),
        host: "box".into(),
        unit: None,
        run: None,
        title: "backup failed".into(),
        sentence: "backup failed: exited with code 2".into(),
        cause: None,
        consecutive_failures: 1,
        folded: 0,
        since: None,
        lasted_ms: None,
        tail: Vec::new(),
        link: None,
        facts: Vec::new(),
    }
}
