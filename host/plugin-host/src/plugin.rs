//! A loaded plugin and its calls. Each has a place among those under way, a fresh instance, and limits.
//!
//! Invariant: a call ends by its wall time whatever the guest does, and nobody else's call notices how it ended.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::Semaphore;
use wasmtime::Store;

use crate::call::answers;
use crate::call::error::{CallError, Reason};
use crate::call::exchange::Exchange;
use crate::call::limits::Terms;
use crate::call::state::{State, on_tick};
use crate::call::{Call, PluginKind};
use crate::grant::granted::Granted;
use crate::load::component::{Component, Digest};
use crate::load::error::LoadError;
use crate::load::speaks::{self, Speaks};
use crate::plugins::{AT_ONCE_EACH, Inner, Waiting};
use crate::since_v0_1::Ready;
use crate::words::{
    Context, Conversion, Descriptor, Event, Failure, Finding, Note, Receipt, Source,
};

/// A loaded plugin.
pub struct Plugin {
    name: String,
    digest: Digest,
    speaks: Speaks,
    imports: Vec<String>,
    ready: Ready,
    places: Semaphore,
    last_used: Mutex<Instant>,
    host: std::sync::Weak<Inner>,
}

type Answering<'a, T> = Pin<Box<dyn Future<Output = wasmtime::Result<T>> + Send + 'a>>;

impl Plugin {
    /// The linker decides here, before anything runs, whether every import is on offer.
    pub(crate) fn link(
        host: &Arc<Inner>,
        component: &Component,
        compiled: &wasmtime::component::Component,
    ) -> Result<Plugin, LoadError> {
        let shape = compiled.component_type();
        let speaks = speaks::exports(shape.exports(&host.engine).map(|(name, _)| name))?;
        let import = |error: wasmtime::Error| LoadError::Import(format!("{error:#}"));
        let linked = host.linker.instantiate_pre(compiled).map_err(import)?;
        Ok(Plugin {
            name: component.name().to_owned(),
            digest: component.digest(),
            imports: shape
                .imports(&host.engine)
                .map(|(name, _)| name.to_owned())
                .collect(),
            ready: Ready::new(speaks.kind, linked).map_err(import)?,
            speaks,
            places: Semaphore::new(AT_ONCE_EACH),
            last_used: Mutex::new(Instant::now()),
            host: Arc::downgrade(host),
        })
    }

    /// What the operator calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    #[must_use]
    pub fn kind(&self) -> PluginKind {
        self.speaks.kind
    }

    /// The interface version it speaks, such as `0.1.0`.
    #[must_use]
    pub fn interface(&self) -> &str {
        &self.speaks.version
    }

    /// The digest of its component.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What it is and what it asks for. Nothing is granted.
    pub async fn describe(self: &Arc<Self>) -> Call<Descriptor> {
        self.call(None, Terms::question(), &Value::Null, |ready, store| {
            Box::pin(ready.describe(store))
        })
        .await
    }

    /// Looks at the settings of a notifier: the user's table, without `type`. Templates alone are granted; a secret
    /// that is not known yet may stand there as any text.
    pub async fn check(
        self: &Arc<Self>,
        settings: &Value,
        secrets: Vec<String>,
    ) -> Call<Vec<Finding>> {
        let terms = Terms::check(secrets);
        let text = settings.to_string();
        self.call(
            Some(PluginKind::Notifier),
            terms,
            settings,
            move |ready, store| {
                Box::pin(async move {
                    let found = ready.check(store, &text).await?;
                    Ok(answers::findings(store.data().masks(), found))
                })
            },
        )
        .await
    }

    /// Looks at what a user wrote behind the colon of `id:target`, with settings that have no errors. The terms are
    /// those of `check`.
    pub async fn check_target(
        self: &Arc<Self>,
        settings: &Value,
        target: &str,
        secrets: Vec<String>,
    ) -> Call<Result<(), String>> {
        let (text, target) = (settings.to_string(), target.to_owned());
        let terms = Terms::check(secrets);
        self.call(
            Some(PluginKind::Notifier),
            terms,
            settings,
            move |ready, store| {
                Box::pin(async move {
                    let answer = ready.check_target(store, &text, &target).await?;
                    Ok(answer.map_err(|why| store.data().masks().hide(&why)))
                })
            },
        )
        .await
    }

    /// Delivers one event. The settings are the user's table, without `type`, secrets put in.
    pub async fn deliver(
        self: &Arc<Self>,
        terms: Terms,
        settings: &Value,
        event: Event,
        context: Context,
    ) -> Call<Result<Receipt, Failure>> {
        let text = settings.to_string();
        self.call(
            Some(PluginKind::Notifier),
            terms,
            settings,
            move |ready, store| {
                Box::pin(async move {
                    let answer = ready.deliver(store, &text, &event, &context).await?;
                    Ok(answers::delivered(store.data().masks(), answer))
                })
            },
        )
        .await
    }

