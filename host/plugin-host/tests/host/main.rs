//! The host against plugins that misbehave, with real components, real servers and a real cache.

mod faults;
mod importing;
mod loading;
mod mails;
mod many;
mod requests;
mod secrets;
mod support;
