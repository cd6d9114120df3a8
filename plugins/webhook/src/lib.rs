//! Calls a web address.
