//! The host of plugins: the engine, the runtime they run on, and those that are loaded.
//!
//! Plugins run on a tokio runtime of their own with one worker: guests that spin would delay the timers of the
//! runtime they are on by half a second, even though they yield, because tokio looks at its timers every 61 turns.
//! The futures given out here are awaited on any runtime.
//!
//! Invariant: opening loads and compiles nothing.

use std::collections::HashMap;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::call::standing::{Change, Standing};
use crate::call::state::State;
use crate::engine::ticker::Ticker;
use crate::load::component::{Component, Digest};
use crate::load::error::LoadError;
use crate::load::inspect::{self, InspectError, Inspection};
use crate::load::loading::Loading;
use crate::plugin::Plugin;
use crate::serve::Services;
use crate::since_v0_1;

/// Calls under way at once, of all plugins.
pub(crate) const AT_ONCE: usize = 16;
/// Calls under way at once, of one plugin, whoever configured it: two that hang while they have four messages each on
/// their way leave room for a third.
pub(crate) const AT_ONCE_EACH: usize = 12;
/// Callers that wait for a place; one more hears that it is busy.
const WAITING: usize = 1_000;
/// Threads for what blocks: names that are looked up, files that are read.
const BLOCKING_THREADS: usize = 8;

/// How plugins are run. The default suits a program that ends soon.
#[derive(Clone, Default)]
pub struct Setup {
    /// The folder for compiled code, private to this user; made if missing. Without one, or where it can't be written,
    /// code is compiled again by every program.
    pub cache: Option<PathBuf>,
    /// How to compile in a process of its own. Without one it is done in this process, which then keeps 10 to 16 MB.
    pub compiler: Option<Compiler>,
    /// The way to the internet.
    pub proxy: Proxy,
    /// A file of certificates in PEM to trust in place of the system's.
    pub roots: Option<PathBuf>,
    /// Looks up names in place of the system.
    pub lookup: Option<Lookup>,
    /// Send nothing: what is granted is answered as if it had gone well, `200` with `{"ok":true}`. For the author's loop.
    pub dry_run: bool,
}

/// A program that calls [`compile_file`](crate::compile_file) with the two paths that follow its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiler {
    /// The program.
    pub program: PathBuf,
    /// Its first arguments; the component and the file to write follow.
    pub arguments: Vec<OsString>,
}

/// Whether requests go through a proxy.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Proxy {
    /// As `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` say.
    #[default]
    Environment,
    /// Never.
    Direct,
    /// All of them through this one.
    Address(String),
}

/// Looks up a name. Called on a thread that may block.
pub type Lookup = Arc<dyn Fn(&str) -> std::io::Result<Vec<IpAddr>> + Send + Sync>;

/// Why plugins can't be run at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// wasmtime does not start.
    #[error("the engine for plugins does not start: {0}")]
    Engine(String),
    /// No thread to be had.
    #[error("no thread for plugins: {0}")]
    Thread(#[from] std::io::Error),
}

/// The host of plugins. Cheap to clone; the last one dropped ends everything.
#[derive(Clone)]
pub struct Plugins(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<State>,
    pub(crate) ticker: Ticker,
    pub(crate) services: Services,
    pub(crate) places: Semaphore,
    loading: Loading,
    /// Those being loaded, so that several callers at once load one once.
    first: Mutex<HashMap<Digest, Arc<tokio::sync::Mutex<()>>>>,
    waiting: AtomicUsize,
    loaded: Mutex<HashMap<Digest, Arc<Plugin>>>,
    standings: Mutex<HashMap<Digest, Standing>>,
    runtime: Option<Runtime>,
}

impl Plugins {
    /// Makes engine, runtime and clock; 3 ms.
    pub fn open(setup: Setup) -> Result<Plugins, OpenError> {
        let failed = |error: wasmtime::Error| OpenError::Engine(format!("{error:#}"));
        let engine = crate::engine::engine().map_err(failed)?;
        let linker = linker(&engine).map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(BLOCKING_THREADS)
            .event_interval(1)
            .thread_name("plugins")
            .enable_all()
            .build()?;
        Ok(Plugins(Arc::new(Inner {
            ticker: Ticker::start(&engine)?,
            loading: Loading::new(&setup, &engine),
            engine,
            linker,
            services: Services::new(&setup),
            places: Semaphore::new(AT_ONCE),
            first: Mutex::default(),
            waiting: AtomicUsize::new(0),
            loaded: Mutex::default(),
            standings: Mutex::default(),
            runtime: Some(runtime),
        })))
    }

