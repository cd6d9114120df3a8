//! The loop's arm for messages to people: what a turn said is decided on in the same turn and written in its commit;
//! what is to be sent goes to a task of its own, and comes back as an input.
//!
//! Invariants: a delivery is sent only after the store said that it holds it; nothing here waits for a far side.
//!
//! Tests: the decisions in the core, the whole in `tests/e2e/notifications.rs`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use runwisp_core::config::plan::Plan;
use runwisp_core::notify::{Answer, Heard, NotAgain, Notify, Order, Restored};
use runwisp_core::words::notice::{Delivery, DeliveryState, MessageId};
use runwisp_core::words::run::{RunRecord, RunState};

use super::handle::Reply;
use super::main_loop::{Back, MainLoop};
use super::options::Options;
use super::{clock, fault};
use crate::notify::{Notifiers, Telling, Told, WasmNotifiers};
use crate::plugins::Place;
use crate::store::{Keep, Queries, StoreError, Write};

/// How long a daemon that leaves waits for attempts under way.
pub(super) const LAST_ATTEMPTS: Duration = Duration::from_secs(2);

/// How long a plugin that nobody calls stays loaded.
const IDLE: Duration = Duration::from_secs(60);

/// What came of an attempt.
pub(crate) struct Attempted {
    pub(crate) delivery: MessageId,
    pub(crate) told: Told,
}

/// The engine and its hand.
pub(crate) struct Messages {
    pub(super) notify: Notify,
    pub(super) telling: Telling,
    plugins: Arc<WasmNotifiers>,
    /// Orders that belong into the commit of the next turn.
    first: Vec<Order>,
    /// What an earlier daemon had not delivered, until it has been made known to those who count.
    pub(super) restored: Vec<Delivery>,
    /// When plugins were last called; none while none is loaded.
    used_at: Option<Instant>,
}

impl Messages {
    /// Goes on with what an earlier daemon left in the store.
    pub(super) fn open(
        plan: &Arc<Plan>,
        queries: &Queries,
        open_runs: &[RunRecord],
        options: &Options,
    ) -> Result<Self, StoreError> {
        let began = |state| matches!(state, RunState::Running | RunState::Stopping);
        let restored = Restored {
            memories: queries.notify_memories()?,
            deliveries: queries.open_deliveries()?,
            running: open_runs
                .iter()
                .filter(|row| began(row.state))
                .map(|row| row.id)
                .collect(),
        };
        let deliveries = restored.deliveries.clone();
        let mut first = Vec::new();
        let now = clock::now().wall;
        let notify = Notify::new(Arc::clone(plan), restored, now, &mut first);
        let place = Place::of(&options.config, &options.data);
        let plugins = Arc::new(WasmNotifiers::new(place, plan.notify.plugins.clone()));
        let notifiers = Arc::clone(&plugins) as Arc<dyn Notifiers>;
        let telling = Telling::new(plan, notifiers, &options.data);
        Ok(Messages {
            notify,
            telling,
            plugins,
            first,
            restored: deliveries,
            used_at: None,
        })
    }
}

impl Messages {
    /// The plugins that tell people, and all others there are.
    pub(crate) fn plugins(&self) -> Arc<WasmNotifiers> {
        Arc::clone(&self.plugins)
    }
}

impl MainLoop {
    /// What people might be told of in this turn. Before the turn's writes are handed over.
    pub(crate) fn hear(&mut self, now: Timestamp, heard: Vec<Heard>) {
        if heard.is_empty() || self.tells_nobody() {
            return;
        }
        let mut orders = Vec::new();
        self.messages.notify.hear(now, heard, &mut orders);
        let decided = orders.iter().any(|order| matches!(order, Order::Keep(_)));
        self.carry_out_messages(now, orders);
        if decided {
            fault::point("notify-decided");
        }
    }

    /// A daemon that is there for a single run tells nobody: whoever started it sees what came of it.
    fn tells_nobody(&self) -> bool {
        self.situation.options.only.is_some()
    }

    /// When something about messages is due.
    pub(crate) fn messages_deadline(&self) -> Option<Timestamp> {
        match self.tells_nobody() {
            true => None,
            false => self.messages.notify.deadline(),
        }
    }

    /// One decision about messages, and the end of its turn.
    pub(crate) fn decide_messages(
        &mut self,
        decide: impl FnOnce(&mut Notify, Timestamp, &mut Vec<Order>),
    ) {
        if self.tells_nobody() {
            return;
        }
        let now = clock::now().wall;
        let mut orders = std::mem::take(&mut self.messages.first);
        decide(&mut self.messages.notify, now, &mut orders);
        self.carry_out_messages(now, orders);
        self.journal.flush();
    }

    fn carry_out_messages(&mut self, now: Timestamp, orders: Vec<Order>) {
        for order in orders {
            match order {
                Order::Keep(delivery) => {
                    let confirm =
                        matches!(delivery.state, DeliveryState::Pending | DeliveryState::Held);
                    self.journal.write(Write::Delivery { delivery, confirm });
                }
                Order::Bell(row) => self.journal.write(Write::Bell(row)),
                Order::Remember(name, memory) => {
                    self.journal.write(Write::NotifyMemory(name, memory));
                }
                Order::Send(delivery) => self.send(*delivery),
                Order::Tell(event) => self.journal.tell(now, event),
            }
        }
    }

