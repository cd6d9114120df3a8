//! Deliveries on their way: which is sent next, and what becomes of each.
//!
//! | state | leaves by |
//! | --- | --- |
//! | `held` | the end of the quiet hours: sent like `pending` · another one like it comes: folded into it |
//! | `pending` | on disk, due, first of its thread, room in its lane: `sending` · its notifier is gone: `rejected` |
//! | `sending` | receipt: `delivered` · a lasting no: `rejected` · not now: `pending`, or `expired` by `retry.rs` |
//! | `rejected` `expired` | by hand: `pending` |
//! | `delivered` | · |
//!
//! A lane is a notifier; a thread is what one unit has to say to one target of it. Threads are in order: a recovery is
//! not sent before the failure that it answers has come to its end. Between threads there is no order: a lane whose
//! newest attempt was delivered has several under way, any other one alone, so that a far side that hangs or has had
//! enough is asked by one. Lanes know nothing of each other.
//!
//! Invariants: nothing is sent that the store has not said it holds; at most [`AT_ONCE`] attempts per lane are under way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::{Order, retry};
use crate::words::event_kind::EventKind;
use crate::words::notice::{Attempt, AttemptOutcome, Delivery, DeliveryState, MessageId, Target};

/// Attempts that a notifier is given at once while it takes them.
pub const AT_ONCE: usize = 4;
/// Deliveries that may wait for one notifier; one more is rejected.
pub const MOST_WAITING: usize = 10_000;
/// Attempts that are kept of a delivery; when there are more, those in the middle give way.
const MOST_ATTEMPTS: usize = 20;

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The far side has it.
    Delivered {
        /// What names the message there.
        reference: Option<String>,
        /// A word for the history.
        note: Option<String>,
    },
    /// It may work later.
    NotNow {
        /// Why.
        message: String,
        /// Not before so long.
        after: Option<Duration>,
    },
    /// It never will.
    Never {
        /// Why.
        message: String,
    },
}

/// Why a delivery is not sent once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAgain {
    /// It is on its way.
    Waits,
    /// It has arrived.
    Arrived,
    /// Its notifier is not defined any more.
    NoNotifier,
}

type Thread = (Target, String);

#[derive(Debug)]
struct Entry {
    delivery: Box<Delivery>,
    stored: bool,
}

#[derive(Debug, Default)]
struct Lane {
    /// Heads of threads that wait for nothing but their time.
    ready: BTreeSet<(Timestamp, MessageId)>,
    sending: usize,
    waiting: usize,
    /// Its newest attempt was delivered.
    proven: bool,
    /// Why the newest attempt failed, until one succeeds.
    trouble: Option<String>,
}

/// All deliveries that have not ended.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    entries: BTreeMap<MessageId, Entry>,
    threads: BTreeMap<Thread, VecDeque<MessageId>>,
    lanes: BTreeMap<String, Lane>,
}

fn thread(delivery: &Delivery) -> Thread {
    let unit = delivery.notice.unit_name();
    (
        delivery.to(),
        unit.map(ToString::to_string).unwrap_or_default(),
    )
}

impl Lane {
    fn has_room(&self) -> bool {
        self.sending < if self.proven { AT_ONCE } else { 1 }
    }
}

impl Outbox {
    /// Takes a delivery over from an earlier daemon, oldest first. One that was being sent is sent again, by the same id.
    pub(crate) fn restore(&mut self, mut delivery: Delivery, now: Timestamp) {
        if delivery.state == DeliveryState::Sending {
            let began = delivery.attempts.last().map_or(delivery.due_at, |a| a.at);
            delivery.attempts.push(Attempt {
                at: began.max(delivery.next_at).min(now),
                outcome: AttemptOutcome::Interrupted,
                message: Some("the daemon died meanwhile; sent again by the same id".to_owned()),
            });
            delivery.state = DeliveryState::Pending;
            delivery.next_at = now;
        }
        self.enter(delivery, true);
    }

    /// One more delivery.
    pub(crate) fn post(&mut self, delivery: Delivery, out: &mut Vec<Order>) {
        if self.entries.contains_key(&delivery.id) {
            return;
        }
        let waiting = self
            .lanes
            .get(&delivery.notifier)
            .map_or(0, |lane| lane.waiting);
        if waiting >= MOST_WAITING {
            let why = format!(
                "{MOST_WAITING} messages were waiting for {} already",
                delivery.notifier
            );
            return close(
                delivery.created_at,
                delivery,
                DeliveryState::Rejected,
                why,
                out,
            );
        }
        if delivery.state == DeliveryState::Held && self.fold(&delivery, out) {
            return;
        }
        out.push(Order::Keep(Box::new(delivery.clone())));
        out.push(told(&delivery, None));
        self.enter(delivery, false);
    }

