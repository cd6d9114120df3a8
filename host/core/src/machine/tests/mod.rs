//! Lives of fleets, as scripts; see [`crate::sim::script`].

mod adoptions;
mod chains;
mod readiness;
mod reloads;
mod services;
mod set_back;
mod stops;
mod tasks;
