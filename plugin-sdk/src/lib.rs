//! Write notifiers and importers for runwisp.
//!
//! A plugin is a type that implements [`Notifier`] or [`Importer`], and one line with [`notifier!`] or [`importer!`].

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

pub use wit::importer::exports::runwisp::plugin::importer_api::{
    Conversion, Definition, Kind, Note, Place, Row, Setting, Source, Weight,
};
pub use wit::importer::runwisp::plugin::files;
pub use wit::notifier::exports::runwisp::plugin::notifier_api::{
    Context, Event, Fact, Failure, Later, Receipt, Run, Unit,
};
pub use wit::notifier::runwisp::plugin::types::{Descriptor, Finding, Need, Severity, UnitKind};
pub use wit::notifier::runwisp::plugin::{http, log, mail, template};

use serde::de::DeserializeOwned;

/// A plugin that tells people.
pub trait Notifier {
    /// What the user may write in `[notifiers.ID]`, besides `type`.
    type Settings: DeserializeOwned;

    /// What this plugin is.
    fn describe() -> Descriptor;

    /// Looks at settings that have the right shape.
    fn check(_settings: &Self::Settings) -> Vec<Finding> {
        Vec::new()
    }

    /// Delivers one event.
    fn deliver(
        settings: Self::Settings,
        event: Event,
        context: Context,
    ) -> Result<Receipt, Failure>;
}

/// A plugin that reads what other programs are configured with.
pub trait Importer {
    /// What the user may say about an import.
    type Options: DeserializeOwned;

    /// What this plugin is.
    fn describe() -> Descriptor;

    /// How surely a text is this plugin's, from 0 to 100.
    fn probe(path: Option<&str>, head: &[u8]) -> u8;

    /// Converts sources, in the order in which the user named them.
    fn convert(sources: Vec<Source>, options: Self::Options) -> Result<Conversion, Vec<Note>>;
}
