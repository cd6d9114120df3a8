//! Random lives: many units, and everything that may happen to them, drawn from one seed.
//!
//! What is checked: all that [`super::hands`] checks as orders come in; that a service an operator stopped is stopped
//! once its grace is over; that a service that keeps ending too soon never waits shorter than the time before; and that after
//! a shutdown no child lives and no row is open.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use super::hands::Manners;
use super::plans::{name, plan, schedule, service, task};
use super::script::START;
use super::stage::Stage;
use crate::config::plan::{Curve, Overlap, Plan, Restart, Role, Unit};
use crate::words::action::Action;
use crate::words::command::Command;
use crate::words::ids::{RunId, UnitName};
use crate::words::input::Input;
use crate::words::run::{Kind, RunRecord, Trigger};
use crate::words::spawn::RunVars;
use crate::words::status::InstanceState;

/// How large a life is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Units at the start, about a third of them services.
    pub units: usize,
    /// How long it lasts.
    pub days: u64,
    /// How often something happens from outside: commands, reloads, deaths, clock jumps; the mean time between.
    pub trouble_every: Duration,
    /// Whether most tasks are weekly and few services are in a loop of crashes, as on a real machine.
    pub calm: bool,
}

/// What a life came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Turns of the fleet.
    pub turns: u64,
    /// Children spawned.
    pub spawned: u64,
    /// Rows that ended.
    pub ended: u64,
    /// Times the daemon died.
    pub deaths: u64,
    /// Plans put in force.
    pub reloads: u64,
}

/// What is going to happen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Coming {
    End(RunId, Option<i32>, Option<i32>),
    /// A spawn that took its time is done.
    Spawned(RunId),
    Trouble,
    /// A service that was stopped has to be stopped by now, unless something happened to it since.
    Stopped(UnitName, u64),
}

/// The last end of an instance and the delay after it.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    run: Option<RunId>,
    began: Duration,
    ended: Duration,
    delay: Duration,
}

struct World {
    stage: Stage,
    chance: Chance,
    size: Size,
    coming: BinaryHeap<Reverse<(Duration, u64, Coming)>>,
    numbered: u64,
    /// How often something was done to a unit.
    touched: BTreeMap<UnitName, u64>,
    paces: BTreeMap<(UnitName, u32), Pace>,
    names: Vec<UnitName>,
    tally: Tally,
}

/// Plays the life of that seed. Panics, naming the seed, where something does not hold.
pub fn live(seed: u64, size: Size) -> Tally {
    let played = std::panic::catch_unwind(|| play(seed, size));
    played.unwrap_or_else(|fault| {
        let text = fault.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| fault.downcast_ref::<&str>().copied());
        panic!("seed {seed}: {}", text.unwrap_or("something does not hold"))
    })
}

fn play(seed: u64, size: Size) -> Tally {
    let mut chance = Chance(seed);
    let units: Vec<Unit> = (0..size.units)
        .map(|n| random_unit(&mut chance, n, size.calm))
        .collect();
    let names = units.iter().map(|unit| unit.name.clone()).collect();
    let start = START.parse().expect("the start is a time");
    let mut world = World {
        stage: Stage::new(plan(units), start, seed),
        chance,
        size,
        coming: BinaryHeap::new(),
        numbered: 0,
        touched: BTreeMap::new(),
        paces: BTreeMap::new(),
        names,
        tally: Tally::default(),
    };
    world.stage.hands.slow_every = 7;
    world.teach_manners();
    world.play();
    world.tally.spawned = world.stage.hands.spawned;
    world.tally.ended = world.stage.hands.ended;
    world.tally
}

impl World {
    fn play(&mut self) {
        self.stage.boot();
        self.watch();
        self.trouble_later();
        let end = Duration::from_secs(self.size.days * 86_400);
        while self.stage.at < end {
            self.turn(end);
        }
        self.stage.hands.check_at_rest();
        self.stage.feed(Input::Shutdown { at_once: false });
        self.watch();
        let end = self.stage.at + Duration::from_secs(60);
        while self.stage.hands.left.is_none() {
            assert!(self.stage.at < end, "it does not leave");
            self.turn(end);
        }
        assert_eq!(self.stage.hands.left, Some(0));
        assert!(self.stage.hands.children.is_empty(), "a child was left");
        assert!(self.stage.hands.open.is_empty(), "a row was left open");
    }

