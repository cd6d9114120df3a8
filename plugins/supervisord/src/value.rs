//! The types of values: what supervisord takes for a boolean, a number, a size, a signal.
//!
//! Every error completes the sentence "`…` …".
//!
//! Tests: below; the differential test compares with supervisord itself.

use crate::text::strip;

/// When a program is started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restart {
    Always,
    Unexpected,
    Never,
}

/// Where the output of a stream goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogFile {
    Auto,
    Off,
    Syslog,
    Path(String),
}

pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "yes" | "true" | "on" | "1" => Ok(true),
        "no" | "false" | "off" | "0" => Ok(false),
        _ => Err("is neither true nor false".to_owned()),
    }
}

/// A whole number as Python reads it; what is beyond 64 bits becomes the nearest that is not.
pub(crate) fn integer(text: &str) -> Result<i64, String> {
    number(text, 10).ok_or_else(|| "is no whole number".to_owned())
}

/// An octal number.
pub(crate) fn octal(text: &str) -> Result<i64, String> {
    number(text, 8).ok_or_else(|| "is no octal number".to_owned())
}

fn number(text: &str, base: u32) -> Option<i64> {
    let text = strip(text);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match digits
        .strip_prefix("0o")
        .or_else(|| digits.strip_prefix("0O"))
    {
        Some(rest) if base == 8 => rest.strip_prefix('_').unwrap_or(rest),
        _ => digits,
    };
    let mut value: i64 = 0;
    let mut before = '_';
    for c in digits.chars() {
        if c == '_' && before != '_' {
            before = c;
            continue;
        }
        let digit = c.to_digit(base)?;
        value = value
            .saturating_mul(i64::from(base))
            .saturating_add(i64::from(digit));
        before = c;
    }
    (before != '_').then_some(if negative { -value } else { value })
}

/// A number of bytes.
pub(crate) fn bytes(text: &str) -> Result<i64, String> {
    let lower = text.to_lowercase();
    let unit = |suffix: &str| lower.strip_suffix(suffix);
    let (digits, scale) = match (unit("kb"), unit("mb"), unit("gb")) {
        (Some(digits), ..) => (digits, 1 << 10),
        (_, Some(digits), _) => (digits, 1 << 20),
        (.., Some(digits)) => (digits, 1 << 30),
        _ => (lower.as_str(), 1),
    };
    number(digits, 10)
        .map(|number| number.saturating_mul(scale))
        .ok_or_else(|| "is no size such as 50MB".to_owned())
}

pub(crate) fn exit_codes(text: &str) -> Result<Vec<i64>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut codes = Vec::new();
    for part in text.split(',') {
        match number(part, 10) {
            Some(code) if (0..=255).contains(&code) => {
                if !codes.contains(&code) {
                    codes.push(code);
                }
            }
            _ => return Err("is no list of exit codes from 0 to 255".to_owned()),
        }
    }
    Ok(codes)
}

pub(crate) fn restart(text: &str) -> Result<Restart, String> {
    match text.to_lowercase().as_str() {
        "unexpected" => Ok(Restart::Unexpected),
        other => match boolean(other) {
            Ok(true) => Ok(Restart::Always),
            Ok(false) => Ok(Restart::Never),
            Err(_) => Err("is none of true, false and unexpected".to_owned()),
        },
    }
}

/// Names by number, from signal(7) for x86 and arm.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];
/// The first and the last of the real-time signals: the only two that Python has a name for.
const REAL_TIME: [(&str, i64); 2] = [("RTMIN", 34), ("RTMAX", 64)];

/// The number of a signal; 0 is one for supervisord.
pub(crate) fn signal(text: &str) -> Result<i64, String> {
    let wrong = || "is no signal that Python knows, such as TERM".to_owned();
    if let Some(number) = number(text, 10) {
        let known = (0..=31).contains(&number) || REAL_TIME.iter().any(|(_, n)| *n == number);
        return known.then_some(number).ok_or_else(wrong);
    }
    let upper = strip(text).to_uppercase();
    let name = match upper.strip_prefix("SIG").unwrap_or(&upper) {
        "CLD" => "CHLD",
        "POLL" => "IO",
        "IOT" => "ABRT",
        name => name,
    };
    let at = SIGNALS.iter().position(|known| *known == name);
    let real_time = || REAL_TIME.iter().find(|(known, _)| *known == name);
    at.and_then(|at| i64::try_from(at + 1).ok())
        .or_else(|| real_time().map(|(_, number)| *number))
        .ok_or_else(wrong)
}

