//! `template`: texts with values in them.

use crate::call::state::State;
use crate::since_v0_1::notifier::runwisp::plugin::template;

impl template::Host for State {
    async fn render(
        &mut self,
        _template: String,
        _values: String,
    ) -> wasmtime::Result<Result<String, String>> {
        Ok(Err("templates are not offered yet".into()))
    }
}
