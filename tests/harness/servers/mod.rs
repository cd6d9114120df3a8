//! The far sides of notifications: servers that speak the real protocols, record what they are given, and misbehave
//! when they are told to.
//!
//! [`HttpServer`] answers by script; [`Slack`] and [`Telegram`] check what they receive as the vendors document it, and
//! refuse it in the vendors' words; [`MailServer`] is a real SMTP server. [`Authority`] makes the certificates, which a
//! program trusts by `SSL_CERT_FILE`.
//!
//! Invariant: they listen on 127.0.0.1 alone, on a free port, and end with the test. Tests: beside each.

mod authority;
mod http;
mod mail;
mod slack;
mod telegram;

pub use authority::Authority;
pub use http::{Gate, HttpServer, Reply, Request};
pub use mail::{Login, Mail, MailServer, Stage};
pub use slack::{Post, Slack};
pub use telegram::{Sent, Telegram};
