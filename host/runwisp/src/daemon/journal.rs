//! The stream of events with its numbers, and the way to the store: what is recorded, and what is told to followers.
//! Whatever passes is counted, here and nowhere else.
//!
//! Invariant: an event is queued for the store before it is told to anybody.

use std::sync::Arc;

use jiff::Timestamp;
use runwisp_core::figures::histogram::Histogram;
use runwisp_core::figures::tally::Tally;
use runwisp_core::words::event::{Envelope, Event};
use tokio::sync::{broadcast, mpsc};

use super::clock;
use super::handle::LoopEnd;
use super::handle::Told as Followed;
use crate::store::{Told, Write, Writer};

/// Writes of one turn, gathered so that one commit holds them all.
pub(crate) struct Journal {
    writer: Writer,
    told: mpsc::UnboundedReceiver<Told>,
    followers: broadcast::Sender<Arc<Followed>>,
    next_seq: u64,
    /// What is counted of all this.
    pub(crate) tally: Tally,
    gathered: Vec<Write>,
    fresh: Vec<Arc<Followed>>,
}

impl Journal {
    /// Numbers go on where the store's end.
    pub(crate) fn new(
        writer: Writer,
        told: mpsc::UnboundedReceiver<Told>,
        end: &LoopEnd,
        next_seq: u64,
    ) -> Self {
        let plan = Arc::clone(&end.plan.borrow());
        Journal {
            writer,
            told,
            followers: end.events.clone(),
            next_seq,
            tally: Tally::new(plan, clock::now().wall, true),
            gathered: Vec::new(),
            fresh: Vec::new(),
        }
    }

    /// Queues a write for the end of the turn.
    pub(crate) fn write(&mut self, write: Write) {
        match &write {
            Write::Run { row, .. } => self.tally.run(row),
            Write::Delivery { delivery, .. } => self.tally.delivery(delivery),
            _ => {}
        }
        self.gathered.push(write);
    }

    /// Queues an event, to be recorded and then told.
    pub(crate) fn tell(&mut self, at: Timestamp, event: Event) {
        self.tally.event(&event);
        let envelope = Envelope {
            seq: self.next_seq,
            at,
            event,
        };
        self.next_seq += 1;
        self.fresh.push(Arc::new(Followed::from(envelope.clone())));
        self.gathered.push(Write::Event(envelope));
    }

    /// Ends the turn: hands everything to the store, then tells the followers.
    pub(crate) fn flush(&mut self) {
        if !self.gathered.is_empty() {
            self.writer.send(std::mem::take(&mut self.gathered));
        }
        for envelope in self.fresh.drain(..) {
            // Nobody listening is no fault.
            let _ = self.followers.send(envelope);
        }
    }

    /// The next word of the store. Cancel-safe.
    pub(crate) async fn told(&mut self) -> Told {
        match self.told.recv().await {
            Some(told) => told,
            None => std::future::pending().await,
        }
    }

    /// How many follow events.
    pub(crate) fn followers(&self) -> u64 {
        u64::try_from(self.followers.receiver_count()).unwrap_or(u64::MAX)
    }

    /// How long commits took, and how many failed.
    pub(crate) fn timings(&self) -> (Histogram, u64) {
        self.writer.timings()
    }

    /// Another way to the same store, for work away from the loop.
    pub(crate) fn writer(&self) -> Writer {
        self.writer.clone()
    }
}
