//! `http`: one request, one whole answer.

use crate::call::state::State;
use crate::since_v0_1::notifier::runwisp::plugin::http;

impl http::Host for State {
    async fn send(
        &mut self,
        _request: http::Request,
    ) -> wasmtime::Result<Result<http::Response, http::Error>> {
        Ok(Err(http::Error::Denied(
            "requests are not offered yet".into(),
        )))
    }
}