    /// How surely a text is this importer's, from 0 to 100. `head` is cut after 64 KiB.
    pub async fn probe(self: &Arc<Self>, path: Option<String>, mut head: Vec<u8>) -> Call<u8> {
        const HEAD: usize = 64 << 10;
        head.truncate(HEAD);
        self.call(
            Some(PluginKind::Importer),
            Terms::question(),
            &Value::Null,
            move |ready, store| {
                Box::pin(
                    async move { Ok(ready.probe(store, path.as_deref(), &head).await?.min(100)) },
                )
            },
        )
        .await
    }

    /// Converts sources, in the order in which the user named them.
    pub async fn convert(
        self: &Arc<Self>,
        terms: Terms,
        sources: Vec<Source>,
        options: &Value,
    ) -> Call<Result<Conversion, Vec<Note>>> {
        let text = options.to_string();
        self.call(
            Some(PluginKind::Importer),
            terms,
            options,
            move |ready, store| {
                Box::pin(async move { ready.convert(store, &sources, &text).await })
            },
        )
        .await
    }

    /// What it imports from the host, as it is written in the component.
    pub(crate) fn imports(&self) -> &[String] {
        &self.imports
    }

    /// How long nobody has called it.
    pub(crate) fn idle(&self) -> Duration {
        self.last_used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }

    fn touch(&self) {
        *self
            .last_used
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// One call, on the plugins' own runtime. Dropping the future ends the call.
    async fn call<T, F>(
        self: &Arc<Self>,
        kind: Option<PluginKind>,
        terms: Terms,
        settings: &Value,
        ask: F,
    ) -> Call<T>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a Ready, &'a mut Store<State>) -> Answering<'a, T> + Send + 'static,
    {
        if let Some(asked) = kind.filter(|kind| *kind != self.kind()) {
            return never_began(Reason::Kind {
                is: self.kind(),
                asked,
            });
        }
        let Some(host) = self.host.upgrade() else {
            return never_began(Reason::Stopping);
        };
        let waiting = match Waiting::join(&host) {
            Ok(waiting) => waiting,
            Err(others) => return never_began(Reason::Busy(others)),
        };
        let granted = Granted::new(&terms.grants, settings);
        let (plugin, inner) = (Arc::clone(self), Arc::clone(&host));
        let mut task = AbortOnDrop(host.runtime().spawn(async move {
            let (Ok(_mine), Ok(_place)) =
                (plugin.places.acquire().await, inner.places.acquire().await)
            else {
                return never_began(Reason::Stopping);
            };
            drop(waiting);
            // Asked only now: while this call waited, others may have got the plugin suspended.
            if let Err(rest) = inner.admit(plugin.digest) {
                return never_began(Reason::Suspended(rest));
            }
            plugin.touch();
            let mut call = plugin.run(&inner, &terms, granted, ask).await;
            plugin.touch();
            let faulty = call
                .answer
                .as_ref()
                .is_err_and(|error| error.reason.is_fault());
            call.change = inner.ended(plugin.digest, faulty);
            call
        }));
        match (&mut task.0).await {
            Ok(call) => call,
            Err(error) if error.is_cancelled() => never_began(Reason::Stopping),
            Err(error) => never_began(Reason::Crashed(format!(
                "a fault of the host itself: {error}"
            ))),
        }
    }

    async fn run<T, F>(&self, host: &Inner, terms: &Terms, granted: Granted, ask: F) -> Call<T>
    where
        F: for<'a> FnOnce(&'a Ready, &'a mut Store<State>) -> Answering<'a, T> + Send,
    {
        let state = State::new(&self.name, terms, granted, host.services.clone());
        let mut store = Store::new(&host.engine, state);
        store.limiter(State::limiter);
        store.set_hostcall_fuel(terms.limits.copied);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(on_tick);
        let _ticking = host.ticker.hold();
        let began = Instant::now();
        let wall = terms.limits.wall;
        let answer = tokio::time::timeout(wall, ask(&self.ready, &mut store)).await;
        let answer = match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(store.data().explain(&error)),
            Err(_) => Err(store.data().failed(Reason::Deadline(wall))),
        };
        Call {
            answer,
            exchange: store.into_data().into_exchange(began.elapsed()),
            change: None,
        }
    }
}

fn never_began<T>(reason: Reason) -> Call<T> {
    Call {
        answer: Err(CallError::from(reason)),
        exchange: Exchange::default(),
        change: None,
    }
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