    /// Somebody wants a delivery sent once more.
    pub(crate) fn send_again(
        &mut self,
        delivery: Delivery,
        reply: Reply<Result<Box<Delivery>, NotAgain>>,
    ) {
        let mut answer = Err(NotAgain::NoNotifier);
        self.decide_messages(|notify, now, out| {
            answer = notify.again(now, delivery, out).map(Box::new);
        });
        let _ = reply.send(answer);
    }

    /// The store holds these.
    pub(crate) fn messages_stored(&mut self, ids: &[MessageId]) {
        fault::point("notify-stored");
        self.decide_messages(|notify, now, out| notify.stored(now, ids, out));
    }

    /// One attempt, away from the loop.
    fn send(&mut self, delivery: Delivery) {
        let telling = self.messages.telling.clone();
        let notifiers = &self.fleet.plan().notify.notifiers;
        let Some(plan) = notifiers.get(&delivery.notifier).cloned() else {
            // The plan has changed since this turn was decided on; the outbox hears of that as well.
            let message = format!("the notifier {} is not defined any more", delivery.notifier);
            return self.attempted_to_no_avail(delivery.id, Answer::Never { message });
        };
        let back = self.back.clone();
        let id = delivery.id;
        tokio::spawn(async move {
            fault::point("notify-sending");
            let attempt = tokio::spawn(async move { telling.tell(&plan, &delivery).await });
            let told = attempt.await.unwrap_or_else(|error| Told {
                answer: Answer::NotNow {
                    message: format!("a fault of runwisp itself: {error}"),
                    after: None,
                },
                exchange: Default::default(),
                suspended: None,
            });
            fault::point("notify-sent");
            let _ = back.send(Back::Attempted(Box::new(Attempted { delivery: id, told })));
        });
    }

    fn attempted_to_no_avail(&self, delivery: MessageId, answer: Answer) {
        let told = Told {
            answer,
            exchange: Default::default(),
            suspended: None,
        };
        let _ = self
            .back
            .send(Back::Attempted(Box::new(Attempted { delivery, told })));
    }

    /// An attempt is over.
    pub(crate) fn handle_attempted(&mut self, attempted: Attempted) {
        let Attempted { delivery, told } = attempted;
        let notifier = self.journal.tally.notifier_of(delivery);
        let (took, suspended) = (told.exchange.wall, told.suspended.is_some());
        self.count_call(notifier.as_deref(), &told.answer, took, suspended);
        if let Some((plugin, message)) = told.suspended {
            tracing::warn!(plugin, "suspended: {message}");
            let now = clock::now().wall;
            self.hear(now, vec![Heard::Suspended { plugin, message }]);
        }
        self.plugins_were_used();
        self.decide_messages(|notify, now, out| {
            notify.answered(now, delivery, told.answer, out);
        });
    }

    /// A new plan is in force.
    pub(crate) fn messages_apply(&mut self, plan: &Arc<Plan>) {
        let plugins = self
            .messages
            .plugins
            .with_tables(plan.notify.plugins.clone());
        self.messages.plugins = Arc::new(plugins);
        let notifiers = Arc::clone(&self.messages.plugins) as Arc<dyn Notifiers>;
        self.messages.telling = Telling::new(plan, notifiers, &self.situation.options.data);
        let plan = Arc::clone(plan);
        self.decide_messages(|notify, now, out| notify.apply(now, plan, out));
    }

    /// What is too old or too many is removed, and plugins that nobody needs are let go. With every sweep.
    pub(crate) fn sweep_messages(&mut self) {
        let notify = &self.fleet.plan().notify;
        let now = clock::now().wall;
        let length = jiff::SignedDuration::try_from(notify.keep_for).unwrap_or_default();
        let keep = Keep {
            newest: notify.keep_notifications,
            after: now.checked_sub(length).unwrap_or(Timestamp::MIN),
        };
        self.journal.write(Write::KeepMessages(keep));
        self.journal.flush();
    }

    /// Plugins have been called: once they rest for a while, they are let go.
    pub(crate) fn plugins_were_used(&mut self) {
        if self.messages.used_at.replace(Instant::now()).is_none() {
            self.release_later();
        }
    }

    fn release_later(&self) {
        let back = self.back.clone();
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            let _ = back.send(Back::ReleasePlugins);
        });
    }

    /// Plugins that have not been called for a while go.
    pub(crate) fn release_plugins(&mut self) {
        let notifiers = Arc::clone(&self.messages.telling.notifiers);
        tokio::task::spawn_blocking(move || notifiers.release_idle(IDLE / 2));
        match self.messages.used_at {
            Some(at) if at.elapsed() < IDLE => self.release_later(),
            _ => self.messages.used_at = None,
        }
    }

    /// This daemon leaves: what has been sent is recorded, if that is known soon.
    pub(crate) async fn last_attempts(&mut self) {
        self.decide_messages(|notify, _, out| notify.leave(out));
        let wait = async {
            while self.messages.notify.sending() > 0 {
                match self.returned.recv().await {
                    Some(Back::Attempted(attempted)) => self.record_last(*attempted),
                    Some(_) => {}
                    None => return,
                }
            }
        };
        if tokio::time::timeout(LAST_ATTEMPTS, wait).await.is_err() {
            tracing::warn!("messages that were being sent will be sent again by the next daemon");
        }
        self.journal.flush();
    }

    /// What came of an attempt, when no further one is begun.
    fn record_last(&mut self, attempted: Attempted) {
        let now = clock::now().wall;
        let mut orders = Vec::new();
        let Attempted { delivery, told } = attempted;
        self.messages
            .notify
            .answered(now, delivery, told.answer, &mut orders);
        self.carry_out_messages(now, orders);
        self.journal.flush();
    }
}
