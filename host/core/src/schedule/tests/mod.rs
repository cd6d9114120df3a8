//! Tests of schedules, by kind.

mod golden;
mod merge;
mod table;
mod zones;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Schedule;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("the bundled database knows the zone")
}

fn schedule(text: &str, zone_name: &str) -> Schedule {
    Schedule::parse(text, &zone(zone_name)).expect("the text is a schedule")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("the text is an instant")
}