    /// The next thing that is due happens.
    fn turn(&mut self, end: Duration) {
        self.tally.turns += 1;
        let due = self.stage.next_due().unwrap_or(end).min(end);
        let coming = self.coming.peek().map(|Reverse((at, ..))| *at);
        if coming.is_none_or(|at| due < at) {
            assert!(due >= self.stage.at, "time goes on");
            self.stage.at = due;
            self.stage.feed(Input::Tick);
        } else if let Some(Reverse((at, _, what))) = self.coming.pop() {
            self.stage.at = at.max(self.stage.at);
            self.happen(what);
        }
        self.watch();
    }

    fn happen(&mut self, what: Coming) {
        match what {
            Coming::End(run, code, signal) => {
                let now = self.stage.now();
                for report in self.stage.hands.end(now, run, code, signal) {
                    self.stage.feed(report);
                }
            }
            Coming::Spawned(run) => {
                let now = self.stage.now();
                if let Some(report) = self.stage.hands.spawned(now, run) {
                    self.stage.feed(report);
                }
            }
            Coming::Stopped(unit, touched) => {
                if self.touched.get(&unit) == Some(&touched) {
                    self.check_stopped(&unit);
                }
            }
            Coming::Trouble => {
                self.trouble();
                self.trouble_later();
            }
        }
    }

    fn check_stopped(&self, unit: &UnitName) {
        let fleet = self.stage.fleet.as_ref().expect("a daemon");
        if let Some(status) = fleet.status_of(self.stage.now(), unit.as_str()) {
            let state = status.state;
            assert_eq!(state, InstanceState::Stopped, "{unit} was to be stopped");
        }
    }

    fn later(&mut self, after: Duration, what: Coming) {
        self.numbered += 1;
        let at = self.stage.at + after;
        self.coming.push(Reverse((at, self.numbered, what)));
    }

    fn trouble_later(&mut self) {
        let most = u64::try_from(self.size.trouble_every.as_millis()).unwrap_or(1) * 2;
        let after = Duration::from_millis(self.chance.below(most));
        self.later(after, Coming::Trouble);
    }

    /// Looks at what was ordered: decides how long children live, and checks the pace of restarts.
    fn watch(&mut self) {
        for action in std::mem::take(&mut self.stage.log) {
            match action {
                Action::Spawn { row, .. } => {
                    let (mut after, code, signal) = fate(&mut self.chance, &row, self.size.calm);
                    let waiting = &mut self.stage.hands.slow;
                    if let Some(at) = waiting.iter().position(|run| *run == row.id) {
                        waiting.swap_remove(at);
                        let slow = Duration::from_millis(1 + self.chance.below(3000));
                        self.later(slow, Coming::Spawned(row.id));
                        after += slow;
                    }
                    self.later(after, Coming::End(row.id, code, signal));
                    self.check_pace(&row);
                }
                Action::Record { row, .. } if row.kind == Kind::Service => {
                    let pace = self.paces.get_mut(&(row.unit.clone(), row.instance));
                    if let (Some(pace), Some(_)) = (pace, row.outcome) {
                        pace.ended = self.stage.at;
                    }
                }
                _ => {}
            }
        }
    }

    /// Of two restarts after runs that each lived less than a second, the second waits no shorter.
    fn check_pace(&mut self, row: &RunRecord) {
        let Some(Role::Service(service)) = self.stage.plan.units.get(&row.unit).map(|u| &u.role)
        else {
            return;
        };
        let good = self
            .stage
            .hands
            .manners
            .get(&row.unit)
            .copied()
            .unwrap_or_default();
        if good != Manners::Good || !service.depends_on.is_empty() {
            return;
        }
        let pace = self
            .paces
            .entry((row.unit.clone(), row.instance))
            .or_default();
        let quick = pace.ended.saturating_sub(pace.began) < Duration::from_secs(1);
        let delay = self.stage.at.saturating_sub(pace.ended);
        let in_row = row.trigger == Trigger::Restart && pace.run.is_some() && quick;
        if in_row {
            assert!(
                delay >= pace.delay,
                "{} waits {delay:?} after {:?}",
                row.unit,
                pace.delay
            );
        }
        *pace = Pace {
            run: Some(row.id),
            began: self.stage.at,
            ended: self.stage.at,
            delay: if in_row { delay } else { Duration::ZERO },
        };
    }

    fn teach_manners(&mut self) {
        for unit in &self.names {
            let manners = match self.chance.below(20) {
                0 => Manners::Stubborn,
                1 => Manners::Messy,
                _ => Manners::Good,
            };
            self.stage.hands.manners.insert(unit.clone(), manners);
        }
    }

