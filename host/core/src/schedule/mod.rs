//! When a task is due: cron expressions, `@every`, time zones, and the nights the clocks change.

/// One schedule, compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {}
