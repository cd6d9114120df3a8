//! Runs plugins: WebAssembly components, with what they were granted and no more.
//!
//! [`Plugins`] is opened once and loads nothing. [`Plugins::get`] loads a component on first use, [`Plugin`] calls it:
//! each call has a fresh instance, limits of its own and an [`Exchange`] that tells what the plugin did.
//! [`Plugins::inspect`] looks at a component that nobody trusts yet.
//!
//! ```no_run
//! # async fn example(event: runwisp_plugin_host::Event, context: runwisp_plugin_host::Context) -> Result<(), Box<dyn std::error::Error>> {
//! use runwisp_plugin_host::{Component, Grants, Plugins, Setup, Terms};
//!
//! let plugins = Plugins::open(Setup::default())?;
//! let plugin = plugins.get(&Component::file("ntfy", "/etc/runwisp/ntfy.wasm".into(), None)?).await?;
//! let descriptor = plugin.describe().await.answer?;
//! let settings = serde_json::json!({ "url": "https://ntfy.example/alerts" });
//! let terms = Terms::delivery(Grants::all(&descriptor.needs)?, Vec::new());
//! let receipt = plugin.deliver(terms, &settings, event, context).await.answer?;
//! # Ok(()) }
//! ```
//!
//! Invariant: knows nothing of the daemon: no configuration, no database, no unit. A guest can cost a call its answer,
//! never the program its life or its timers.

mod call;
mod engine;
mod grant;
mod load;
mod plugin;
mod plugins;
mod serve;
mod since_v0_1;
mod words;

pub use call::error::{CallError, Reason};
pub use call::exchange::{Entry, Exchange, HostCall, Level};
pub use call::limits::{Limits, Terms};
pub use call::standing::Change;
pub use call::{Call, PluginKind};
pub use grant::{BadNeed, Grants, HostRule};
pub use load::compile::{CompileError, compile_file};
pub use load::component::{Component, Digest, NoDigest, Unpack};
pub use load::error::LoadError;
pub use load::inspect::{InspectError, Inspection};
pub use plugin::Plugin;
pub use plugins::{Compiler, Lookup, OpenError, Plugins, Proxy, Setup};
pub use serve::template::render_text;
pub use words::*;
