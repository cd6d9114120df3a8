//! What of the requests goes into the audit log.
//!
//! Everything that changes something, and every try at it by somebody who may not. Tries come from anybody, as often as
//! they like, so only [`MOST`] a minute are written down; the next row says how many were not.
//!
//! Pure: time is an argument. Tests: below, and `wire/tests/guard.rs`.

use jiff::{SignedDuration, Timestamp};
use runwisp_core::words::audit::AuditEntry;

/// Refused tries that are written down in a minute.
const MOST: u32 = 30;

const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// The longest detail, characters.
const DETAIL: usize = 500;

/// Counts what was refused.
#[derive(Debug, Default)]
pub struct Ledger {
    since: Option<Timestamp>,
    written: u32,
    passed_over: u64,
}

impl Ledger {
    /// The row to write, if one is to be written.
    pub fn judge(&mut self, mut entry: AuditEntry) -> Option<AuditEntry> {
        let refused = matches!(entry.status, 401 | 403 | 404 | 421 | 429);
        if !refused {
            return Some(entry);
        }
        let over = self
            .since
            .is_none_or(|since| entry.at.duration_since(since).abs() >= MINUTE);
        if over {
            self.since = Some(entry.at);
            self.written = 0;
        }
        if self.written >= MOST {
            self.passed_over += 1;
            return None;
        }
        self.written += 1;
        if self.passed_over > 0 {
            let more = format!("and {} more that were refused before", self.passed_over);
            entry.detail = Some(match entry.detail {
                Some(detail) => format!("{detail}; {more}"),
                None => more,
            });
            self.passed_over = 0;
        }
        Some(entry)
    }
}

/// The body of a request as a detail: one line, short; none where it holds a secret, or nothing.
pub fn detail(action: &str, body: &[u8]) -> Option<String> {
    if body.is_empty() || action.starts_with("session.") || action.starts_with("password.") {
        return None;
    }
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    let text = value.to_string();
    let mut short: String = text.chars().take(DETAIL).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(second: i64, status: u16) -> AuditEntry {
        AuditEntry {
            at: Timestamp::from_second(second).unwrap(),
            kind: "stranger".to_owned(),
            name: String::new(),
            from: "192.0.2.1".to_owned(),
            action: "session.begin".to_owned(),
            target: None,
            detail: None,
            result: "session.password".to_owned(),
            status,
        }
    }

    #[test]
    fn a_flood_of_tries_is_counted_and_what_was_done_is_always_written() {
        let mut ledger = Ledger::default();
        let written = (0..100)
            .filter_map(|_| ledger.judge(entry(10, 401)))
            .count();
        assert_eq!(written, 30);
        assert!(
            ledger
                .judge(entry(11, 200))
                .is_some_and(|row| row.detail.is_none())
        );
        let next = ledger.judge(entry(70, 401)).unwrap();
        assert_eq!(
            next.detail.as_deref(),
            Some("and 70 more that were refused before")
        );
        assert_eq!(ledger.judge(entry(71, 401)).unwrap().detail, None);
    }

    #[test]
    fn details_are_short_and_hold_no_password() {
        assert_eq!(detail("session.begin", b"{\"password\":\"x\"}"), None);
        assert_eq!(detail("password.set", b"{\"password\":\"x\"}"), None);
        assert_eq!(detail("reload", b""), None);
        assert_eq!(
            detail("task.run", b"{ \"params\": {\"a\": \"b\"} }").as_deref(),
            Some("{\"params\":{\"a\":\"b\"}}")
        );
        let long = format!("{{\"a\":\"{}\"}}", "é".repeat(600));
        assert_eq!(
            detail("task.run", long.as_bytes()).unwrap().chars().count(),
            501
        );
    }
}
