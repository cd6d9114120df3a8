//! What is remembered over restarts of the daemon: windows and incidents, each under a name, as JSON.
//!
//! | name | what |
//! | --- | --- |
//! | `window:SUBJECT\|KIND` | an open window |
//! | `incident:SUBJECT` | something that is broken |
//! | `left` | the daemon left in good order |
//!
//! What can not be read back, as after an upgrade that changed its shape, is forgotten: at worst something is told again.

use jiff::Timestamp;

use super::{Notify, Order};

/// The name under which a daemon says that it did not die.
pub(super) const LEFT: &str = "left";

impl Notify {
    /// Takes over what an earlier daemon remembered.
    pub(super) fn recall(&mut self, memories: Vec<(String, String)>, out: &mut Vec<Order>) {
        for (name, json) in memories {
            self.remembered.insert(name.clone());
            if name == LEFT {
                self.left = true;
                continue;
            }
            let known = match name.split_once(':') {
                Some(("window", key)) => serde_json::from_str::<super::Window>(&json)
                    .map(|window| {
                        self.ends.insert((window.ends_at, key.to_owned()));
                        self.windows.insert(key.to_owned(), window);
                    })
                    .is_ok(),
                Some(("incident", subject)) => serde_json::from_str(&json)
                    .map(|incident| self.incidents.insert(subject.to_owned(), incident))
                    .map(|_| self.index(subject))
                    .is_ok(),
                _ => false,
            };
            if !known {
                self.remember(name, None, out);
            }
        }
    }

    /// This daemon leaves in good order: nothing more is sent, and the next one need not think that it died.
    pub fn leave(&mut self, out: &mut Vec<Order>) {
        self.leaving = true;
        self.remember(LEFT.to_owned(), Some(String::new()), out);
    }

    /// What belongs to units and notifiers that are not defined any more is dropped.
    pub(super) fn settle_plan(&mut self, now: Timestamp, out: &mut Vec<Order>) {
        let plan = self.plan.clone();
        let defined = |id: &str| plan.notify.notifiers.contains_key(id);
        self.outbox.keep_only(defined, now, out);
        let gone = |subject: &str| !subject.contains('/') && !plan.units.contains_key(subject);
        let subjects: Vec<String> = self
            .incidents
            .keys()
            .filter(|subject| gone(subject))
            .cloned()
            .collect();
        for subject in subjects {
            self.incidents.remove(&subject);
            self.remember_incident(&subject, out);
        }
    }

    pub(super) fn remember_window(&mut self, key: &str, out: &mut Vec<Order>) {
        let json = self.windows.get(key).map(serde_json::to_string);
        // A window is plain data that JSON can always say.
        self.remember(format!("window:{key}"), json.and_then(Result::ok), out);
    }

    pub(super) fn remember_incident(&mut self, subject: &str, out: &mut Vec<Order>) {
        self.index(subject);
        let json = self.incidents.get(subject).map(serde_json::to_string);
        let name = format!("incident:{subject}");
        self.remember(name, json.and_then(Result::ok), out);
    }

    /// Puts an incident on the calendar, or off it.
    fn index(&mut self, subject: &str) {
        let new = self
            .incidents
            .get(subject)
            .and_then(super::Incident::deadline);
        if let Some(old) = self.well_at.remove(subject) {
            self.well.remove(&(old, subject.to_owned()));
        }
        if let Some(at) = new {
            self.well_at.insert(subject.to_owned(), at);
            self.well.insert((at, subject.to_owned()));
        }
    }

    /// Remembers, or forgets what is remembered.
    pub(super) fn remember(&mut self, name: String, json: Option<String>, out: &mut Vec<Order>) {
        let worth = match json {
            Some(_) => {
                self.remembered.insert(name.clone());
                true
            }
            None => self.remembered.remove(&name),
        };
        if worth {
            out.push(Order::Remember(name, json));
        }
    }
}
