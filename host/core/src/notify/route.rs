//! Who hears of an event.
//!
//! | source | of what |
//! | --- | --- |
//! | the unit's `notify_on_failure` | trouble (severity warning or error) about the unit |
//! | the unit's `notify_on_success` | `run.succeeded` |
//! | the unit's `notify_on_recovery` | recoveries; where it is not written, whoever was told of the failure |
//! | `[notify] global_notifiers` | trouble, of units and of the daemon |
//! | each `[[route]]` | events that its kinds, units and severity let through |
//!
//! Sources add up; who is named twice hears once, in the words of the first route that names them and has a template.

use crate::config::notify_plan::{NotifyPlan, UnitNotify};
use crate::words::event_kind::EventKind;
use crate::words::notice::{Notice, Target};

/// Somebody who is to hear, and in whose words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Addressee {
    pub(crate) target: Target,
    pub(crate) template: Option<String>,
}

/// Who hears of it. `told` are those who were told of what is well again now.
pub(crate) fn addressees(
    plan: &NotifyPlan,
    unit: Option<&UnitNotify>,
    notice: &Notice,
    told: &[Target],
) -> Vec<Addressee> {
    let mut all = Vec::new();
    let mut add = |target: &Target, template: Option<&String>| {
        let known = all
            .iter_mut()
            .find(|other: &&mut Addressee| other.target == *target);
        match known {
            Some(known) => {
                if known.template.is_none() {
                    known.template = template.cloned();
                }
            }
            None => all.push(Addressee {
                target: target.clone(),
                template: template.cloned(),
            }),
        }
    };
    let keys = unit.cloned().unwrap_or_default();
    let own = match notice.kind {
        EventKind::RunSucceeded => keys.on_success.unwrap_or_default(),
        kind if kind.is_recovery() => keys.on_recovery.unwrap_or_else(|| told.to_vec()),
        kind if kind.is_trouble() => keys.on_failure.unwrap_or_default(),
        _ => Vec::new(),
    };
    own.iter().for_each(|target| add(target, None));
    if notice.kind.is_trouble() {
        plan.global.iter().for_each(|target| add(target, None));
    }
    for route in &plan.routes {
        let units = match (&route.units, notice.unit_name()) {
            (None, _) => true,
            (Some(globs), Some(name)) => globs.iter().any(|glob| glob.matches(name.as_str())),
            (Some(_), None) => false,
        };
        if units && route.kinds.contains(&notice.kind) {
            for target in &route.targets {
                add(target, route.template.as_ref());
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::notify_plan::RoutePlan;
    use crate::notify::tests::notice;
    use crate::words::event_kind::Severity;
    use crate::words::glob::Glob;
    use jiff::Timestamp;

    fn targets(texts: &[&str]) -> Vec<Target> {
        texts.iter().map(|text| Target::new(text)).collect()
    }

    fn route(
        kinds: &[EventKind],
        units: Option<&str>,
        to: &[&str],
        text: Option<&str>,
    ) -> RoutePlan {
        RoutePlan {
            kinds: kinds.to_vec(),
            units: units.map(|glob| vec![Glob::new(glob)]),
            severity: Severity::Info,
            targets: targets(to),
            template: text.map(str::to_owned),
        }
    }

    fn check(plan: &NotifyPlan, unit: &UnitNotify, kind: EventKind, told: &[&str], expected: &str) {
        let mut notice = notice("backup", Timestamp::UNIX_EPOCH);
        notice.kind = kind;
        let found = addressees(plan, Some(unit), &notice, &targets(told));
        let shown: Vec<_> = found
            .iter()
            .map(|a| format!("{}{}", a.target, a.template.as_deref().unwrap_or("")))
            .collect();
        assert_eq!(shown.join(" "), expected, "{kind}");
    }

    #[test]
    fn sources_add_up_and_nobody_hears_twice() {
        use EventKind::{RunFailed, RunRecovered, RunStarted, RunSucceeded};
        let plan = NotifyPlan {
            global: targets(&["inapp"]),
            routes: vec![
                route(&[RunFailed], Some("web*"), &["pager"], None),
                route(
                    &[RunFailed, RunRecovered],
                    Some("back*"),
                    &["slack"],
                    Some("!"),
                ),
                route(&[RunStarted], None, &["slack:#noise"], None),
            ],
            ..NotifyPlan::default()
        };
        let unit = UnitNotify {
            on_failure: Some(targets(&["slack", "mail"])),
            on_success: Some(targets(&["mail"])),
            on_recovery: None,
        };
        check(&plan, &unit, RunFailed, &[], "slack! mail inapp");
        check(&plan, &unit, RunSucceeded, &[], "mail");
        check(&plan, &unit, RunStarted, &[], "slack:#noise");
        check(
            &plan,
            &unit,
            RunRecovered,
            &["mail", "inapp"],
            "mail inapp slack!",
        );
        let silent = UnitNotify {
            on_recovery: Some(Vec::new()),
            ..unit
        };
        check(&plan, &silent, RunRecovered, &["mail", "inapp"], "slack!");
    }
}
