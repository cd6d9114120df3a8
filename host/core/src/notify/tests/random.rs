//! Random lives, named by a seed: whatever happens, nobody misses anything, and a repeat has the same id.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::time;
use proptest::prelude::{ProptestConfig, any, proptest};

use super::world::{World, delivered, not_now};
use super::{ended, enters, plan};
use crate::config::notify_plan::{NotifyPlan, QuietSpan};
use crate::notify::Answer;
use crate::sim::plans::{service, task};
use crate::words::event_kind::EventKind;
use crate::words::ids::UnitName;
use crate::words::notice::{DeliveryState, MessageId, Target};
use crate::words::run::{Kind, Outcome};
use crate::words::status::InstanceState;

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % most
    }
}

const UNITS: [&str; 3] = ["a", "b", "web"];

fn configure(notify: &mut NotifyPlan, chance: &mut Chance) {
    notify.global = vec![
        Target::Bell,
        Target::new("slack"),
        Target::new("mail:x@y.example"),
    ];
    notify.coalesce_limit = 1 + u32::try_from(chance.below(6)).unwrap();
    notify.coalesce_window = Duration::from_secs([0, 60, 600][chance.below(3) as usize]);
    notify.retry_budget = Duration::from_secs([0, 30, 300][chance.below(3) as usize]);
    if chance.below(3) == 0 {
        notify.quiet_hours = vec![QuietSpan {
            from: time(22, 0, 0, 0),
            to: time(7, 0, 0, 0),
        }];
    }
}

/// A life: how many failures there were, by unit and kind, and what came of them.
fn live(seed: u64) -> (World, BTreeMap<(String, EventKind), u32>) {
    let mut chance = Chance(seed);
    let units = vec![
        task("a", &[], |_| {}),
        task("b", &[], |_| {}),
        service("web", |_| {}),
    ];
    let plan = plan(units, |notify| configure(notify, &mut chance));
    let mut world = World::new(plan, 1_000 + i64::try_from(chance.below(86_400)).unwrap());
    let mut failures = BTreeMap::new();
    for number in 0..300u128 {
        let unit = UNITS[chance.below(3) as usize];
        let kind = match unit {
            "web" => Kind::Service,
            _ => Kind::Task,
        };
        match chance.below(12) {
            0..=3 => {
                let outcome = [Outcome::Failed, Outcome::Timeout][chance.below(2) as usize];
                let key = (unit.to_owned(), EventKind::of(outcome));
                *failures.entry(key).or_default() += 1;
                let row = ended(unit, kind, number, world.now, outcome);
                world.hear(vec![row]);
            }
            4 => {
                let row = ended(unit, kind, number, world.now, Outcome::Succeeded);
                world.hear(vec![row]);
            }
            5 => world.hear(vec![enters("web", 0, InstanceState::Running)]),
            6 | 7 => world.store(chance.below(4) as usize),
            8 => world.pass(i64::try_from(chance.below(120)).unwrap()),
            9 => world.answer(chance.below(9) as usize, delivered("r")),
            10 => {
                let answer = match chance.below(4) {
                    0 => Answer::Never {
                        message: "no".to_owned(),
                    },
                    1 => not_now(Some(chance.below(100))),
                    _ => not_now(None),
                };
                world.answer(chance.below(9) as usize, answer);
            }
            _ if chance.below(4) == 0 => world.die(),
            _ => {}
        }
    }
    world.stop();
    world.settle();
    for _ in 0..40 {
        world.pass(3_600);
        world.settle();
    }
    (world, failures)
}

fn check(seed: u64) {
    let (world, failures) = live(seed);
    let happened = |unit: &str| -> u32 {
        let of_unit = failures.iter().filter(|((name, _), _)| name == unit);
        of_unit.map(|(_, count)| *count).sum()
    };
    for target in ["slack", "mail:x@y.example"].map(Target::new) {
        for unit in UNITS {
            let mut stood_for = 0;
            for delivery in world.disk.deliveries.values() {
                assert!(delivery.state.is_final(), "seed {seed}: {delivery:?}");
                let about = delivery.notice.unit_name().map(UnitName::as_str);
                if delivery.to() == target && about == Some(unit) {
                    stood_for += delivery.notice.folded + 1;
                }
            }
            let all = happened(unit);
            assert!(
                stood_for >= all,
                "seed {seed}: {target} heard of {stood_for} of {all} failures of {unit}"
            );
        }
    }
    let bell: u32 = world
        .disk
        .bell
        .values()
        .filter(|row| row.notice.kind.is_trouble() && row.notice.kind != EventKind::DeliveryFailed)
        .map(|row| row.count)
        .sum();
    let happened: u32 = failures.values().sum();
    assert_eq!(
        bell, happened,
        "seed {seed}: the bell counts every one once"
    );
    repeats_have_one_id(&world, seed);
}

/// After its end nothing is sent again, and one event makes one message for each target.
fn repeats_have_one_id(world: &World, seed: u64) {
    let mut by_event: BTreeMap<(String, Target), MessageId> = BTreeMap::new();
    for delivery in &world.sent {
        let key = (delivery.notice.id.clone(), delivery.to());
        let id = by_event.entry(key).or_insert(delivery.id);
        let held = delivery.state == DeliveryState::Sending && delivery.notice.folded > 0;
        assert!(*id == delivery.id || held, "seed {seed}: {delivery:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_misses_anything(seed in any::<u64>()) {
        check(seed);
    }
}

#[test]
fn the_same_seed_is_the_same_life() {
    for seed in 0..5 {
        assert_eq!(live(seed).0.transcript(), live(seed).0.transcript());
    }
}
