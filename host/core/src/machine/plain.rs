//! Plain words for lengths, sizes and exit codes, as they stand in messages.

use std::time::Duration;

use crate::words::signal::Signal;

/// `300ms`, `5s`, `1m30s`, `2h`; at most two units.
pub(crate) fn length(length: Duration) -> String {
    let ms = length.as_millis();
    if ms < 1000 {
        return format!("{ms}ms");
    }
    if ms < 60_000 && !ms.is_multiple_of(1000) {
        let text = format!("{}.{:03}", ms / 1000, ms % 1000);
        return format!("{}s", text.trim_end_matches('0'));
    }
    let seconds = ms / 1000;
    let units = [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")];
    let mut text = String::new();
    let mut rest = seconds;
    let mut shown = 0;
    for (size, name) in units {
        let count = rest / size;
        rest %= size;
        if count > 0 && shown < 2 {
            text.push_str(&format!("{count}{name}"));
            shown += 1;
        } else if shown > 0 {
            break;
        }
    }
    text
}

/// `100 MiB`, `1.5 KiB`, `12 bytes`.
pub(crate) fn size(bytes: u64) -> String {
    let units = [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.iter().find(|(_, size)| bytes >= *size) {
        Some((name, size)) if bytes.is_multiple_of(*size) => format!("{} {name}", bytes / size),
        Some((name, size)) => format!(
            "{}.{} {name}",
            bytes / size,
            u128::from(bytes % size) * 10 / u128::from(*size)
        ),
        None => format!("{bytes} bytes"),
    }
}

/// `exited 75 (temporary failure)`: the code with its customary meaning, where it has one.
pub(crate) fn exited(code: i32) -> String {
    match meaning(code) {
        Some(meaning) => format!("exited {code} ({meaning})"),
        None if (129..=192).contains(&code) => {
            format!("exited {code} (128 + {})", Signal(code - 128))
        }
        None => format!("exited {code}"),
    }
}

/// From sysexits.h and the shell's own codes.
fn meaning(code: i32) -> Option<&'static str> {
    Some(match code {
        64 => "wrong usage",
        65 => "bad input data",
        66 => "cannot open input",
        67 => "unknown user",
        68 => "unknown host",
        69 => "service unavailable",
        70 => "internal error",
        71 => "system error",
        72 => "system file missing",
        73 => "cannot create output",
        74 => "input or output error",
        75 => "temporary failure",
        76 => "protocol error",
        77 => "permission denied",
        78 => "bad configuration",
        126 => "found but not executable",
        127 => "command not found",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes_read_as_they_are_written() {
        let shown = |ms| length(Duration::from_millis(ms));
        let cases = [
            (0, "0ms"),
            (300, "300ms"),
            (5000, "5s"),
            (1500, "1.5s"),
            (90_000, "1m30s"),
            (7_200_000, "2h"),
            (90_061_000, "1d1h"),
            (86_405_000, "1d"),
        ];
        for (ms, text) in cases {
            assert_eq!(shown(ms), text);
        }
        assert_eq!(size(12), "12 bytes");
        assert_eq!(size(100 << 20), "100 MiB");
        assert_eq!(size(1536), "1.5 KiB");
    }

    #[test]
    fn exit_codes_say_what_they_customarily_mean() {
        assert_eq!(exited(1), "exited 1");
        assert_eq!(exited(75), "exited 75 (temporary failure)");
        assert_eq!(exited(143), "exited 143 (128 + SIGTERM)");
    }
}
