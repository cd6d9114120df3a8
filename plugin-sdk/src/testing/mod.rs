//! A host for tests, on the machine you write on: no wasm, no network, the same plugin code.
//!
//! ```
//! use runwisp_plugin::testing::{Host, answer, sample};
//! # use runwisp_plugin::{Context, Descriptor, Event, Failure, Notifier, Receipt, http};
//! # struct Poster;
//! # impl Notifier for Poster {
//! #     type Settings = runwisp_plugin::serde_json::Value;
//! #     fn describe() -> Descriptor { Descriptor::new("poster", "1.0.0", "Posts").needs_http("$url") }
//! #     fn deliver(settings: &Self::Settings, event: &Event, _: &Context) -> Result<Receipt, Failure> {
//! #         http::Request::post(settings["url"].as_str().unwrap()).text(&event.title).send()?.accepted()?;
//! #         Ok(Receipt::default())
//! #     }
//! # }
//! let host = Host::new().on_http(|_request| answer(200, "ok"));
//! let outcome = host.deliver::<Poster>(r#"{"url": "https://example.com/"}"#, &sample("run.failed"));
//! assert!(outcome.is_ok());
//! assert_eq!(host.requests()[0].method, "POST");
//! ```
//!
//! What a plugin has not asked for in `describe` is denied here as well.
//!
//! Invariant: a call takes the way that the real host takes, from JSON on; only the far side is made up.

mod calls;
mod documents;
mod files;
mod grants;
mod recorded;
#[cfg(feature = "schema")]
mod schema;

pub use crate::sample::{NOW, sample, samples};
pub use calls::{conversion_faults, description_faults};
pub use documents::{documented, documented_settings};
pub use files::Files;
pub use recorded::{Host, Mail, answer, answer_json};
#[cfg(feature = "schema")]
pub use schema::golden_schema;