/// The name of a signal, as runwisp takes it.
pub(crate) fn signal_name(number: i64) -> Option<String> {
    let at = usize::try_from(number.checked_sub(1)?).ok()?;
    let real_time = || {
        REAL_TIME
            .iter()
            .find(|(_, n)| *n == number)
            .map(|(name, _)| *name)
    };
    let name = SIGNALS.get(at).copied().or_else(real_time)?;
    Some(format!("SIG{name}"))
}

/// A log file.
pub(crate) fn log_file(text: &str) -> LogFile {
    match text.to_lowercase().as_str() {
        "none" | "off" | "" | "/dev/null" => LogFile::Off,
        "auto" => LogFile::Auto,
        "syslog" => LogFile::Syslog,
        _ => LogFile::Path(text.to_owned()),
    }
}

/// The name of a program, group or process, without the blanks around it.
pub(crate) fn name(text: &str) -> Result<String, String> {
    let text = strip(text);
    match text.chars().find(|c| matches!(c, ' ' | ':' | '/')) {
        Some(c) => Err(format!("holds {c:?}, which supervisord refuses in a name")),
        None => Ok(text.to_owned()),
    }
}

/// The address of an HTTP server, as people write it.
pub(crate) fn address(text: &str) -> Result<String, String> {
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    match number(port, 10) {
        Some(port) if (1..=65535).contains(&port) && (host.is_empty() || host == "*") => {
            Ok(format!("0.0.0.0:{port}"))
        }
        Some(port) if (1..=65535).contains(&port) => Ok(format!("{}:{port}", host.to_lowercase())),
        _ => Err("has no port number from 1 to 65535".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_python() {
        for (text, value) in [
            ("7", Some(7)),
            (" -7 ", Some(-7)),
            ("+1_000", Some(1000)),
            ("007", Some(7)),
            ("1.5", None),
            ("", None),
            ("1s", None),
            ("_1", None),
            ("1_", None),
            ("1__0", None),
            ("--1", None),
        ] {
            assert_eq!(integer(text).ok(), value, "{text:?}");
        }
        assert_eq!(integer("99999999999999999999").ok(), Some(i64::MAX));
        for (text, value) in [
            ("022", Some(18)),
            ("0o27", Some(23)),
            ("27", Some(23)),
            ("0o_7", Some(7)),
            ("999", None),
            ("0x7", None),
        ] {
            assert_eq!(octal(text).ok(), value, "{text:?}");
        }
        for (text, value) in [
            ("10", Some(10)),
            ("1KB", Some(1024)),
            ("50 mb", Some(50 << 20)),
            ("-1", Some(-1)),
            ("50M", None),
            ("1TB", None),
            ("1.5MB", None),
        ] {
            assert_eq!(bytes(text).ok(), value, "{text:?}");
        }
    }

    #[test]
    fn words_and_lists() {
        for (text, value) in [
            ("TRUE", Some(true)),
            ("on", Some(true)),
            ("0", Some(false)),
            ("y", None),
            ("", None),
        ] {
            assert_eq!(boolean(text).ok(), value, "{text:?}");
        }
        assert_eq!(restart("Unexpected"), Ok(Restart::Unexpected));
        assert_eq!(restart("no"), Ok(Restart::Never));
        for (text, value) in [
            ("0,2", Some(vec![0, 2])),
            ("", Some(vec![])),
            ("0, 2,0", Some(vec![0, 2])),
            ("256", None),
            ("0 2", None),
            ("0,", None),
        ] {
            assert_eq!(exit_codes(text).ok(), value, "{text:?}");
        }
    }

    #[test]
    fn signals_by_name_and_number() {
        for (text, value) in [
            ("TERM", Some(15)),
            ("sigint", Some(2)),
            ("9", Some(9)),
            ("RTMIN", Some(34)),
            ("64", Some(64)),
            ("CLD", Some(17)),
            ("0", Some(0)),
            ("RTMIN+1", None),
            ("35", None),
            ("TERM INT", None),
            ("", None),
        ] {
            assert_eq!(signal(text).ok(), value, "{text:?}");
        }
        assert_eq!(signal_name(15).as_deref(), Some("SIGTERM"));
        assert_eq!(signal_name(34).as_deref(), Some("SIGRTMIN"));
        assert_eq!(signal_name(0), None);
    }
}
