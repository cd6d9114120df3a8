//! The grammars of single values: durations, sizes, processors, modes.
//!
//! Every error completes the sentence "`…` …".
//!
//! Tests: below.

use std::time::Duration;

/// Reads `300ms`, `5s`, `1h30m`, `1.5h`, `2d`, `1w`, `0`. Units are `ns us ms s m h d w`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "is not a duration such as 300ms, 5s, 1h30m or 2d".to_owned();
    let mut rest = text.trim();
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.starts_with('-') {
        return Err("is negative; a duration is 0 or more".to_owned());
    }
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut nanos: u128 = 0;
    while !rest.is_empty() {
        let (number, after) = split_number(rest);
        let letters = after.chars().take_while(|c| c.is_alphabetic()).count();
        let end = after
            .char_indices()
            .nth(letters)
            .map_or(after.len(), |(i, _)| i);
        let (unit, after) = after.split_at(end);
        let scale: u64 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            "w" => 604_800_000_000_000,
            "" if !number.is_empty() && after.is_empty() => {
                return Err("has no unit; write 5s for five seconds".to_owned());
            }
            _ => return Err(wrong()),
        };
        let part = scaled(number, scale).ok_or_else(wrong)?;
        nanos = nanos.saturating_add(part);
        rest = after.trim_start();
    }
    u64::try_from(nanos)
        .map(Duration::from_nanos)
        .map_err(|_| "is too long; the longest duration is 500 years".to_owned())
}

/// Reads `100mb`, `2gb`, `512kib`, `1.5g`; a bare number is bytes. `k m g t` with or without `b` count in 1024s, as `kib` does.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || "is not a size such as 100mb, 2gb or 512kib".to_owned();
    let text = text.trim();
    if text.starts_with('-') {
        return Err("is negative; a size is 0 or more".to_owned());
    }
    let (number, unit) = split_number(text);
    let scale: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    let bytes = scaled(number, scale).ok_or_else(wrong)?;
    u64::try_from(bytes)
        .ok()
        .filter(|bytes| i64::try_from(*bytes).is_ok())
        .ok_or_else(|| "is too large".to_owned())
}

/// Reads a number of processors, `1.5`, in thousandths.
pub(super) fn cpu(text: &str) -> Result<u64, String> {
    scaled(text.trim(), 1000)
        .and_then(|milli| u64::try_from(milli).ok())
        .filter(|milli| (1..=1_000_000).contains(milli))
        .ok_or_else(|| "is not a number of processors such as 0.5 or 2".to_owned())
}

/// Reads an octal mode of three or four digits.
pub(super) fn umask(text: &str) -> Result<u32, String> {
    let octal = (3..=4).contains(&text.len()) && text.bytes().all(|b| (b'0'..=b'7').contains(&b));
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| octal && *mode <= 0o777)
        .ok_or_else(|| "is not an octal mode such as 022 or 0077".to_owned())
}

/// Checks the form `user` or `user:group`; whether they exist is not known here.
pub(super) fn user(text: &str) -> Result<(), String> {
    let (user, group) = text.split_once(':').unwrap_or((text, "root"));
    let plain = |name: &str| {
        !name.is_empty()
            && name.len() <= 256
            && !name
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || matches!(c, ':' | '/'))
    };
    if plain(user) && plain(group) {
        Ok(())
    } else {
        Err("is neither `user` nor `user:group`".to_owned())
    }
}

/// Splits off the leading digits, with one decimal point among them.
fn split_number(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    text.split_at(end)
}

/// A decimal number times `scale`, rounded down; none when it is no number or absurdly large.
fn scaled(number: &str, scale: u64) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
        return None;
    }
    if number.ends_with('.') || whole.len() > 20 || fraction.len() > 18 {
        return None;
    }
    let scale = u128::from(scale);
    let whole: u128 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let tenths: u128 = if fraction.is_empty() {
        0
    } else {
        fraction.parse().ok()?
    };
    let unit = 10u128.pow(u32::try_from(fraction.len()).ok()?);
    Some(whole * scale + tenths * scale / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in [
            ("300ms", 300),
            ("5s", 5_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("1.5h", 5_400_000),
            (".5s", 500),
            ("2d", 172_800_000),
            ("1w", 604_800_000),
            ("0", 0),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(duration("7us"), Ok(Duration::from_micros(7)));
    }

    #[test]
    fn nonsense_durations() {
        for text in [
            "",
            " ",
            "5",
            "s",
            "5x",
            "-5s",
            "1..5s",
            "5 s m",
            "1e3s",
            "99999999999w",
            "5 minutes",
            "1.s",
            "inf",
            "5S",
            "+5s",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("17", 17),
            ("17b", 17),
            ("1k", 1024),
            ("100mb", 100 << 20),
            ("100 MB", 100 << 20),
            ("2GiB", 2 << 30),
            ("1.5kib", 1536),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "mb", "-1", "1e9", "nan", "1xb", "99999999999tb", "1 2"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn modes_processors_and_users() {
        assert_eq!(umask("022"), Ok(0o22));
        assert_eq!(umask("0077"), Ok(0o77));
        for text in ["22", "8", "099", "7777", "00022", "u=rw", ""] {
            assert!(umask(text).is_err(), "{text}");
        }
        assert_eq!(cpu("1.5"), Ok(1500));
        for text in ["0", "-1", "x", "99999999"] {
            assert!(cpu(text).is_err(), "{text}");
        }
        assert!(user("www-data").is_ok() && user("1000:1000").is_ok());
        for text in ["", ":", "a:", ":b", "a b", "a:b:c", "a/b"] {
            assert!(user(text).is_err(), "{text}");
        }
    }
}
