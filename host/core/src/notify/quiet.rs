//! Quiet hours: until when messages wait. Nothing breaks through: a rule with exceptions is one nobody relies on.
//!
//! Invariant: the end is in the future, also on the nights the clocks change.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::notify_plan::QuietSpan;

/// The end of the quiet hours that hold at `now`; none when none do. Spans that touch are one.
pub(crate) fn until(spans: &[QuietSpan], zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let mut end = None;
    let mut at = now;
    // Spans that cover the whole day have no end; after so many of them it is as good as another.
    for _ in 0..=spans.len() {
        let Some(next) = spans
            .iter()
            .filter_map(|span| end_of(*span, zone, at))
            .max()
        else {
            break;
        };
        end = Some(next);
        at = next;
    }
    end
}

/// The end of this span, if it holds at `at`.
fn end_of(span: QuietSpan, zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
    let local = at.to_zoned(zone.clone());
    let time = local.time();
    let over_midnight = span.to < span.from;
    let holds = match over_midnight {
        false => span.from <= time && time < span.to,
        true => span.from <= time || time < span.to,
    };
    if !holds {
        return None;
    }
    let date = match over_midnight && time >= span.from {
        true => local.date().tomorrow().ok()?,
        false => local.date(),
    };
    let end = zone.to_ambiguous_zoned(date.to_datetime(span.to));
    let early = end.clone().compatible().ok()?.timestamp();
    // In the hour that comes twice, the first of two equal times may have passed.
    match early > at {
        true => Some(early),
        false => Some(end.later().ok()?.timestamp()).filter(|late| *late > at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    fn check(spans: &[(i8, i8)], zone: &str, now: &str, expected: Option<&str>) {
        let spans: Vec<_> = spans
            .iter()
            .map(|(from, to)| QuietSpan {
                from: time(*from, 0, 0, 0),
                to: time(*to, 0, 0, 0),
            })
            .collect();
        let zone = TimeZone::get(zone).unwrap();
        let end = until(&spans, &zone, now.parse().unwrap());
        assert_eq!(end.map(|end| end.to_string()).as_deref(), expected, "{now}");
    }

    #[test]
    fn the_night_ends_in_the_morning() {
        let night = &[(22, 7)];
        check(night, "UTC", "2026-03-01T21:59:59Z", None);
        check(
            night,
            "UTC",
            "2026-03-01T22:00:00Z",
            Some("2026-03-02T07:00:00Z"),
        );
        check(
            night,
            "UTC",
            "2026-03-02T03:00:00Z",
            Some("2026-03-02T07:00:00Z"),
        );
        check(night, "UTC", "2026-03-02T07:00:00Z", None);
        check(
            &[(12, 13)],
            "UTC",
            "2026-03-02T12:30:00Z",
            Some("2026-03-02T13:00:00Z"),
        );
    }

    #[test]
    fn spans_that_touch_are_one_and_a_whole_day_has_some_end() {
        check(
            &[(22, 7), (7, 9)],
            "UTC",
            "2026-03-02T03:00:00Z",
            Some("2026-03-02T09:00:00Z"),
        );
        check(
            &[(0, 12), (12, 0)],
            "UTC",
            "2026-03-02T03:00:00Z",
            Some("2026-03-03T12:00:00Z"),
        );
    }

    #[test]
    fn the_clocks_change_meanwhile() {
        // Berlin: forward at 01:00Z on 29 March, back at 01:00Z on 25 October 2026.
        check(
            &[(22, 7)],
            "Europe/Berlin",
            "2026-03-28T22:30:00Z",
            Some("2026-03-29T05:00:00Z"),
        );
        check(
            &[(22, 7)],
            "Europe/Berlin",
            "2026-10-24T20:30:00Z",
            Some("2026-10-25T06:00:00Z"),
        );
        // 02:00 does not exist that night: the end is where the clock jumps.
        check(
            &[(22, 2)],
            "Europe/Berlin",
            "2026-03-28T22:30:00Z",
            Some("2026-03-29T01:00:00Z"),
        );
        // 01:00 to 03:00 is three hours long that night, whichever half of it asks.
        check(
            &[(1, 3)],
            "Europe/Berlin",
            "2026-10-25T00:30:00Z",
            Some("2026-10-25T02:00:00Z"),
        );
        check(
            &[(1, 3)],
            "Europe/Berlin",
            "2026-10-25T01:30:00Z",
            Some("2026-10-25T02:00:00Z"),
        );
    }
}
