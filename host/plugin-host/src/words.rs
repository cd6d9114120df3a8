//! The crate's own words: the types of the newest interface version. Older versions are translated into these.
//!
//! Invariant: names only; a word is changed by a new version of the interface, see `wit/README.md`.

pub use crate::since_v0_1::importer::exports::runwisp::plugin::importer_api::{
    Conversion, Definition, Kind, Note, Place, Row, Setting, Source, Weight,
};
pub use crate::since_v0_1::notifier::exports::runwisp::plugin::notifier_api::{
    Context, Event, Fact, Failure, Later, Receipt, Run, Unit,
};
pub use crate::since_v0_1::notifier::runwisp::plugin::types::{
    Descriptor, Finding, Instant, Need, Severity, UnitKind,
};
