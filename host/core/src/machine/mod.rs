//! The machines: what runs next, given what happened and what time it is.
//!
//! [`Fleet`] is the whole: every unit, the order between them, and one door in ([`Fleet::step`]). Below it stand a
//! machine per service ([`service`], of [`instance`]s), a machine per task ([`task`], with its [`queue`] and
//! [`ticker`]), and what both share: a run in flight ([`live`]), how it is stopped ([`stop`]), how its end is judged
//! ([`run`]), how long to wait before the next ([`backoff`]).
//!
//! A machine answers, it does not act: every order is an [`Action`](crate::words::action::Action) pushed onto the
//! list it was handed. What concerns other units travels as an [`turn::Effect`] and is spread by the fleet after
//! the unit has come to rest, so no machine ever calls another.
//!
//! Invariant: the same inputs at the same times give the same actions, byte for byte.
//!
//! Tests stand beside the code; whole lives are played in [`crate::sim`].

mod adopt;
mod apply;
mod backoff;
mod commands;
mod fleet;
mod health;
mod ids;
mod instance;
mod live;
mod order;
mod overdue;
pub(crate) mod plain;
mod queue;
mod run;
mod service;
mod shutdown;
mod slot;
mod stop;
mod task;
#[cfg(test)]
mod tests;
mod ticker;
mod timers;
mod turn;

pub use adopt::Adopted;
pub use fleet::{Boot, Fleet};
pub use timers::Deadline;
