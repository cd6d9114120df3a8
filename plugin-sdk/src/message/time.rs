//! Lengths and moments as people and programs read them.
//!
//! Invariant: no zone is known here but UTC; a time in the host's zone comes with the event.

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A length in milliseconds, its two largest parts, as the daemon says it: `850ms`, `12s`, `1m3s`, `2h5m`, `3d4h`.
pub fn duration(ms: u64) -> String {
    let (large, unit, small, part) = match ms {
        0..SECOND => return format!("{ms}ms"),
        SECOND..MINUTE => return format!("{}s", ms / SECOND),
        MINUTE..HOUR => (ms / MINUTE, "m", ms % MINUTE / SECOND, "s"),
        HOUR..DAY => (ms / HOUR, "h", ms % HOUR / MINUTE, "m"),
        DAY.. => (ms / DAY, "d", ms % DAY / HOUR, "h"),
    };
    match small {
        0 => format!("{large}{unit}"),
        small => format!("{large}{unit}{small}{part}"),
    }
}

/// A moment in milliseconds since the epoch as RFC 3339 has it, in UTC: `2026-11-24T12:32:22.000Z`.
pub fn rfc3339(ms: u64) -> String {
    let (year, month, day) = civil(ms / DAY);
    let (hour, minute) = (ms % DAY / HOUR, ms % HOUR / MINUTE);
    let (second, milli) = (ms % MINUTE / SECOND, ms % SECOND);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Year, month and day of a number of days since 1970, counted in eras of 400 years that begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year + u64::from(month <= 2);
    (year, month, day)
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Milliseconds since the epoch of a date as HTTP headers have it (RFC 9110, 5.6.7): `Tue, 24 Nov 2026 12:33:30 GMT`. The
/// two obsolete forms, which nobody sends, are not read.
pub(crate) fn from_http_date(text: &str) -> Option<u64> {
    let mut parts = text.split_once(", ")?.1.split(' ');
    let day: u64 = parts.next()?.parse().ok()?;
    let name = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u64 + 1;
    let year: u64 = parts.next()?.parse().ok()?;
    let mut clock = parts.next()?.split(':').map(str::parse::<u64>);
    let (Some(Ok(hour)), Some(Ok(minute)), Some(Ok(second)), "GMT") =
        (clock.next(), clock.next(), clock.next(), parts.next()?)
    else {
        return None;
    };
    let sound = (1970..=9999).contains(&year) && (1..=31).contains(&day);
    (sound && hour < 24 && minute < 60 && second <= 60)
        .then(|| days(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second * SECOND)
}

/// The days from 1970 to a day of the calendar; the other way round than [`civil`].
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let shifted = (month + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let (era, year) = (year / 400, year % 400);
    era * 146_097 + 365 * year + year / 4 - year / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_of_http_is_read_and_nothing_else_is() {
        let read = |text| from_http_date(text).map(rfc3339);
        for (text, moment) in [
            ("Tue, 24 Nov 2026 12:33:30 GMT", "2026-11-24T12:33:30.000Z"),
            ("Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z"),
            ("Tue, 29 Feb 2000 23:59:59 GMT", "2000-02-29T23:59:59.000Z"),
            ("Sun, 31 Dec 2400 00:00:00 GMT", "2400-12-31T00:00:00.000Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(moment));
        }
        for text in [
            "",
            "Tue, 24 Nov 2026 12:33:30",
            "Tue, 24 Nov 2026 12:33:30 CET",
            "Tue, 24 Non 2026 12:33:30 GMT",
            "Tue, 99 Nov 2026 12:33:30 GMT",
            "Tue, 24 Nov 0 12:33:30 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_length_has_its_two_largest_parts() {
        for (ms, text) in [
            (0, "0ms"),
            (999, "999ms"),
            (1000, "1s"),
            (59_999, "59s"),
            (63_000, "1m3s"),
            (3_600_000, "1h"),
            (7_500_000, "2h5m"),
            (273_600_000, "3d4h"),
            (u64::MAX, "213503982334d14h"),
        ] {
            assert_eq!(duration(ms), text);
        }
    }

    #[test]
    fn a_moment_is_the_one_that_every_calendar_names() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (crate::sample::NOW, "2026-11-24T12:32:30.000Z"),
        ] {
            assert_eq!(rfc3339(ms), text);
        }
    }
}
