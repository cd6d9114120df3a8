//! Who waits for the answer to a command.

use std::collections::HashMap;

use runwisp_core::words::command::{Done, Refusal};
use runwisp_core::words::input::CallerId;

use super::handle::Reply;

/// The waiting callers, by number. At most as many as the door lets in, since every command is answered in its turn.
#[derive(Default)]
pub(crate) struct Callers {
    last: CallerId,
    waiting: HashMap<CallerId, Reply<Result<Done, Refusal>>>,
}

impl Callers {
    /// Takes a caller in.
    pub(crate) fn enter(&mut self, reply: Reply<Result<Done, Refusal>>) -> CallerId {
        self.last += 1;
        self.waiting.insert(self.last, reply);
        self.last
    }

    /// Answers; a caller that has gone away is no fault.
    pub(crate) fn answer(&mut self, caller: CallerId, answer: Result<Done, Refusal>) {
        if let Some(reply) = self.waiting.remove(&caller) {
            let _ = reply.send(answer);
        }
    }
}