    fn some_unit(&mut self) -> UnitName {
        let at = self.chance.below(self.names.len() as u64);
        self.names[usize::try_from(at).unwrap_or(0)].clone()
    }

    fn trouble(&mut self) {
        match self.chance.below(1000) {
            0..=4 => self.die(true),
            5..=6 => self.die(false),
            7..=16 => self.reload(),
            17..=20 => {
                let by_ms = self.some_jump();
                self.stage.jump(by_ms);
            }
            _ => self.command(),
        }
    }

    /// By seconds, by up to an hour, by hours or by days, either way; in milliseconds.
    fn some_jump(&mut self) -> i64 {
        let most: u64 = match self.chance.below(8) {
            0 => 100_000,
            1..=4 => 3_600_000,
            5..=6 => 4 * 3_600_000,
            _ => 3 * 86_400_000,
        };
        let by = i64::try_from(self.chance.below(2 * most)).unwrap_or(0);
        by - i64::try_from(most).unwrap_or(0)
    }

    fn die(&mut self, keeper_lives: bool) {
        self.tally.deaths += 1;
        self.stage.hands.check_at_rest();
        if keeper_lives {
            self.stage.kill_daemon();
        } else {
            self.stage.kill_all();
        }
        self.paces.clear();
        let away = Duration::from_secs(self.chance.below(7200));
        let back = self.stage.at + away;
        // Children go on ending while nobody looks.
        while let Some(Reverse((at, ..))) = self.coming.peek()
            && *at < back
            && let Some(Reverse((at, number, what))) = self.coming.pop()
        {
            self.stage.at = at;
            match what {
                Coming::End(run, code, signal) => {
                    let now = self.stage.now();
                    self.stage.hands.end(now, run, code, signal);
                }
                Coming::Spawned(run) => {
                    let now = self.stage.now();
                    self.stage.hands.spawned(now, run);
                }
                Coming::Trouble => self.coming.push(Reverse((back, number, what))),
                // A stop under way begins anew with the next daemon.
                Coming::Stopped(..) => {
                    let at = back + Duration::from_secs(30);
                    self.coming.push(Reverse((at, number, what)));
                }
            }
        }
        self.stage.at = back;
        if self.chance.below(4) == 0 {
            self.stage.offset_ms += self.some_jump();
        }
        self.stage.boot();
    }

    /// An operator or a reload makes counters fresh.
    fn forget_pace(&mut self, unit: &UnitName) {
        for instance in 0..4 {
            self.paces.remove(&(unit.clone(), instance));
        }
    }

    fn reload(&mut self) {
        self.tally.reloads += 1;
        let mut plan: Plan = self.stage.plan.as_ref().clone();
        for _ in 0..=self.chance.below(5) {
            let unit = self.some_unit();
            self.forget_pace(&unit);
            *self.touched.entry(unit.clone()).or_default() += 1;
            change(&mut self.chance, &mut plan, &unit);
        }
        self.stage.plan = Arc::new(plan);
        let plan = Arc::clone(&self.stage.plan);
        self.stage.feed(Input::Apply { plan, only: None });
    }

    fn command(&mut self) {
        let unit = self.some_unit();
        *self.touched.entry(unit.clone()).or_default() += 1;
        let touched = self.touched.get(&unit).copied().unwrap_or(0);
        self.forget_pace(&unit);
        let command = match self.chance.below(10) {
            0..=3 => Command::Start { unit },
            4..=5 => {
                let after = Duration::from_secs(30);
                let service = self.stage.plan.units.get(&unit).map(Unit::kind);
                if service == Some(Kind::Service) {
                    self.later(after, Coming::Stopped(unit.clone(), touched));
                }
                Command::Stop { unit }
            }
            6..=7 => Command::Restart { unit },
            _ => Command::Run {
                unit,
                trigger: Trigger::Manual,
                params: RunVars::new(),
            },
        };
        self.stage.feed(Input::Command { caller: 7, command });
    }
}

/// How long a child lives, and how it ends.
fn fate(chance: &mut Chance, row: &RunRecord, calm: bool) -> (Duration, Option<i32>, Option<i32>) {
    let end = match chance.below(10) {
        0..=6 => (Some(0), None),
        7..=8 => (Some(1), None),
        _ => (None, Some(11)),
    };
    let ms = match (row.kind, chance.below(if calm { 100 } else { 10 })) {
        (Kind::Service, 0..=2) => chance.below(3000),
        (Kind::Service, _) => chance.below(40 * 86_400_000),
        (Kind::Task, 0) => chance.below(7_200_000),
        (Kind::Task, _) => chance.below(60_000),
    };
    (Duration::from_millis(ms), end.0, end.1)
}

