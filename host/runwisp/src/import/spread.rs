//! `[defaults]` of an import, said by each of its units instead, for a file that is included and can't have that table.
//!
//! Tests: below.

use super::draft::{Draft, Item, table};
use super::words::Kind;

/// Takes the defaults out, and gives each unit what it does not say itself.
pub(super) fn spread(drafts: &mut [Draft]) {
    let mut shared: Vec<Item> = Vec::new();
    for draft in drafts.iter_mut().filter(|d| d.kind == Kind::Defaults) {
        let sound = std::mem::take(&mut draft.items).into_iter();
        let (sound, faulty) = sound.partition::<Vec<_>, _>(|item| item.fault.is_none());
        shared.extend(sound);
        draft.items = faulty;
        draft.state = super::draft::State::There;
    }
    let units = drafts.iter_mut();
    for draft in units.filter(|d| matches!(d.kind, Kind::Task | Kind::Service)) {
        let known = table(draft.kind);
        let belongs = |item: &&Item| {
            item.path
                .first()
                .is_some_and(|key| known.key(key).is_some())
        };
        for item in shared.iter().filter(belongs) {
            // A value that is in the way, above or below, is the unit's own say on the matter.
            let said = draft
                .items
                .iter()
                .any(|own| own.path.starts_with(&item.path) || item.path.starts_with(&own.path));
            if !said {
                draft.items.push(item.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::import::draft::draft;
    use crate::import::tests::{definition, setting};

    #[test]
    fn a_unit_says_what_it_would_inherit() {
        let mut defaults = definition(Kind::Defaults, "", "");
        defaults.settings = vec![
            setting(&["env"], json!({"A": "1", "B": "2"})),
            setting(&["healthy_after"], json!("1s")),
            setting(&["stop_signal"], json!("TERM")),
        ];
        let mut task = definition(Kind::Task, "t", "true");
        task.settings.push(setting(&["env", "A"], json!("own")));
        let mut service = definition(Kind::Service, "s", "true");
        service
            .settings
            .push(setting(&["stop_signal"], json!("INT")));
        let all = [defaults, task, service];
        let mut drafts: Vec<Draft> = all.iter().map(draft).collect();
        spread(&mut drafts);
        let said = |n: usize| drafts[n].settings();
        assert_eq!(
            said(1),
            json!({"run": "true", "env": {"A": "own", "B": "2"}, "stop_signal": "TERM"})
        );
        assert_eq!(
            said(2),
            json!({"run": "true", "env": {"A": "1", "B": "2"}, "stop_signal": "INT", "healthy_after": "1s"})
        );
    }
}
