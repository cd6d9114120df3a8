//! The loop's arm for looks at plugins: what is counted of them is told at once, the look itself is a task of its own,
//! because it reads files and may load and ask a component.
//!
//! Tests: `tests/e2e/api.rs`.

use super::handle::{PluginSeen, Reply};
use super::main_loop::MainLoop;
use crate::plugins::NoLook;
use runwisp_core::figures::tally::CallResult;

impl MainLoop {
    /// Looks at the plugin of this name, or at all there are.
    pub(crate) fn look_at_plugins(
        &mut self,
        only: Option<String>,
        reply: Reply<Result<Vec<PluginSeen>, NoLook>>,
    ) {
        // What is loaded to be asked is let go again.
        self.plugins_were_used();
        let counted = &self.journal.tally.plugins;
        let counted: std::collections::BTreeMap<String, (u64, u64)> = counted
            .iter()
            .map(|(name, of)| {
                let failures = of.calls.of(CallResult::NotNow) + of.calls.of(CallResult::Never);
                let calls = failures + of.calls.of(CallResult::Delivered);
                (name.clone(), (calls, failures))
            })
            .collect();
        let plugins = self.messages.plugins();
        tokio::spawn(async move {
            let seen = plugins.look(only).await.map(|looked| {
                let count = |looked: crate::plugins::Looked| {
                    let (calls, failures) = counted.get(&looked.name).copied().unwrap_or_default();
                    PluginSeen {
                        looked,
                        calls,
                        failures,
                    }
                };
                looked.into_iter().map(count).collect()
            });
            let _ = reply.send(seen);
        });
    }
}
