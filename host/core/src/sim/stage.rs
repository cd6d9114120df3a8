//! What a script and a random life share: a fleet, its hands, and the two clocks.
//!
//! Orders are carried out as they come, and what the hands answer at once is fed back in the same moment; every order is kept
//! for whoever watches.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::hands::{Hands, moment};
use crate::config::plan::Plan;
use crate::machine::{Boot, Fleet};
use crate::words::action::Action;
use crate::words::input::Input;
use crate::words::time::Now;

/// A fleet with simulated hands.
pub struct Stage {
    /// The daemon, while there is one.
    pub fleet: Option<Fleet>,
    /// The plan of this daemon, or of the next.
    pub plan: Arc<Plan>,
    /// Keeper and store.
    pub hands: Hands,
    /// Time since the start.
    pub at: Duration,
    /// How far the wall clock is off, milliseconds; set behind the daemon's back, it is not told.
    pub offset_ms: i64,
    /// Whether the next daemon finds a new keeper.
    pub fresh: bool,
    /// Orders nobody has looked at yet.
    pub log: Vec<Action>,
    start: Timestamp,
    seed: u64,
}

impl Stage {
    /// Nothing runs yet.
    pub fn new(plan: Arc<Plan>, start: Timestamp, seed: u64) -> Stage {
        Stage {
            fleet: None,
            plan,
            hands: Hands::default(),
            at: Duration::ZERO,
            offset_ms: 0,
            fresh: true,
            log: Vec::new(),
            start,
            seed,
        }
    }

    /// This moment.
    pub fn now(&self) -> Now {
        moment(self.start, self.at, self.offset_ms)
    }

    /// A daemon starts, with what the last one left.
    pub fn boot(&mut self) {
        self.seed = self.seed.wrapping_add(1);
        let boot = Boot {
            boot_id: "boot".to_owned(),
            seed: self.seed,
            fresh: self.fresh,
        };
        let memories = self.hands.memories.clone();
        let mut fleet = Fleet::new(Arc::clone(&self.plan), memories, boot);
        let (held, open) = self.hands.survey();
        let (mut out, now) = (Vec::new(), self.now());
        fleet.adopt(now, held, open, &mut out);
        fleet.boot(now, &mut out);
        self.fleet = Some(fleet);
        self.settle(out);
    }

    /// The daemon dies; the keeper lives.
    pub fn kill_daemon(&mut self) {
        self.fleet = None;
        self.fresh = false;
    }

    /// Keeper, daemon and children die.
    pub fn kill_all(&mut self) {
        self.fleet = None;
        self.fresh = true;
        self.hands.lose_children();
    }

    /// The wall clock is set.
    pub fn jump(&mut self, by_ms: i64) {
        self.offset_ms += by_ms;
        self.feed(Input::ClockJump { by_ms });
    }

    /// One thing happens.
    pub fn feed(&mut self, input: Input) {
        let now = self.now();
        let mut out = Vec::new();
        if let Some(fleet) = &mut self.fleet {
            fleet.step(now, input, &mut out);
        }
        self.settle(out);
    }

    /// Carries out orders until nothing follows.
    fn settle(&mut self, out: Vec<Action>) {
        let now = self.now();
        let mut orders = VecDeque::from(out);
        while let Some(action) = orders.pop_front() {
            let mut replies = Vec::new();
            if let Action::Signal { run, signal, scope } = &action {
                replies = self.hands.signal(now, *run, *signal, *scope);
            }
            replies.extend(self.hands.act(now, &self.plan, &action));
            self.log.push(action);
            for reply in replies {
                let mut more = Vec::new();
                if let Some(fleet) = &mut self.fleet {
                    fleet.step(now, reply, &mut more);
                }
                orders.extend(more);
            }
        }
    }

    /// When the fleet wants to be woken next, as time since the start.
    pub fn next_due(&self) -> Option<Duration> {
        let next = self.fleet.as_ref()?.next_deadline();
        let now = self.now();
        let mono = next.mono.map(|at| self.at + at.since(now.mono));
        let wall = next.wall.map(|at| {
            let wait = at.duration_since(now.wall).as_nanos().max(0);
            self.at + Duration::from_nanos(u64::try_from(wait).unwrap_or(u64::MAX))
        });
        match (mono, wall) {
            (Some(mono), Some(wall)) => Some(mono.min(wall)),
            (mono, wall) => mono.or(wall),
        }
    }
}
