//! What every request has to pass before a handler sees it: who asks, from where, and whether they may.
//!
//! [`guard`] is the one middleware, over every path of the router, known or not. What it decides by is pure and stands
//! in a file each: [`rights`] (the table of paths), [`host`] and [`origin`] (what browsers are told by others),
//! [`address`] (whose request a proxy passes on), [`settings`] (what the configuration says about all this),
//! [`ledger`] (what goes into the audit log).
//!
//! Invariant: what is not in the table of rights needs the scope admin.
//! Tests: beside each, `wire/tests` for the guard with the router, `tests/e2e/access.rs` over TCP.

pub mod address;
pub mod guard;
pub mod headers;
pub mod host;
pub mod ledger;
pub mod origin;
pub mod rights;
pub mod settings;
mod until;
