//! What is waiting to be written about messages to people: the newest state of each, not the way there.
//!
//! Pure, like the rest of what is pending. Deliveries that have not ended never give way: there are only as many as may
//! wait for notifiers. At the bound, those that have ended do, oldest first, then rows of the bell; all are counted.
//!
//! Tests are below.

use std::collections::BTreeMap;

use jiff::Timestamp;
use runwisp_core::words::notice::{BellRow, Delivery, MessageId};

/// Rows of the bell that somebody has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// Which; none is all that had happened by then.
    pub id: Option<MessageId>,
    /// When.
    pub at: Timestamp,
    /// Whether it was read, or is to count as unread again.
    pub read: bool,
}

/// What is kept of messages at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The newest so many of each kind.
    pub newest: u64,
    /// Of these, what happened after.
    pub after: Timestamp,
}

/// What is waiting.
#[derive(Debug, Default)]
pub(super) struct Messages {
    pub(super) deliveries: BTreeMap<MessageId, Box<Delivery>>,
    pub(super) bell: BTreeMap<MessageId, Box<BellRow>>,
    pub(super) memories: BTreeMap<String, Option<String>>,
    pub(super) read: Vec<Read>,
    pub(super) keep: Option<Keep>,
    pub(super) confirm: Vec<MessageId>,
}

impl Messages {
    pub(super) fn rows(&self) -> usize {
        self.deliveries.len()
            + self.bell.len()
            + self.memories.len()
            + self.read.len()
            + usize::from(self.keep.is_some())
    }

    pub(super) fn deliver(&mut self, delivery: Box<Delivery>, confirm: bool) {
        if confirm {
            self.confirm.push(delivery.id);
        }
        self.deliveries.insert(delivery.id, delivery);
    }

    /// Takes in what came later, which overrules what is here.
    pub(super) fn absorb(&mut self, newer: Messages) {
        self.deliveries.extend(newer.deliveries);
        self.bell.extend(newer.bell);
        self.memories.extend(newer.memories);
        self.read.extend(newer.read);
        self.keep = newer.keep.or(self.keep);
        self.confirm.extend(newer.confirm);
    }

    /// Lets go of so many rows, if there are as many that may go. How many went.
    pub(super) fn give_way(&mut self, excess: usize) -> usize {
        let ended: Vec<MessageId> = self
            .deliveries
            .values()
            .filter(|delivery| delivery.state.is_final())
            .map(|delivery| delivery.id)
            .take(excess)
            .collect();
        for id in &ended {
            self.deliveries.remove(id);
        }
        let rows: Vec<MessageId> = self
            .bell
            .keys()
            .copied()
            .take(excess - ended.len())
            .collect();
        for id in &rows {
            self.bell.remove(id);
        }
        ended.len() + rows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::messages::{delivery, row};
    use runwisp_core::words::notice::DeliveryState;

    #[test]
    fn what_has_ended_gives_way_and_what_waits_never() {
        let mut messages = Messages::default();
        for ms in 0..4 {
            let mut ended = delivery(ms);
            ended.state = DeliveryState::Delivered;
            messages.deliver(Box::new(ended), false);
            messages.deliver(Box::new(delivery(100 + ms)), true);
            let row = row(ms);
            messages.bell.insert(row.id, Box::new(row));
        }
        assert_eq!(messages.give_way(2), 2);
        assert_eq!((messages.deliveries.len(), messages.bell.len()), (6, 4));
        assert_eq!(messages.give_way(9), 6);
        assert!(messages.deliveries.values().all(|d| !d.state.is_final()));
    }

    #[test]
    fn what_came_later_overrules_what_was_there() {
        let mut older = Messages::default();
        older.deliver(Box::new(delivery(1)), true);
        older.deliver(Box::new(delivery(2)), true);
        let mut messages = Messages::default();
        let mut ended = delivery(1);
        ended.state = DeliveryState::Delivered;
        messages.deliver(Box::new(ended), false);
        older.absorb(messages);
        let messages = older;
        let states: Vec<_> = messages.deliveries.values().map(|d| d.state).collect();
        assert_eq!(states, [DeliveryState::Delivered, DeliveryState::Pending]);
    }
}
