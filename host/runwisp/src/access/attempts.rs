//! How often strangers from one address may be wrong.
//!
//! An attempt counts when it begins, so that many at once are no way around; one that turns out right is taken back,
//! with all that went before it. An IPv6 address counts by its /64, which is what one machine is given.
//!
//! Pure: time is an argument. Invariant: at most [`MOST`] addresses are remembered; at the bound the one whose time is
//! over first gives way.
//! Tests: below.

use std::collections::HashMap;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

/// How many addresses are remembered.
const MOST: usize = 10_000;

/// How many attempts in what time.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Attempts.
    pub most: u32,
    /// In this time, counted from the first of them.
    pub within: SignedDuration,
}

/// Who has been wrong how often.
#[derive(Debug)]
pub struct Attempts {
    rule: Rule,
    seen: HashMap<IpAddr, Seen>,
    most: usize,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    count: u32,
    until: Timestamp,
}

impl Attempts {
    /// Nobody has been wrong yet.
    pub fn new(rule: Rule) -> Self {
        Attempts {
            rule,
            seen: HashMap::new(),
            most: MOST,
        }
    }

    /// An attempt begins. Refused: try again after so many whole seconds.
    pub fn begin(&mut self, now: Timestamp, from: IpAddr) -> Result<(), u64> {
        let key = network(from);
        let over = match self.seen.get(&key) {
            // A clock that was set back must not keep anybody out for longer than the rule says.
            Some(seen) => seen.until <= now || seen.until.duration_since(now) > self.rule.within,
            None => true,
        };
        if over {
            self.make_room(now, key);
            let until = now.saturating_add(self.rule.within).unwrap_or(now);
            self.seen.insert(key, Seen { count: 1, until });
            return Ok(());
        }
        let Some(seen) = self.seen.get_mut(&key) else {
            return Ok(());
        };
        if seen.count >= self.rule.most {
            let left = seen.until.duration_since(now).as_millis();
            return Err(u64::try_from(left).unwrap_or(0).div_ceil(1000).max(1));
        }
        seen.count += 1;
        Ok(())
    }

    /// The attempt was right.
    pub fn right(&mut self, from: IpAddr) {
        self.seen.remove(&network(from));
    }

    /// The attempt was not judged: it does not count.
    pub fn take_back(&mut self, from: IpAddr) {
        if let Some(seen) = self.seen.get_mut(&network(from)) {
            seen.count = seen.count.saturating_sub(1);
        }
    }

    fn make_room(&mut self, now: Timestamp, key: IpAddr) {
        if self.seen.len() < self.most || self.seen.contains_key(&key) {
            return;
        }
        self.seen.retain(|_, seen| seen.until > now);
        while self.seen.len() >= self.most {
            let first = self.seen.iter().min_by_key(|(_, seen)| seen.until);
            let Some(first) = first.map(|(key, _)| *key) else {
                return;
            };
            self.seen.remove(&first);
        }
    }
}

/// What counts as one address.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule {
        most: 3,
        within: SignedDuration::from_secs(60),
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).unwrap()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_fourth_attempt_waits_until_the_time_is_over() {
        let mut attempts = Attempts::new(RULE);
        for n in 0..3 {
            assert_eq!(attempts.begin(at(n), ip("10.0.0.1")), Ok(()));
        }
        assert_eq!(attempts.begin(at(30), ip("10.0.0.1")), Err(30));
        assert_eq!(attempts.begin(at(30), ip("10.0.0.2")), Ok(()));
        assert_eq!(attempts.begin(at(60), ip("10.0.0.1")), Ok(()));
    }

    #[test]
    fn one_that_is_right_forgives_the_others() {
        let mut attempts = Attempts::new(RULE);
        for _ in 0..10 {
            attempts.begin(at(0), ip("10.0.0.1")).unwrap();
            attempts.begin(at(0), ip("10.0.0.1")).unwrap();
            attempts.right(ip("10.0.0.1"));
        }
    }

    #[test]
    fn ipv6_counts_by_its_64_and_mapped_ipv4_as_what_it_is() {
        let mut attempts = Attempts::new(RULE);
        for last in ["1", "2:3:4:5", "ffff"] {
            let text = format!(
                "2001:db8:1:1:{}",
                if last.contains(':') {
                    last.to_owned()
                } else {
                    format!(":{last}")
                }
            );
            attempts.begin(at(0), ip(&text)).unwrap();
        }
        assert!(attempts.begin(at(0), ip("2001:db8:1:1::9")).is_err());
        assert!(attempts.begin(at(0), ip("2001:db8:1:2::9")).is_ok());
        assert_eq!(network(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }

    #[test]
    fn a_clock_set_back_keeps_nobody_out() {
        let mut attempts = Attempts::new(RULE);
        for _ in 0..3 {
            attempts.begin(at(0), ip("10.0.0.1")).unwrap();
        }
        assert!(attempts.begin(at(-3600), ip("10.0.0.1")).is_ok());
    }

    #[test]
    fn the_table_has_a_bound_and_forgets_the_oldest() {
        let mut attempts = Attempts::new(RULE);
        attempts.most = 2;
        for _ in 0..3 {
            attempts.begin(at(0), ip("10.0.0.1")).unwrap();
        }
        attempts.begin(at(1), ip("10.0.0.2")).unwrap();
        attempts.begin(at(2), ip("10.0.0.3")).unwrap();
        assert_eq!(attempts.seen.len(), 2);
        assert!(attempts.begin(at(3), ip("10.0.0.1")).is_ok());
        assert_eq!(attempts.seen.len(), 2);
    }
}
