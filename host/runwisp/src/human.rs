//! Numbers as people read and write them: lengths, sizes, times. Pure.
//!
//! Tests: below.

use jiff::tz::TimeZone;
use jiff::{Span, SpanRelativeTo, Timestamp, civil};

/// A length such as `340ms`, `12s`, `3m 12s`, `2h 5m`, `4d 3h`: the two largest units that say something.
pub fn length(ms: u64) -> String {
    if ms < 1_000 {
        return format!("{ms}ms");
    }
    if ms < 10_000 {
        return format!("{}.{}s", ms / 1_000, ms % 1_000 / 100);
    }
    let seconds = ms / 1_000;
    let (large, l, small, s) = match seconds {
        0..60 => return format!("{seconds}s"),
        60..3_600 => (seconds / 60, "m", seconds % 60, "s"),
        3_600..86_400 => (seconds / 3_600, "h", seconds % 3_600 / 60, "m"),
        _ => (seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    };
    if small == 0 {
        format!("{large}{l}")
    } else {
        format!("{large}{l} {small}{s}")
    }
}

/// A size such as `512 B`, `1.5 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut tenths = u128::from(bytes) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    if tenths >= 1_000 || tenths.is_multiple_of(10) {
        format!("{} {}", tenths / 10, UNITS[unit])
    } else {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

/// An instant on the wall clock of `zone`, without the date when that is today.
pub fn time(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let shown = zone.to_datetime(at);
    if shown.date() == zone.to_datetime(now).date() {
        shown.strftime("%H:%M:%S").to_string()
    } else {
        shown.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// A moment as users write it: RFC 3339, a date or date and time of `zone`, or a length before `now` such as `2h`.
pub fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(wall) = text.parse::<civil::DateTime>() {
        return zone.to_timestamp(wall).map_err(|e| e.to_string());
    }
    if text == "now" {
        return Ok(now);
    }
    let ago = text.strip_suffix("ago").unwrap_or(text).trim();
    let length = ago
        .parse::<Span>()
        .ok()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok())
        .filter(|length| !length.is_negative());
    length
        .and_then(|length| now.checked_sub(length).ok())
        .ok_or_else(|| {
            format!(
                "{text:?} is no moment; write 2h, 3d, 2026-01-31, \"2026-01-31 18:00\" or 2026-01-31T18:00:00Z"
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_well() {
        for (ms, shown) in [
            (0, "0ms"),
            (999, "999ms"),
            (1_000, "1.0s"),
            (9_999, "9.9s"),
            (12_000, "12s"),
            (60_000, "1m"),
            (192_000, "3m 12s"),
            (3_600_000, "1h"),
            (7_500_000, "2h 5m"),
            (90_000_000, "1d 1h"),
            (u64::MAX, "213503982334d 14h"),
        ] {
            assert_eq!(length(ms), shown, "{ms}");
        }
    }

    #[test]
    fn sizes_read_well() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (104_857_600, "100 MiB"),
            (1_073_741_824, "1 GiB"),
            (u64::MAX, "16383 PiB"),
        ] {
            assert_eq!(size(bytes), shown, "{bytes}");
        }
    }

    #[test]
    fn moments_are_understood_in_every_spelling() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        for (text, expected) in [
            ("2026-02-28T00:00:00Z", "2026-02-28T00:00:00Z"),
            ("2026-02-28T00:00:00+01:00", "2026-02-27T23:00:00Z"),
            ("2026-02-28", "2026-02-27T23:00:00Z"),
            ("2026-02-28 10:30", "2026-02-28T09:30:00Z"),
            ("now", "2026-03-01T12:00:00Z"),
            ("2h", "2026-03-01T10:00:00Z"),
            ("1h30m", "2026-03-01T10:30:00Z"),
            ("2d", "2026-02-27T12:00:00Z"),
            ("1w", "2026-02-22T12:00:00Z"),
            ("5m ago", "2026-03-01T11:55:00Z"),
        ] {
            assert_eq!(
                moment(text, now, &zone),
                Ok(expected.parse().unwrap()),
                "{text}"
            );
        }
        for text in ["", "yesterday?", "-2h", "12"] {
            assert!(moment(text, now, &zone).is_err(), "{text}");
        }
    }
}
