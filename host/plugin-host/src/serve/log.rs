//! `log`: words for the operator. They go into the exchange, and to the program's own log.

use crate::call::exchange::Level;
use crate::call::state::State;
use crate::serve::Gate;
use crate::since_v0_1::notifier::runwisp::plugin::{log, types};

impl types::Host for State {}

impl log::Host for State {
    async fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.gate.log(level, &message);
        Ok(())
    }
}

impl Gate {
    fn log(&mut self, level: log::Level, message: &str) {
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warning => Level::Warning,
            log::Level::Error => Level::Error,
        };
        let Some(message) = self.exchange.line(&self.masks, level, message) else {
            return;
        };
        let plugin = &self.name;
        match level {
            Level::Debug => tracing::debug!(plugin, "{message}"),
            Level::Info => tracing::info!(plugin, "{message}"),
            Level::Warning => tracing::warn!(plugin, "{message}"),
            Level::Error => tracing::error!(plugin, "{message}"),
        }
    }
}
