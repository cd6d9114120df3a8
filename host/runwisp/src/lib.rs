//! The product: everything but the keeper's and the core's work.

pub mod access;
pub mod bundled;
pub mod cli;
pub mod client;
pub mod config;
pub mod daemon;
pub mod demo;
pub mod figures;
pub mod http;
pub mod human;
pub mod import;
pub mod logs;
pub mod notify;
pub mod plugins;
pub mod replace;
pub mod store;
pub mod tui;
pub mod wire;
