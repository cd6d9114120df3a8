//! The last hour of something, a slot every 15 s.
//!
//! Bound: [`BYTES`] for each subject that was measured within the last hour; 200 units are 0.4 MB. A subject that was
//! not is forgotten.
//!
//! Slots are counted on the monotonic clock, so a wall clock that is set moves the hour as a whole and tears no hole.
//!
//! Tests: below.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Usage;
use crate::words::ids::UnitName;
use crate::words::time::Mono;

/// The length of a slot.
pub const STEP: Duration = Duration::from_secs(15);

/// Slots in an hour.
pub const SLOTS: usize = 240;

/// What one subject takes, besides its name.
pub const BYTES: usize = SLOTS * size_of::<Slot>() + size_of::<Series>();

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The machine.
    Host,
    /// The daemon process.
    Daemon,
    /// All runs of a unit together.
    Unit(UnitName),
}

/// Hundredths of a percent and KiB; `cpu` is [`NOTHING`] where nothing was measured.
#[derive(Clone, Copy, Debug)]
struct Slot {
    cpu: u32,
    memory_kib: u32,
}

const NOTHING: u32 = u32::MAX;

const EMPTY: Slot = Slot {
    cpu: NOTHING,
    memory_kib: 0,
};

/// A stretch of time with one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Its first moment.
    pub from: Mono,
    /// What was used.
    pub usage: Usage,
}

/// The last hour of one subject.
#[derive(Debug)]
struct Series {
    slots: Box<[Slot]>,
    newest: u64,
    /// Readings that fell into the newest slot.
    readings: u32,
}

fn slot_of(at: Mono) -> u64 {
    at.0 / (STEP.as_nanos() as u64)
}

impl Series {
    fn new() -> Self {
        Series {
            slots: vec![EMPTY; SLOTS].into_boxed_slice(),
            newest: 0,
            readings: 0,
        }
    }

    fn at(&mut self, slot: u64) -> &mut Slot {
        &mut self.slots[(slot % SLOTS as u64) as usize]
    }

    fn add(&mut self, from: Mono, to: Mono, usage: Usage) {
        let (first, last) = (slot_of(from), slot_of(to));
        let cpu = (usage.cpu_percent.max(0.0) * 100.0).round() as u32;
        let new = Slot {
            cpu: cpu.min(NOTHING - 1),
            memory_kib: u32::try_from(usage.memory_bytes / 1024).unwrap_or(u32::MAX),
        };
        if last <= self.newest && self.readings > 0 {
            self.merge(new);
            return;
        }
        // What lies between was not measured; further back than an hour there is nothing to clear.
        let oldest = last.saturating_sub(SLOTS as u64 - 1);
        for slot in oldest.max(self.newest + 1)..first {
            *self.at(slot) = EMPTY;
        }
        for slot in first.max(self.newest + 1).max(oldest)..=last {
            *self.at(slot) = new;
        }
        (self.newest, self.readings) = (last, 1);
    }

    /// One more reading within the newest slot: the mean of processor time, the most memory.
    fn merge(&mut self, new: Slot) {
        let readings = u64::from(self.readings);
        let newest = self.newest;
        let slot = self.at(newest);
        let mean = (u64::from(slot.cpu) * readings + u64::from(new.cpu)) / (readings + 1);
        slot.cpu = u32::try_from(mean).unwrap_or(NOTHING - 1);
        slot.memory_kib = slot.memory_kib.max(new.memory_kib);
        self.readings = self.readings.saturating_add(1);
    }

    fn stretches(&self, now: Mono) -> Vec<Stretch> {
        let oldest = slot_of(now).saturating_sub(SLOTS as u64 - 1);
        let kept = self.newest.saturating_sub(SLOTS as u64 - 1);
        let slots = oldest.max(kept)..=self.newest;
        let stretch = |number: u64| {
            let slot = self.slots[(number % SLOTS as u64) as usize];
            (slot.cpu != NOTHING).then(|| Stretch {
                from: Mono(number * STEP.as_nanos() as u64),
                usage: Usage {
                    cpu_percent: f64::from(slot.cpu) / 100.0,
                    memory_bytes: u64::from(slot.memory_kib) * 1024,
                },
            })
        };
        slots.filter_map(stretch).collect()
    }
}