fn random_unit(chance: &mut Chance, n: usize, calm: bool) -> Unit {
    let text = format!("unit-{n}");
    if n.is_multiple_of(3) {
        return service(&text, |s| {
            s.instances = 1 + chance.small(2);
            s.priority = i32::try_from(chance.below(3)).unwrap_or(0);
            s.healthy_after = Duration::from_secs(chance.below(3) * 5);
            s.restart_backoff = curve(chance);
            s.restart_delay = Duration::from_secs(chance.below(3));
            s.start_retries = chance.small(6);
            s.restart = match chance.below(4) {
                0 => Restart::OnFailure,
                _ => Restart::Always,
            };
            // Dependencies only on earlier services, so there is no circle.
            if n > 0 && chance.below(4) == 0 {
                let earlier = chance.below(n as u64 / 3) * 3;
                s.depends_on = vec![name(&format!("unit-{earlier}"))];
            }
        });
    }
    let cron = random_cron(chance, calm);
    task(&text, &[&cron], |t| {
        t.catch_up = chance.small(3);
        t.max_concurrent = 1 + chance.small(2);
        t.max_queued = chance.small(3);
        t.retry_attempts = Some(chance.small(3));
        t.retry_delay = Duration::from_secs(60);
        t.retry_backoff = curve(chance);
        t.jitter = Duration::from_secs(chance.below(2) * 300);
        t.on_overlap = match chance.below(3) {
            0 => Overlap::Queue,
            1 => Overlap::Skip,
            _ => Overlap::Kill,
        };
    })
}

fn random_cron(chance: &mut Chance, calm: bool) -> String {
    let (minute, hour, day) = (chance.below(60), chance.below(24), chance.below(7));
    match chance.below(if calm { 400 } else { 40 }) {
        0 => match chance.below(3) {
            0 => format!("{minute} * * * *"),
            1 => "*/20 * * * *".to_owned(),
            _ => "@every 50m".to_owned(),
        },
        1..=9 => format!("{minute} {hour} * * *"),
        _ => format!("{minute} {hour} * * {day}"),
    }
}

fn curve(chance: &mut Chance) -> Curve {
    match chance.below(3) {
        0 => Curve::Constant,
        1 => Curve::Linear,
        _ => Curve::Exponential,
    }
}

/// A unit is removed, comes back, or is changed.
fn change(chance: &mut Chance, plan: &mut Plan, name: &UnitName) {
    let number = name
        .as_str()
        .trim_start_matches("unit-")
        .parse()
        .unwrap_or(0);
    let what = chance.below(4);
    match plan.units.get_mut(name) {
        None => {
            plan.units
                .insert(name.clone(), random_unit(chance, number, true));
        }
        Some(_) if what == 0 => {
            plan.units.remove(name);
        }
        Some(unit) => match &mut unit.role {
            Role::Service(s) if what == 1 => s.instances = 1 + chance.small(3),
            Role::Task(t) if what == 1 => t.schedules = vec![schedule(&random_cron(chance, true))],
            Role::Service(_) | Role::Task(_) => {
                let value = chance.below(1000).to_string();
                unit.spec.env.push(("CHANGED".to_owned(), value));
            }
        },
    }
}

/// SplitMix64: the same numbers for the same seed, on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound.max(1)
    }

    fn small(&mut self, bound: u64) -> u32 {
        u32::try_from(self.below(bound)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_troubled_lives_hold() {
        for seed in 0..20 {
            let size = Size {
                units: 40,
                days: 20,
                trouble_every: Duration::from_secs(300),
                calm: false,
            };
            let tally = live(seed, size);
            assert!(
                tally.spawned > 100 && tally.deaths > 0 && tally.reloads > 0,
                "{tally:?}"
            );
        }
    }

    #[test]
    fn a_seed_names_one_life() {
        let size = Size {
            units: 30,
            days: 10,
            trouble_every: Duration::from_secs(600),
            calm: false,
        };
        assert_eq!(live(4, size), live(4, size));
    }

    /// The same at full size.
    #[test]
    fn a_year_of_ten_thousand_units_holds() {
        let size = Size {
            units: 10_000,
            days: 365,
            trouble_every: Duration::from_secs(1800),
            calm: true,
        };
        let tally = live(1, size);
        assert!(tally.spawned > 100_000, "{tally:?}");
    }
}
