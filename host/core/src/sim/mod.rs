//! The test world: a fleet with simulated hands, driven through simulated time. For tests and benchmarks only.
//!
//! [`stage`] holds them together, [`hands`] plays keeper and store: it answers what the fleet orders, remembers what a real one would over the
//! daemon's death, and checks on the way what must hold always. [`script`] plays a life written down as text and
//! gives its transcript; [`world`] plays a random one, named by its seed. [`plans`] makes units to play with.
//!
//! Invariant: nothing here is used by the product.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test world stops where something does not hold"
)]

pub mod hands;
pub mod plans;
pub mod script;
pub mod stage;
pub mod world;
