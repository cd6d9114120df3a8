//! A world around the engine: a store that commits when it likes, far sides that answer as they are told to, and
//! daemons that die. What was decided and not stored when one dies is heard anew by the next, as in the real one, where
//! the end of a run and its messages are in one transaction.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use crate::config::plan::Plan;
use crate::notify::{AT_ONCE, Answer, Heard, Notify, Order, Restored};
use crate::words::notice::{BellRow, Delivery, DeliveryState, MessageId};

/// What is on disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    pub(crate) deliveries: BTreeMap<MessageId, Delivery>,
    pub(crate) bell: BTreeMap<MessageId, BellRow>,
    memories: BTreeMap<String, String>,
}

/// A turn that is not stored yet: what was heard in it, and what is to be written.
struct Turn {
    heard: Vec<Heard>,
    orders: Vec<Order>,
}

pub(crate) struct World {
    pub(crate) now: Timestamp,
    plan: Arc<Plan>,
    notify: Notify,
    pub(crate) disk: Disk,
    unstored: VecDeque<Turn>,
    /// Attempts under way.
    pub(crate) sending: Vec<Delivery>,
    /// Every attempt there ever was.
    pub(crate) sent: Vec<Delivery>,
}

impl World {
    pub(crate) fn new(plan: Arc<Plan>, at: i64) -> World {
        let now = Timestamp::from_second(at).unwrap();
        let notify = Notify::new(Arc::clone(&plan), Restored::default(), now, &mut Vec::new());
        World {
            now,
            plan,
            notify,
            disk: Disk::default(),
            unstored: VecDeque::new(),
            sending: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// One turn: what is decided in it waits for the store.
    pub(crate) fn turn(
        &mut self,
        heard: Vec<Heard>,
        decide: impl FnOnce(&mut Notify, Timestamp, &mut Vec<Order>),
    ) {
        let mut orders = Vec::new();
        decide(&mut self.notify, self.now, &mut orders);
        for order in &orders {
            if let Order::Send(delivery) = order {
                let held = self.disk.deliveries.contains_key(&delivery.id);
                assert!(held, "{} is sent and not stored", delivery.id);
                self.sending.push((**delivery).clone());
                self.sent.push((**delivery).clone());
            }
        }
        self.unstored.push_back(Turn { heard, orders });
        let mut lanes: BTreeMap<&str, usize> = BTreeMap::new();
        for delivery in &self.sending {
            *lanes.entry(&delivery.notifier).or_default() += 1;
        }
        assert!(lanes.values().all(|sending| *sending <= AT_ONCE));
        let threads: BTreeSet<_> = self
            .sending
            .iter()
            .map(|d| (d.to(), d.notice.unit_name().cloned()))
            .collect();
        assert_eq!(
            threads.len(),
            self.sending.len(),
            "a thread is out of order"
        );
    }

    pub(crate) fn hear(&mut self, heard: Vec<Heard>) {
        self.turn(heard.clone(), |notify, now, out| {
            notify.hear(now, heard, out)
        });
    }

    /// Time passes; everything that becomes due on the way happens at its time.
    pub(crate) fn pass(&mut self, seconds: i64) {
        let end = self.now + jiff::SignedDuration::from_secs(seconds);
        while let Some(at) = self.notify.deadline().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.turn(Vec::new(), Notify::on_time);
            self.store(usize::MAX);
        }
        self.now = end;
    }

    /// The store commits the oldest turns.
    pub(crate) fn store(&mut self, turns: usize) {
        for _ in 0..turns {
            let Some(turn) = self.unstored.pop_front() else {
                return;
            };
            let mut confirmed = Vec::new();
            for order in turn.orders {
                match order {
                    Order::Keep(delivery) => {
                        if matches!(delivery.state, DeliveryState::Pending | DeliveryState::Held) {
                            confirmed.push(delivery.id);
                        }
                        self.disk.deliveries.insert(delivery.id, *delivery);
                    }
                    Order::Bell(row) => {
                        self.disk.bell.insert(row.id, *row);
                    }
                    Order::Remember(name, Some(json)) => {
                        self.disk.memories.insert(name, json);
                    }
                    Order::Remember(name, None) => {
                        self.disk.memories.remove(&name);
                    }
                    Order::Send(_) | Order::Tell(_) => {}
                }
            }
            if !confirmed.is_empty() {
                self.turn(Vec::new(), |notify, now, out| {
                    notify.stored(now, &confirmed, out);
                });
            }
        }
    }

    /// The far side answers one of the attempts under way.
    pub(crate) fn answer(&mut self, which: usize, answer: Answer) {
        if self.sending.is_empty() {
            return;
        }
        let delivery = self.sending.remove(which % self.sending.len());
        self.turn(Vec::new(), |notify, now, out| {
            notify.answered(now, delivery.id, answer, out);
        });
    }

    /// Everything goes well from here: all is stored, every attempt succeeds.
    pub(crate) fn settle(&mut self) {
        loop {
            self.store(usize::MAX);
            if self.sending.is_empty() {
                return;
            }
            self.answer(0, delivered("ref"));
        }
    }

    /// The daemon dies, and a new one takes over.
    pub(crate) fn die(&mut self) {
        let again: Vec<Vec<Heard>> = self.unstored.drain(..).map(|turn| turn.heard).collect();
        self.sending.clear();
        let open = self.disk.deliveries.values();
        let mut deliveries: Vec<Delivery> = open.filter(|d| !d.state.is_final()).cloned().collect();
        deliveries.sort_by_key(|delivery| (delivery.created_at, delivery.id));
        let restored = Restored {
            memories: self.disk.memories.clone().into_iter().collect(),
            deliveries,
            running: Vec::new(),
        };
        let mut orders = Vec::new();
        self.notify = Notify::new(Arc::clone(&self.plan), restored, self.now, &mut orders);
        self.turn(Vec::new(), |notify, now, out| {
            out.append(&mut orders);
            notify.on_time(now, out);
        });
        for heard in again.into_iter().filter(|heard| !heard.is_empty()) {
            self.hear(heard);
        }
    }

    /// A reload.
    pub(crate) fn apply(&mut self, plan: Arc<Plan>) {
        self.plan = Arc::clone(&plan);
        self.turn(Vec::new(), |notify, now, out| notify.apply(now, plan, out));
    }

    pub(crate) fn stop(&mut self) {
        self.turn(Vec::new(), Notify::stopping);
    }

    /// What was sent, a line each: when, to whom, what, and how many it stands for.
    pub(crate) fn transcript(&self) -> String {
        let line = |d: &Delivery| {
            let at = d.next_at.as_second();
            let folded = match d.notice.folded {
                0 => String::new(),
                n => format!(" +{n}"),
            };
            let answers = d.answers_reference.as_ref();
            let answers = answers.map(|r| format!(" answers {r}")).unwrap_or_default();
            format!("{at} {} {}{folded}{answers}\n", d.to(), d.notice.title)
        };
        self.sent.iter().map(line).collect()
    }
}

pub(crate) fn delivered(reference: &str) -> Answer {
    Answer::Delivered {
        reference: Some(reference.to_owned()),
        note: None,
    }
}

pub(crate) fn not_now(after: Option<u64>) -> Answer {
    Answer::NotNow {
        message: "the server says 500".to_owned(),
        after: after.map(std::time::Duration::from_secs),
    }
}
