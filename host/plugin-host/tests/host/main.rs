//! The host against plugins that misbehave, and the bundled notifiers against their far sides: with real components, real
//! servers and a real cache.

mod chats;
mod email;
mod faults;
mod fetching;
mod importing;
mod loading;
mod mails;
mod many;
mod pulling;
mod requests;
mod secrets;
mod support;
mod webhook;
