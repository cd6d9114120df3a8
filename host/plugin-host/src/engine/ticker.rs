//! The clock that interrupts guests: a thread that moves the engine's epoch on while a call is under way.
//!
//! Invariant: it is a thread of its own, because as a task it would starve together with what it has to interrupt; and
//! without a call it sleeps, so that an idle program has no wake-ups.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wasmtime::Engine;

/// The length of an epoch: how long a guest runs before the host looks at it again.
pub(crate) const TICK: Duration = Duration::from_millis(10);

#[derive(Default)]
struct Shared {
    under_way: Mutex<UnderWay>,
    changed: Condvar,
}

#[derive(Default)]
struct UnderWay {
    calls: usize,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, UnderWay> {
        // A number and a flag are right whoever panicked while holding them.
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The clock. It ends when this is dropped.
pub(crate) struct Ticker(Arc<Shared>);

/// A call under way: while one exists, the clock ticks.
pub(crate) struct Ticking(Arc<Shared>);

impl Ticker {
    /// Starts the thread.
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Ticker> {
        let shared = Arc::new(Shared::default());
        let (seen, engine) = (Arc::clone(&shared), engine.weak());
        std::thread::Builder::new()
            .name("plugin-ticker".into())
            .stack_size(64 << 10)
            .spawn(move || {
                while wait_for_a_call(&seen) {
                    std::thread::sleep(TICK);
                    let Some(engine) = engine.upgrade() else {
                        return;
                    };
                    engine.increment_epoch();
                }
            })?;
        Ok(Ticker(shared))
    }

    /// Makes it tick until the answer is dropped.
    pub(crate) fn hold(&self) -> Ticking {
        self.0.lock().calls += 1;
        self.0.changed.notify_one();
        Ticking(Arc::clone(&self.0))
    }
}

/// False once the ticker is dropped.
fn wait_for_a_call(shared: &Shared) -> bool {
    let idle = |state: &mut UnderWay| state.calls == 0 && !state.closed;
    let state = shared.changed.wait_while(shared.lock(), idle);
    !state.unwrap_or_else(PoisonError::into_inner).closed
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_one();
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.lock().calls -= 1;
    }
}
