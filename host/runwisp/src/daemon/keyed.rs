//! Requests with a key: carried out once, however often they come.
//!
//! What came in this daemon's life is known here; what came before is in the history, which the asker looks up first.
//!
//! Tests: `tests/e2e/api.rs`.

use std::collections::{HashMap, VecDeque};

use runwisp_core::words::command::{Command, Done, Refusal};
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::input::Input;
use tokio::sync::oneshot;

use super::clock;
use super::handle::{Key, Keyed, Reply};
use super::main_loop::MainLoop;
use crate::store::{Request, Write};

/// How many keys are known; the oldest are forgotten, and found in the history.
const MOST: usize = 10_000;

/// The keys of this daemon's life.
#[derive(Default)]
pub(crate) struct Keys {
    known: HashMap<(UnitName, String), (String, RunId)>,
    order: VecDeque<(UnitName, String)>,
    /// The key of the command that is being carried out.
    asking: Option<Key>,
}

impl Keys {
    fn add(&mut self, key: Key, run: RunId) {
        let name = (key.unit, key.name);
        self.order.push_back(name.clone());
        self.known.insert(name, (key.body, run));
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

impl MainLoop {
    /// Carries out a command unless its key has been seen.
    pub(crate) fn carry_out_once(
        &mut self,
        key: Key,
        command: Command,
        reply: Reply<Result<Keyed, Refusal>>,
    ) {
        if let Some((body, run)) = self.keys.known.get(&(key.unit.clone(), key.name.clone())) {
            let answer = if *body == key.body {
                Keyed::Done(Done {
                    runs: vec![*run],
                    changed: false,
                })
            } else {
                Keyed::Taken
            };
            let _ = reply.send(Ok(answer));
            return;
        }
        let (answer, mut answered) = oneshot::channel();
        let caller = self.callers.enter(answer);
        self.keys.asking = Some(key);
        self.step(Input::Command { caller, command });
        self.keys.asking = None;
        // A command is answered in its turn; without an answer the loop is about to end.
        if let Ok(answer) = answered.try_recv() {
            let _ = reply.send(answer.map(Keyed::Done));
        }
    }

    /// A command was answered. The key of its request is written in the turn of its run, and so in the same commit: a
    /// crash leaves both, or neither.
    pub(crate) fn keep_key(&mut self, answer: &Result<Done, Refusal>) {
        let Some(key) = self.keys.asking.take() else {
            return;
        };
        let Some(run) = answer.as_ref().ok().and_then(|done| done.runs.last()) else {
            return;
        };
        self.journal.write(Write::Request(Box::new(Request {
            key: key.name.clone(),
            unit: key.unit.clone(),
            body: key.body.clone(),
            run: *run,
            at: clock::now().wall,
        })));
        self.keys.add(key, *run);
    }
}
