//! Write notifiers and importers for runwisp.
//!
//! A plugin is a type that implements [`Notifier`] or [`Importer`], and one line with [`notifier!`] or [`importer!`]:
//!
//! ```
//! use runwisp_plugin::schemars::{self, JsonSchema};
//! use runwisp_plugin::{Context, Descriptor, Event, Failure, Message, Notifier, Receipt, http};
//! use serde::Deserialize;
//!
//! /// What users write in `[notifiers.ID]`.
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Settings {
//!     /// Where messages are posted.
//!     url: String,
//! }
//!
//! struct Poster;
//!
//! impl Notifier for Poster {
//!     type Settings = Settings;
//!
//!     fn describe() -> Descriptor {
//!         Descriptor::new("poster", env!("CARGO_PKG_VERSION"), "Posts plain text to an address")
//!             .settings::<Settings>()
//!             .needs_http("$url")
//!     }
//!
//!     fn deliver(settings: &Settings, event: &Event, context: &Context) -> Result<Receipt, Failure> {
//!         let text = Message::new(event, context).plain(4000);
//!         http::Request::post(&settings.url).text(text).send()?.accepted()?;
//!         Ok(Receipt::default())
//!     }
//! }
//!
//! runwisp_plugin::notifier!(Poster);
//! # fn main() {}
//! ```
//!
//! `cargo build --release --target wasm32-wasip2` makes it a component. The same code runs natively under `cargo test`,
//! with the host that the feature `testing` brings.
//!
//! Invariant: nothing here reaches outside but through the host. Tests stand beside what they test.

pub mod clock;
mod describe;
#[doc(hidden)]
pub mod export;
pub mod files;
mod host;
pub mod http;
pub mod log;
pub mod mail;
pub mod message;
pub mod sample;
pub mod settings;
pub mod template;
#[cfg(all(feature = "testing", not(target_family = "wasm")))]
pub mod testing;

/// The interfaces of `wit/`, as generated; see `cargo xtask codegen`.
#[doc(hidden)]
#[expect(
    unreachable_pub,
    clippy::undocumented_unsafe_blocks,
    clippy::unwrap_used,
    reason = "generated"
)]
pub mod wit {
    #[rustfmt::skip]
    pub mod importer;
    #[rustfmt::skip]
    pub mod notifier;
}

pub use message::Message;
#[cfg(feature = "schema")]
pub use schemars;
pub use serde;
pub use serde_json;
pub use wit::importer::exports::runwisp::plugin::importer_api::{
    Conversion, Definition, Kind, Note, Place, Row, Setting, Source, Weight,
};
pub use wit::notifier::exports::runwisp::plugin::notifier_api::{
    Context, Event, Fact, Failure, Later, Receipt, Run, Unit,
};
pub use wit::notifier::runwisp::plugin::types::{Descriptor, Finding, Need, Severity, UnitKind};

use serde::de::DeserializeOwned;

/// A plugin that tells people.
pub trait Notifier {
    /// What the user may write in `[notifiers.ID]`, besides `type`. With `#[serde(deny_unknown_fields)]` a key that you
    /// don't know is told to the user, with the nearest one that you do know.
    type Settings: DeserializeOwned;

    /// What this plugin is and what it needs. Called with nothing granted.
    fn describe() -> Descriptor;

    /// Looks at settings that have the right shape. What does not fit the type has been told already.
    fn check(_settings: &Self::Settings) -> Vec<Finding> {
        Vec::new()
    }

    /// Looks at what a user wrote behind the colon of `id:target`. The error says why it can't work.
    fn check_target(_settings: &Self::Settings, _target: &str) -> Result<(), String> {
        Err("this notifier has no targets".into())
    }

    /// Delivers one event. Retries, back-off and order are the host's: this only says how it went.
    fn deliver(
        settings: &Self::Settings,
        event: &Event,
        context: &Context,
    ) -> Result<Receipt, Failure>;
}

/// A plugin that reads what other programs are configured with.
pub trait Importer {
    /// What the user may say about an import.
    type Options: DeserializeOwned;

    /// What this plugin is and what it needs. Called with nothing granted.
    fn describe() -> Descriptor;

    /// How surely a text is this plugin's, from 0 to 100. `path` is none for standard input; `head` is the beginning.
    fn probe(path: Option<&str>, head: &[u8]) -> u8;

    /// Converts sources, in the order in which the user named them. The errors of a text that can't be read as this
    /// plugin's format are notes with their places.
    fn convert(sources: &[Source], options: &Self::Options) -> Result<Conversion, Vec<Note>>;
}
