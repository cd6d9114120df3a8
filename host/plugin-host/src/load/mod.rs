//! From the bytes of a component to something that can be called.
//!
//! Invariant: a component that does not load says why and what to do; it never takes another with it.

pub(crate) mod cache;
pub(crate) mod compile;
pub(crate) mod component;
pub(crate) mod error;
pub(crate) mod inspect;
pub(crate) mod loading;
pub(crate) mod speaks;
