//! Stretches of time over which a zone's offset from UTC stays the same. Inside one, wall-clock time simply runs.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// One stretch: from its start, inclusive, to its end, exclusive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// Where it begins; none when there has been no other offset before.
    pub(super) start: Option<Edge>,
    /// Where it ends; none when no other offset is to come.
    pub(super) end: Option<Edge>,
    /// The offset.
    pub(super) offset: Offset,
}

/// A change of offset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// The first instant of the later side.
    pub(super) at: Timestamp,
    /// The offset on the other side.
    pub(super) other: Offset,
}

impl Stretch {
    /// The stretch that `at` lies in. Changes of a zone that leave its offset alone (a new abbreviation) do not count.
    pub(super) fn around(zone: &TimeZone, at: Timestamp) -> Stretch {
        let offset = zone.to_offset(at);
        let end = zone.following(at).find_map(|change| {
            (change.offset() != offset).then(|| Edge {
                at: change.timestamp(),
                other: change.offset(),
            })
        });
        // `preceding` is strict; one nanosecond later makes it include a change at this very instant.
        let just_after = Timestamp::from_nanosecond(at.as_nanosecond() + 1).unwrap_or(at);
        let start = zone.preceding(just_after).find_map(|change| {
            let just_before =
                Timestamp::from_nanosecond(change.timestamp().as_nanosecond() - 1).ok()?;
            let other = zone.to_offset(just_before);
            (other != offset).then(|| Edge {
                at: change.timestamp(),
                other,
            })
        });
        Stretch { start, end, offset }
    }

    /// What the wall shows at `at`, an instant of this stretch.
    pub(super) fn wall(&self, at: Timestamp) -> DateTime {
        self.offset.to_datetime(at)
    }

    /// When the wall shows `wall`, if that is in this stretch.
    pub(super) fn instant(&self, wall: DateTime) -> Option<Timestamp> {
        let at = self.offset.to_timestamp(wall).ok()?;
        let started = self.start.is_none_or(|start| start.at <= at);
        let ended = self.end.is_some_and(|end| end.at <= at);
        (started && !ended).then_some(at)
    }

    /// The wall-clock times that are left out just before this stretch: from, inclusive, to, exclusive.
    pub(super) fn gap_before(&self) -> Option<(DateTime, DateTime)> {
        let start = self.start.filter(|start| start.other < self.offset)?;
        Some((start.other.to_datetime(start.at), self.wall(start.at)))
    }

    /// Until when, exclusive, its wall-clock times have all been shown before.
    pub(super) fn repeats_until(&self) -> Option<DateTime> {
        let start = self.start.filter(|start| start.other > self.offset)?;
        Some(start.other.to_datetime(start.at))
    }

    /// From when, inclusive, its wall-clock times will all be shown once more.
    pub(super) fn repeated_from(&self) -> Option<DateTime> {
        let end = self.end.filter(|end| end.other < self.offset)?;
        Some(end.other.to_datetime(end.at))
    }
}