/// The last hour of everything that is measured.
#[derive(Debug, Default)]
pub struct Hour {
    series: BTreeMap<Subject, Series>,
}

impl Hour {
    /// What a subject used from one moment to another, which is now.
    pub fn add(&mut self, subject: &Subject, from: Mono, to: Mono, usage: Usage) {
        if !self.series.contains_key(subject) {
            self.series.insert(subject.clone(), Series::new());
        }
        if let Some(series) = self.series.get_mut(subject) {
            series.add(from, to, usage);
        }
    }

    /// Forgets what was not measured within the hour before `now`.
    pub fn forget_old(&mut self, now: Mono) {
        let oldest = slot_of(now).saturating_sub(SLOTS as u64 - 1);
        self.series.retain(|_, series| series.newest >= oldest);
    }

    /// What is known of a subject, oldest first, each stretch [`STEP`] long.
    pub fn of(&self, subject: &Subject, now: Mono) -> Vec<Stretch> {
        self.series
            .get(subject)
            .map_or_else(Vec::new, |series| series.stretches(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(n: u64) -> Mono {
        Mono(n * 1_000_000_000)
    }

    fn usage(cpu_percent: f64, kib: u64) -> Usage {
        Usage {
            cpu_percent,
            memory_bytes: kib * 1024,
        }
    }

    fn shown(hour: &Hour, now: u64) -> Vec<(u64, f64, u64)> {
        let stretches = hour.of(&Subject::Host, second(now));
        let short = |s: &Stretch| {
            (
                s.from.0 / 1_000_000_000,
                s.usage.cpu_percent,
                s.usage.memory_bytes / 1024,
            )
        };
        stretches.iter().map(short).collect()
    }

    #[test]
    fn readings_of_one_slot_are_one_value_and_a_long_one_fills_several() {
        let mut hour = Hour::default();
        let add = |hour: &mut Hour, from, to, cpu, kib| {
            hour.add(&Subject::Host, second(from), second(to), usage(cpu, kib));
        };
        add(&mut hour, 100, 106, 10.0, 4);
        add(&mut hour, 106, 110, 20.0, 3);
        add(&mut hour, 110, 118, 30.0, 2);
        assert_eq!(shown(&hour, 120), [(90, 10.0, 4), (105, 20.0, 4)]);
        add(&mut hour, 118, 155, 50.0, 1);
        assert_eq!(
            shown(&hour, 155)[2..],
            [(120, 50.0, 1), (135, 50.0, 1), (150, 50.0, 1)]
        );
    }

    #[test]
    fn what_was_not_measured_is_a_gap_and_what_is_older_than_an_hour_is_gone() {
        let mut hour = Hour::default();
        hour.add(&Subject::Host, second(15), second(29), usage(1.0, 1));
        hour.add(&Subject::Host, second(60), second(74), usage(2.0, 2));
        assert_eq!(shown(&hour, 75), [(15, 1.0, 1), (60, 2.0, 2)]);
        hour.add(&Subject::Host, second(3630), second(3640), usage(3.0, 3));
        assert_eq!(shown(&hour, 3640), [(60, 2.0, 2), (3630, 3.0, 3)]);
        assert_eq!(shown(&hour, 3700), [(3630, 3.0, 3)]);
        hour.forget_old(second(7200));
        assert_eq!(shown(&hour, 7200), [(3630, 3.0, 3)]);
        hour.forget_old(second(7300));
        assert!(shown(&hour, 7300).is_empty());
        // A day later nothing of the day before shows through.
        hour.add(
            &Subject::Host,
            second(90_000),
            second(90_010),
            usage(4.0, 4),
        );
        hour.add(
            &Subject::Host,
            second(180_000),
            second(180_010),
            usage(5.0, 5),
        );
        assert_eq!(shown(&hour, 180_010), [(180_000, 5.0, 5)]);
    }

    #[test]
    fn two_hundred_units_stay_within_half_a_megabyte() {
        const { assert!(202 * (BYTES + 100) < 500_000) };
    }
}
