//! Plugins as they are installed: the lock file, the store, and where each that is named comes from.
//!
//! A name means, in this order: the file that `[plugins.NAME] path` in the configuration gives, what was added and
//! stands in `plugins.lock`, what is bundled. So a bundled plugin can be replaced without a new runwisp.
//!
//! Invariant: what runs is what was added: the digest in the lock file decides, not a path.
//!
//! Tests: beside each part.

mod judge;
pub mod lock;
mod looked;
mod named;
mod place;
mod registry;
pub mod schema;

pub use judge::judge;
pub use looked::{Known, Looked, NoLook, asked};
pub use named::{Origin, Plugin};
pub use place::{Place, PlaceError};
pub use registry::Registry;
pub use schema::texts;