    /// Sends once more what did not arrive, by the same id, with a budget of its own.
    pub(crate) fn again(
        &mut self,
        now: Timestamp,
        mut delivery: Delivery,
        out: &mut Vec<Order>,
    ) -> Result<Delivery, NotAgain> {
        if !delivery.state.is_final() || self.entries.contains_key(&delivery.id) {
            return Err(NotAgain::Waits);
        }
        if delivery.state == DeliveryState::Delivered {
            return Err(NotAgain::Arrived);
        }
        delivery.state = DeliveryState::Pending;
        delivery.ended_at = None;
        (delivery.due_at, delivery.next_at) = (now, now);
        self.post(delivery.clone(), out);
        Ok(delivery)
    }

    /// Folds a delivery into one that is held and tells of the same; whether there is one.
    fn fold(&mut self, new: &Delivery, out: &mut Vec<Order>) -> bool {
        let Some(ids) = self.threads.get(&thread(new)) else {
            return false;
        };
        let last = ids.back().and_then(|id| self.entries.get_mut(id));
        let Some(entry) = last.filter(|entry| {
            entry.delivery.state == DeliveryState::Held
                && entry.delivery.notice.kind == new.notice.kind
        }) else {
            return false;
        };
        let held = &mut entry.delivery;
        let before = std::mem::replace(&mut held.notice, new.notice.clone());
        held.notice.folded += before.folded + 1;
        held.notice.since = before.since.or(Some(before.at));
        held.template = new.template.clone();
        out.push(Order::Keep(held.clone()));
        true
    }

    fn enter(&mut self, delivery: Delivery, stored: bool) {
        let (id, thread) = (delivery.id, thread(&delivery));
        self.lanes
            .entry(delivery.notifier.clone())
            .or_default()
            .waiting += 1;
        let delivery = Box::new(delivery);
        self.entries.insert(id, Entry { delivery, stored });
        self.threads.entry(thread).or_default().push_back(id);
        self.look_at(id);
    }

