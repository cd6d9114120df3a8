//! `mail`: one message through one server.

use crate::call::state::State;
use crate::since_v0_1::notifier::runwisp::plugin::mail;

impl mail::Host for State {
    async fn send(
        &mut self,
        _server: mail::Server,
        _envelope: mail::Envelope,
        _message: Vec<u8>,
    ) -> wasmtime::Result<Result<String, mail::Error>> {
        Ok(Err(mail::Error::Denied("mail is not offered yet".into())))
    }
}
