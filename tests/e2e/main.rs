//! One binary for every end-to-end test; each module guards one promise. The program is `target/PROFILE/runwisp`,
//! which `cargo xtask test` builds first.
#![expect(
    clippy::unwrap_used,
    reason = "what a test's own function does not get, fails the test"
)]

mod access;
mod api;
mod bad_children;
mod both_die;
mod cgroups;
mod cli_contract;
mod clock;
mod container;
mod daemon_dies;
mod database;
mod disk;
mod disk_errors;
mod environment;
mod examples;
mod far_sides;
mod first_minute;
mod import;
mod locks;
mod logs;
mod metrics;
mod notification_faults;
mod notifications;
mod notify;
mod plugins;
mod privileges;
mod reload;
mod running;
mod schemathesis;
mod services;
mod spawn_faults;
mod stuck;
mod systemd;
mod tasks;
mod third_parties;
mod tui;
mod upgrade_restart;