    /// Puts a delivery among the ready ones, if nothing speaks against it but time.
    fn look_at(&mut self, id: MessageId) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let waits = match entry.delivery.state {
            DeliveryState::Pending | DeliveryState::Held => entry.stored,
            _ => false,
        };
        let head = self
            .threads
            .get(&thread(&entry.delivery))
            .and_then(VecDeque::front);
        if waits
            && head == Some(&id)
            && let Some(lane) = self.lanes.get_mut(&entry.delivery.notifier)
        {
            lane.ready.insert((entry.delivery.next_at, id));
        }
    }

    /// The store holds these.
    pub(crate) fn stored(&mut self, ids: &[MessageId]) {
        for id in ids {
            if let Some(entry) = self.entries.get_mut(id) {
                entry.stored = true;
                self.look_at(*id);
            }
        }
    }

    /// Sends what is due and has room.
    pub(crate) fn dispatch(&mut self, now: Timestamp, out: &mut Vec<Order>) {
        for lane in self.lanes.values_mut() {
            while lane.has_room()
                && let Some((at, id)) = lane.ready.first().copied()
                && at <= now
            {
                lane.ready.pop_first();
                let Some(entry) = self.entries.get_mut(&id) else {
                    continue;
                };
                lane.sending += 1;
                entry.delivery.state = DeliveryState::Sending;
                entry.delivery.next_at = now;
                out.push(Order::Keep(entry.delivery.clone()));
                out.push(Order::Send(entry.delivery.clone()));
            }
        }
    }

    /// An attempt is over. The delivery, if it has come to its end.
    pub(crate) fn answered(
        &mut self,
        now: Timestamp,
        id: MessageId,
        answer: Answer,
        budget: Duration,
        out: &mut Vec<Order>,
    ) -> Option<Delivery> {
        let entry = self.entries.get_mut(&id)?;
        let delivery = &mut entry.delivery;
        let lane = self.lanes.entry(delivery.notifier.clone()).or_default();
        lane.sending = lane.sending.saturating_sub(1);
        let (outcome, message) = match &answer {
            Answer::Delivered { note, .. } => (AttemptOutcome::Delivered, note.clone()),
            Answer::NotNow { message, .. } => (AttemptOutcome::Failed, Some(message.clone())),
            Answer::Never { message } => (AttemptOutcome::Rejected, Some(message.clone())),
        };
        lane.proven = outcome == AttemptOutcome::Delivered;
        lane.trouble = message
            .clone()
            .filter(|_| outcome != AttemptOutcome::Delivered);
        // An attempt began when the delivery was given out.
        let at = delivery.next_at.min(now);
        if delivery.attempts.len() >= MOST_ATTEMPTS {
            delivery.attempts.remove(MOST_ATTEMPTS / 2);
        }
        delivery.attempts.push(Attempt {
            at,
            outcome,
            message: message.clone(),
        });
        let end = match answer {
            Answer::Delivered { reference, .. } => {
                delivery.reference = reference;
                DeliveryState::Delivered
            }
            Answer::Never { .. } => DeliveryState::Rejected,
            Answer::NotNow { after, .. } => {
                let failed = delivery.attempts.len();
                match retry::next(now, delivery.due_at, budget, failed, after) {
                    Some(at) => {
                        delivery.state = DeliveryState::Pending;
                        delivery.next_at = at;
                        out.push(Order::Keep(delivery.clone()));
                        out.push(told(delivery, message));
                        self.look_at(id);
                        return None;
                    }
                    None => DeliveryState::Expired,
                }
            }
        };
        let mut delivery = self.remove(id)?;
        delivery.state = end;
        delivery.ended_at = Some(now);
        out.push(Order::Keep(Box::new(delivery.clone())));
        out.push(told(&delivery, message));
        self.pass_on(&delivery);
        Some(delivery)
    }

    /// Whoever answers this delivery learns its reference.
    fn pass_on(&mut self, ended: &Delivery) {
        let Some(ids) = self.threads.get(&thread(ended)) else {
            return;
        };
        for id in ids {
            if let Some(entry) = self.entries.get_mut(id)
                && entry.delivery.answers == Some(ended.id)
            {
                entry.delivery.answers_reference = ended.reference.clone();
            }
        }
    }

    fn remove(&mut self, id: MessageId) -> Option<Delivery> {
        let entry = self.entries.remove(&id)?;
        let thread = thread(&entry.delivery);
        if let Some(lane) = self.lanes.get_mut(&entry.delivery.notifier) {
            lane.waiting = lane.waiting.saturating_sub(1);
            lane.ready.remove(&(entry.delivery.next_at, id));
        }
        let ids = self.threads.entry(thread.clone()).or_default();
        ids.retain(|other| *other != id);
        match ids.front().copied() {
            Some(next) => self.look_at(next),
            None => {
                self.threads.remove(&thread);
            }
        }
        Some(*entry.delivery)
    }

    /// Rejects what waits for notifiers that are not defined any more.
    pub(crate) fn keep_only(
        &mut self,
        defined: impl Fn(&str) -> bool,
        now: Timestamp,
        out: &mut Vec<Order>,
    ) {
        let gone: Vec<MessageId> = self
            .entries
            .values()
            .filter(|entry| {
                entry.delivery.state != DeliveryState::Sending && !defined(&entry.delivery.notifier)
            })
            .map(|entry| entry.delivery.id)
            .collect();
        for id in gone {
            if let Some(delivery) = self.remove(id) {
                let why = format!("the notifier {} is not defined any more", delivery.notifier);
                close(now, delivery, DeliveryState::Rejected, why, out);
            }
        }
        self.lanes
            .retain(|id, lane| lane.waiting > 0 || defined(id));
    }

    /// Quiet hours have changed, or the clock: what is held waits until `quiet` says, what waits for another attempt a
    /// minute at most.
    pub(crate) fn hold(&mut self, now: Timestamp, quiet: Option<Timestamp>, out: &mut Vec<Order>) {
        let ids: Vec<MessageId> = self.entries.keys().copied().collect();
        for id in ids {
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            let delivery = &mut entry.delivery;
            let was = delivery.next_at;
            match delivery.state {
                DeliveryState::Held => {
                    delivery.next_at = quiet.unwrap_or(now);
                    delivery.due_at = delivery.next_at;
                }
                DeliveryState::Pending => {
                    let soon = retry::plus(now, Duration::from_secs(60));
                    delivery.next_at = delivery.next_at.min(soon);
                    delivery.due_at = delivery.due_at.min(now);
                }
                _ => continue,
            }
            if delivery.next_at != was {
                if let Some(lane) = self.lanes.get_mut(&delivery.notifier) {
                    lane.ready.remove(&(was, id));
                }
                out.push(Order::Keep(delivery.clone()));
                self.look_at(id);
            }
        }
    }

    /// When something is due next.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        let open = self.lanes.values().filter(|lane| lane.has_room());
        open.filter_map(|lane| lane.ready.first().map(|(at, _)| *at))
            .min()
    }

    /// How many attempts are under way.
    pub(crate) fn sending(&self) -> usize {
        self.lanes.values().map(|lane| lane.sending).sum()
    }

    /// Notifiers in trouble, each with how many messages wait for it and why.
    pub(crate) fn troubles(&self) -> impl Iterator<Item = (&str, usize, &str)> {
        self.lanes
            .iter()
            .filter_map(|(id, lane)| Some((id.as_str(), lane.waiting, lane.trouble.as_deref()?)))
    }
}

fn close(
    now: Timestamp,
    mut delivery: Delivery,
    state: DeliveryState,
    why: String,
    out: &mut Vec<Order>,
) {
    delivery.state = state;
    delivery.ended_at = Some(now);
    delivery.attempts.push(Attempt {
        at: now,
        outcome: AttemptOutcome::Rejected,
        message: Some(why.clone()),
    });
    out.push(Order::Keep(Box::new(delivery.clone())));
    out.push(told(&delivery, Some(why)));
}

fn told(delivery: &Delivery, message: Option<String>) -> Order {
    Order::Tell(crate::words::event::Event::Delivery {
        delivery: delivery.id,
        notifier: delivery.notifier.clone(),
        unit: delivery.notice.unit_name().cloned(),
        kind: delivery.notice.kind,
        state: delivery.state,
        message,
    })
}

/// Whether people are told when such a message can not be delivered.
pub(crate) fn is_worth_telling(delivery: &Delivery) -> bool {
    delivery.state != DeliveryState::Delivered && delivery.notice.kind != EventKind::Test
}
