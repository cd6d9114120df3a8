//! Signals by name, as users write them: `SIGTERM`, `TERM`, `RTMIN+1`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A signal number of Linux, 1 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signal(pub i32);

/// The text names no signal of Linux.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSignal(pub String);

impl fmt::Display for BadSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a signal; examples are SIGTERM, HUP, RTMIN+1",
            self.0
        )
    }
}

impl std::error::Error for BadSignal {}

/// Names by number, from signal(7) for x86 and arm.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];
/// The C library keeps 32 and 33 for itself.
const RTMIN: i32 = 34;
const RTMAX: i32 = 64;

impl Signal {
    /// Hang up: by custom, "read your configuration again".
    pub const HUP: Signal = Signal(1);
    /// Interrupt, as from Ctrl-C.
    pub const INT: Signal = Signal(2);
    /// The end that can't be refused.
    pub const KILL: Signal = Signal(9);
    /// The polite end.
    pub const TERM: Signal = Signal(15);
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match usize::try_from(self.0 - 1).ok().and_then(|i| NAMES.get(i)) {
            Some(name) => write!(f, "SIG{name}"),
            None => write!(f, "SIGRTMIN+{}", self.0 - RTMIN),
        }
    }
}

impl FromStr for Signal {
    type Err = BadSignal;
    fn from_str(text: &str) -> Result<Self, BadSignal> {
        let bad = || BadSignal(text.to_owned());
        let upper = text.trim().to_ascii_uppercase();
        if let Ok(number) = upper.parse::<i32>() {
            return if (1..=RTMAX).contains(&number) && number != 32 && number != 33 {
                Ok(Signal(number))
            } else {
                Err(bad())
            };
        }
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        if let Some(i) = NAMES.iter().position(|known| *known == name) {
            return i32::try_from(i + 1).map(Signal).map_err(|_| bad());
        }
        let number = match (name.strip_prefix("RTMIN"), name.strip_prefix("RTMAX")) {
            (Some(""), _) => Some(RTMIN),
            (_, Some("")) => Some(RTMAX),
            (Some(rest), _) => rest
                .strip_prefix('+')
                .and_then(|n| n.parse::<i32>().ok())
                .and_then(|n| RTMIN.checked_add(n)),
            (_, Some(rest)) => rest
                .strip_prefix('-')
                .and_then(|n| n.parse::<i32>().ok())
                .and_then(|n| RTMAX.checked_sub(n)),
            (None, None) => None,
        };
        number
            .filter(|n| (RTMIN..=RTMAX).contains(n))
            .map(Signal)
            .ok_or_else(bad)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_names_the_same_signal() {
        for text in ["SIGTERM", "TERM", "term", "15"] {
            assert_eq!(text.parse(), Ok(Signal::TERM), "{text}");
        }
        assert_eq!("SIGRTMIN+1".parse(), Ok(Signal(35)));
        assert_eq!("RTMAX-1".parse(), Ok(Signal(63)));
        for number in (1..=31).chain(34..=64) {
            assert_eq!(Signal(number).to_string().parse(), Ok(Signal(number)));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "SIG", "SIGFOO", "0", "32", "65", "RTMIN+31", "RTMIN-1"] {
            assert!(text.parse::<Signal>().is_err(), "{text}");
        }
    }
}
