//! Stopping everything: in reverse order, as parallel as the order allows, under one ceiling.
//!
//! | moment | what happens |
//! | --- | --- |
//! | it begins | nothing spawns any more; waiting rows end; tasks are asked to stop; so are services nothing stands on |
//! | a service is gone | what only it held back is asked to stop |
//! | the ceiling, or a second request | SIGKILL to everything |
//! | [`GIVE_UP`] after that | what will not die is recorded as left; the keeper has the last try |
//! | all is gone | leave, with the code |
//!
//! Invariant: the way out is given once.

use std::collections::BTreeMap;
use std::time::Duration;

use super::order::Order;
use super::timers::earlier;
use crate::words::time::Mono;

/// How long what was sent SIGKILL is waited for.
pub(crate) const GIVE_UP: Duration = Duration::from_secs(5);

/// A shutdown that has begun.
#[derive(Clone, Debug)]
pub(crate) struct Shutdown {
    /// The exit code.
    pub(crate) code: i32,
    pub(crate) kill_at: Option<Mono>,
    pub(crate) give_up_at: Option<Mono>,
    /// The way out has been given.
    pub(crate) left: bool,
    /// Units that are not gone, each with how many that depend on it are not.
    alive: BTreeMap<usize, usize>,
    /// How many services of each rank are not gone.
    ranks: BTreeMap<i32, usize>,
    asked: BTreeMap<usize, ()>,
}

impl Shutdown {
    pub(crate) fn begin(code: i32, kill_at: Mono) -> Shutdown {
        Shutdown {
            code,
            kill_at: Some(kill_at),
            give_up_at: None,
            left: false,
            alive: BTreeMap::new(),
            ranks: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    /// Says what is there to be stopped.
    pub(crate) fn survey(&mut self, alive: &[usize], order: &Order) {
        self.alive = alive.iter().map(|slot| (*slot, 0)).collect();
        for slot in alive {
            *self.ranks.entry(order.rank(*slot)).or_default() += 1;
            for need in order.needs(*slot) {
                if let Some(held) = self.alive.get_mut(need) {
                    *held += 1;
                }
            }
        }
    }

    /// The units whose turn it is, each only once.
    pub(crate) fn release(&mut self, order: &Order) -> Vec<usize> {
        let Some((highest, _)) = self.ranks.last_key_value() else {
            return Vec::new();
        };
        let mut turn = Vec::new();
        for (slot, held) in &self.alive {
            let free = *held == 0 && order.rank(*slot) == *highest;
            if free && self.asked.insert(*slot, ()).is_none() {
                turn.push(*slot);
            }
        }
        turn
    }

    /// A unit is gone; whether that was news.
    pub(crate) fn rested(&mut self, slot: usize, order: &Order) -> bool {
        if self.alive.remove(&slot).is_none() {
            return false;
        }
        let rank = order.rank(slot);
        if let Some(count) = self.ranks.get_mut(&rank) {
            *count -= 1;
            if *count == 0 {
                self.ranks.remove(&rank);
            }
        }
        for need in order.needs(slot) {
            if let Some(held) = self.alive.get_mut(need) {
                *held = held.saturating_sub(1);
            }
        }
        true
    }

    pub(crate) fn is_done(&self) -> bool {
        self.alive.is_empty()
    }

    pub(crate) fn deadline(&self) -> Option<Mono> {
        if self.left {
            return None;
        }
        earlier(self.kill_at, self.give_up_at)
    }
}