    /// A plugin, loaded on first use: from memory, from the cache, or compiled. Several callers at once load it once.
    pub async fn get(&self, component: &Component) -> Result<Arc<Plugin>, LoadError> {
        let digest = component.digest();
        if let Some(plugin) = self.loaded(digest) {
            return Ok(plugin);
        }
        let (host, component) = (Arc::clone(&self.0), component.clone());
        let loading = self
            .0
            .runtime()
            .spawn(async move { host.load(&component).await });
        loading
            .await
            .unwrap_or_else(|e| Err(LoadError::Compile(e.to_string())))
    }

    /// What a component is and asks for, with everything that is wrong with it. It stays loaded until it is let go.
    pub async fn inspect(&self, component: &Component) -> Result<Inspection, InspectError> {
        let size = component.read()?.len() as u64;
        let began = Instant::now();
        let plugin = self.get(component).await?;
        let load_time = began.elapsed();
        let descriptor = plugin
            .describe()
            .await
            .answer
            .map_err(InspectError::Describe)?;
        let problems = inspect::problems(&descriptor);
        if !problems.is_empty() {
            return Err(InspectError::Descriptor(problems));
        }
        Ok(Inspection {
            digest: component.digest(),
            size,
            kind: plugin.kind(),
            interface: plugin.interface().to_owned(),
            imports: plugin.imports().to_vec(),
            descriptor,
            load_time,
        })
    }

    /// Whether this component is in memory.
    pub fn is_loaded(&self, digest: Digest) -> bool {
        self.0.lock().contains_key(&digest)
    }

    /// For how long this component is not called, because it failed several times in a row.
    pub fn rests(&self, digest: Digest) -> Option<Duration> {
        let standings = self
            .0
            .standings
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        standings.get(&digest)?.rests(Instant::now())
    }

    fn loaded(&self, digest: Digest) -> Option<Arc<Plugin>> {
        self.0.lock().get(&digest).cloned()
    }

    /// Lets go of plugins that have not been called for this long and are not held by anyone. The answer is how many.
    pub fn release_idle(&self, idle: Duration) -> usize {
        let mut loaded = self.0.lock();
        let before = loaded.len();
        loaded.retain(|_, plugin| Arc::strong_count(plugin) > 1 || plugin.idle() < idle);
        before - loaded.len()
    }

    /// Waits for a future of this crate in a program without a runtime, such as the command line. Must not be called
    /// from within one.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        self.0.runtime().block_on(future)
    }
}

impl Inner {
    async fn load(self: &Arc<Self>, component: &Component) -> Result<Arc<Plugin>, LoadError> {
        let digest = component.digest();
        let first = {
            let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(first.entry(digest).or_default())
        };
        let _first = first.lock().await;
        if let Some(plugin) = self.lock().get(&digest) {
            return Ok(Arc::clone(plugin));
        }
        let compiled = self.loading.load(&self.engine, component).await?;
        let plugin = Arc::new(Plugin::link(self, component, &compiled)?);
        self.lock().insert(digest, Arc::clone(&plugin));
        Ok(plugin)
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("taken away only by drop")
    }

    /// Whether the plugin may be called; if not, for how long.
    pub(crate) fn admit(&self, digest: Digest) -> Result<(), Duration> {
        let mut standings = self
            .standings
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        standings.entry(digest).or_default().admit(Instant::now())
    }

    /// Takes in how a call of it ended.
    pub(crate) fn ended(&self, digest: Digest, faulty: bool) -> Option<Change> {
        let mut standings = self
            .standings
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        standings
            .entry(digest)
            .or_default()
            .ended(faulty, Instant::now())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Digest, Arc<Plugin>>> {
        // A map of plugins is right whoever panicked while holding it.
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for a place.
pub(crate) struct Waiting(Arc<Inner>);

impl Waiting {
    /// Joins those who wait. The error is how many do.
    pub(crate) fn join(host: &Arc<Inner>) -> Result<Waiting, usize> {
        let before = host.waiting.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting(Arc::clone(host));
        if before < WAITING {
            Ok(waiting)
        } else {
            Err(before)
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A runtime must not be waited for where the last owner may itself be a task.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    since_v0_1::link(&mut linker)?;
    Ok(linker)
}
