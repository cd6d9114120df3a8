//! Scripts: what happens, and what people get.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::time;

use super::world::{World, delivered, not_now};
use super::{ended, enters, plan};
use crate::config::notify_plan::QuietSpan;
use crate::notify::{Answer, Heard, NotAgain, heard};
use crate::sim::plans::{service, task};
use crate::words::action::Action;
use crate::words::ids::{RunId, UnitName};
use crate::words::notice::{AttemptOutcome, DeliveryState, Target};
use crate::words::run::{Kind, Outcome, RunRecord, RunState, Trigger};
use crate::words::status::InstanceState;

fn backup(world: &mut World, number: u128, outcome: Outcome) {
    let heard = ended("backup", Kind::Task, number, world.now, outcome);
    world.hear(vec![heard]);
    world.settle();
}

fn one_task() -> Arc<crate::config::plan::Plan> {
    plan(vec![task("backup", &[], |_| {})], |_| {})
}

#[test]
fn a_failure_is_told_and_its_end_answers_it() {
    let mut world = World::new(one_task(), 1_000);
    backup(&mut world, 1, Outcome::Failed);
    world.pass(60);
    backup(&mut world, 2, Outcome::Succeeded);
    world.pass(60);
    backup(&mut world, 3, Outcome::Succeeded);
    insta::assert_snapshot!(world.transcript(), @r"
    1000 slack backup failed
    1060 slack backup is well again answers ref
    ");
    let recovery = &world.sent[1].notice;
    assert_eq!(recovery.lasted_ms, Some(60_000));
    insta::assert_snapshot!(recovery.sentence, @"The task backup is well again. It was not for 1m, with 1 failure.");
    assert_eq!(world.sent[1].answers, Some(world.sent[0].id));
    assert_eq!(world.disk.bell.len(), 2);
}

#[test]
fn repeats_are_folded_with_check_ins_and_a_summary() {
    let mut world = World::new(one_task(), 1_000);
    for number in 0..25 {
        backup(&mut world, number, Outcome::Failed);
        world.pass(10);
    }
    world.pass(3_600);
    world.settle();
    insta::assert_snapshot!(world.transcript(), @r"
    1000 slack backup failed
    1100 slack backup failed +9
    1200 slack backup failed +9
    4600 slack backup failed +3
    ");
    let rows: Vec<u32> = world.disk.bell.values().map(|row| row.count).collect();
    assert_eq!(rows, [25]);
}

#[test]
fn a_recovery_waits_for_the_failure_that_it_answers() {
    let mut world = World::new(one_task(), 1_000);
    let failed = ended("backup", Kind::Task, 1, world.now, Outcome::Failed);
    world.hear(vec![failed]);
    world.store(9);
    world.answer(0, not_now(Some(30)));
    let fine = ended("backup", Kind::Task, 2, world.now, Outcome::Succeeded);
    world.hear(vec![fine]);
    world.store(9);
    assert_eq!(world.sending.len(), 0);
    world.pass(30);
    world.answer(0, delivered("ts-7"));
    world.settle();
    insta::assert_snapshot!(world.transcript(), @r"
    1000 slack backup failed
    1030 slack backup failed
    1030 slack backup is well again answers ts-7
    ");
}

#[test]
fn what_fails_for_longer_than_the_budget_expires_and_the_bell_says_so() {
    let mut world = World::new(one_task(), 1_000);
    let failed = ended("backup", Kind::Task, 1, world.now, Outcome::Failed);
    world.hear(vec![failed]);
    loop {
        world.store(usize::MAX);
        if world.sending.is_empty() {
            break;
        }
        world.answer(0, not_now(None));
        world.store(usize::MAX);
        world.pass(60);
    }
    let delivery = world.disk.deliveries.values().next().unwrap();
    assert_eq!(delivery.state, DeliveryState::Expired);
    assert_eq!(delivery.attempts.len(), world.sent.len());
    let titles: Vec<_> = world
        .disk
        .bell
        .values()
        .map(|row| &*row.notice.title)
        .collect();
    assert_eq!(
        titles,
        ["backup failed", "a message by slack was not delivered"]
    );
}

#[test]
fn a_lasting_no_is_not_asked_again() {
    let mut world = World::new(one_task(), 1_000);
    let failed = ended("backup", Kind::Task, 1, world.now, Outcome::Failed);
    world.hear(vec![failed]);
    world.store(9);
    let message = "no such channel".to_owned();
    world.answer(0, Answer::Never { message });
    world.settle();
    world.pass(3_600);
    assert_eq!(world.sent.len(), 1);
    let delivery = world.disk.deliveries.values().next().unwrap();
    assert_eq!(delivery.state, DeliveryState::Rejected);
}

#[test]
fn what_did_not_arrive_is_sent_once_more_by_hand_and_by_the_same_id() {
    let mut world = World::new(one_task(), 1_000);
    let failed = ended("backup", Kind::Task, 1, world.now, Outcome::Failed);
    world.hear(vec![failed]);
    world.store(9);
    let again = |world: &mut World| {
        let delivery = world.disk.deliveries.values().next().unwrap().clone();
        let mut answer = None;
        world.turn(Vec::new(), |notify, now, out| {
            answer = Some(notify.again(now, delivery, out));
        });
        answer.unwrap()
    };
    assert_eq!(again(&mut world), Err(NotAgain::Waits));
    let message = "no such channel".to_owned();
    world.answer(0, Answer::Never { message });
    world.settle();
    world.pass(86_400);
    let pending = again(&mut world).unwrap();
    assert_eq!(
        (pending.state, pending.due_at),
        (DeliveryState::Pending, world.now)
    );
    // Not before the store holds it, and not twice.
    assert_eq!(
        (world.sent.len(), again(&mut world)),
        (1, Err(NotAgain::Waits))
    );
    world.store(9);
    assert_eq!(world.sent.len(), 2);
    assert_eq!(world.sent[0].id, world.sent[1].id);
    let delivered = Answer::Delivered {
        reference: None,
        note: None,
    };
    world.answer(0, delivered);
    world.settle();
    let delivery = world.disk.deliveries.values().next().unwrap();
    assert_eq!(delivery.state, DeliveryState::Delivered);
    assert_eq!(delivery.attempts.len(), 2);
    assert_eq!(again(&mut world), Err(NotAgain::Arrived));
}

#[test]
fn the_night_is_quiet_and_the_morning_short() {
    let night = |notify: &mut crate::config::notify_plan::NotifyPlan| {
        notify.quiet_hours = vec![QuietSpan {
            from: time(22, 0, 0, 0),
            to: time(7, 0, 0, 0),
        }];
        notify.coalesce_window = Duration::ZERO;
    };
    let quiet = plan(vec![task("backup", &[], |_| {})], night);
    // 23:00 of the first of January 1970.
    let mut world = World::new(quiet, 23 * 3_600);
    for number in 0..5 {
        backup(&mut world, number, Outcome::Failed);
        world.pass(60);
    }
    backup(&mut world, 9, Outcome::Succeeded);
    assert_eq!(world.sent.len(), 0);
    assert!(
        world
            .disk
            .deliveries
            .values()
            .all(|d| d.state == DeliveryState::Held)
    );
    world.die();
    world.pass(9 * 3_600);
    world.settle();
    insta::assert_snapshot!(world.transcript(), @r"
    111600 slack backup failed +4
    115500 slack backup is well again answers ref
    ");
}

#[test]
fn a_service_is_well_again_when_it_has_run_for_long_enough() {
    let units = vec![service("web", |service| service.instances = 2)];
    let mut world = World::new(plan(units, |_| {}), 1_000);
    let crash = |world: &mut World, number| {
        let row = ended("web", Kind::Service, number, world.now, Outcome::Failed);
        world.hear(vec![row, enters("web", 0, InstanceState::Backoff)]);
        world.settle();
        world.pass(1);
        world.hear(vec![enters("web", 0, InstanceState::Running)]);
    };
    crash(&mut world, 1);
    world.pass(30);
    crash(&mut world, 2);
    world.pass(59);
    world.settle();
    assert_eq!(world.sent.len(), 1);
    // A daemon that dies meanwhile knows that it was broken, and sees it running.
    world.die();
    world.hear(vec![enters("web", 0, InstanceState::Running)]);
    world.pass(60);
    world.settle();
    insta::assert_snapshot!(world.transcript(), @r"
    1000 slack web#0 failed
    1151 slack web is well again +1 answers ref
    ");
}

#[test]
fn whoever_stops_it_knows_and_a_daemon_that_stops_changes_nothing() {
    let mut world = World::new(plan(vec![service("web", |_| {})], |_| {}), 1_000);
    let row = ended("web", Kind::Service, 1, world.now, Outcome::Failed);
    world.hear(vec![row, enters("web", 0, InstanceState::Fatal)]);
    world.settle();
    world.stop();
    world.hear(vec![enters("web", 0, InstanceState::Stopped)]);
    world.settle();
    world.die();
    world.hear(vec![enters("web", 0, InstanceState::Running)]);
    world.pass(61);
    world.settle();
    let row = ended("web", Kind::Service, 2, world.now, Outcome::Failed);
    world.hear(vec![row]);
    world.hear(vec![enters("web", 0, InstanceState::Stopped)]);
    world.hear(vec![enters("web", 0, InstanceState::Running)]);
    world.pass(61);
    world.settle();
    insta::assert_snapshot!(world.transcript(), @r"
    1000 slack web failed
    1000 slack web failed too often and is given up
    1060 slack web is well again answers ref
    1122 slack web failed
    ");
}

#[test]
fn a_failed_attempt_that_is_tried_again_pages_nobody() {
    let name = UnitName::new("backup").unwrap();
    let mut row = RunRecord::new(
        RunId::from_u128(1),
        name,
        Kind::Task,
        Trigger::Schedule,
        jiff::Timestamp::UNIX_EPOCH,
    );
    row.state = RunState::Ended;
    row.outcome = Some(Outcome::Failed);
    let mut retry = row.clone();
    retry.id = RunId::from_u128(2);
    retry.trigger = Trigger::Retry;
    retry.attempt = 2;
    retry.state = RunState::Queued;
    retry.outcome = None;
    let record = |row: &RunRecord| Action::Record {
        row: Box::new(row.clone()),
        confirm: false,
    };
    let both = heard(&[record(&row), record(&retry)]);
    assert!(matches!(&both[..], [Heard::Ended { retried: true, .. }]));
    let last = heard(&[record(&row)]);
    assert!(matches!(&last[..], [Heard::Ended { retried: false, .. }]));
    let mut world = World::new(one_task(), 1_000);
    world.hear(both);
    world.settle();
    assert_eq!((world.sent.len(), world.disk.bell.len()), (0, 0));
}

#[test]
fn a_reload_lets_go_what_is_folded_and_drops_what_has_no_way() {
    let mut world = World::new(one_task(), 1_000);
    for number in 0..4 {
        backup(&mut world, number, Outcome::Failed);
    }
    let pending = ended("backup", Kind::Task, 9, world.now, Outcome::Timeout);
    world.hear(vec![pending]);
    let mail_only = plan(vec![task("backup", &[], |_| {})], |notify| {
        notify.notifiers.remove("slack");
        notify.global = vec![Target::new("mail")];
    });
    world.apply(mail_only);
    world.settle();
    let states: Vec<_> = world
        .disk
        .deliveries
        .values()
        .map(|d| (d.notice.folded, d.state.as_str()))
        .collect();
    assert_eq!(
        states
            .iter()
            .filter(|(_, state)| *state == "rejected")
            .count(),
        2
    );
    assert!(states.contains(&(2, "rejected")), "{states:?}");
    backup(&mut world, 10, Outcome::Failed);
    assert_eq!(world.sent.last().unwrap().notifier, "mail");
}

#[test]
fn a_daemon_that_dies_while_sending_sends_again_by_the_same_id() {
    let mut world = World::new(one_task(), 1_000);
    let failed = ended("backup", Kind::Task, 1, world.now, Outcome::Failed);
    world.hear(vec![failed.clone()]);
    // Dies before anything is stored: heard anew, nothing was sent.
    world.die();
    assert_eq!(world.sent.len(), 0);
    world.store(usize::MAX);
    assert_eq!(world.sent.len(), 1);
    world.store(usize::MAX);
    // Dies while the attempt is under way.
    world.die();
    world.settle();
    assert_eq!(world.sent.len(), 2);
    assert_eq!(world.sent[0].id, world.sent[1].id);
    let delivery = &world.disk.deliveries[&world.sent[0].id];
    let outcomes: Vec<_> = delivery.attempts.iter().map(|a| a.outcome).collect();
    assert_eq!(
        outcomes,
        [AttemptOutcome::Interrupted, AttemptOutcome::Delivered]
    );
    world.die();
    world.settle();
    assert_eq!(world.sent.len(), 2);
}

#[test]
fn a_clock_that_is_set_back_makes_nothing_wait() {
    let mut world = World::new(one_task(), 100_000);
    backup(&mut world, 1, Outcome::Failed);
    backup(&mut world, 2, Outcome::Failed);
    world.now = jiff::Timestamp::from_second(1_000).unwrap();
    world.turn(Vec::new(), |notify, now, out| notify.clock_jumped(now, out));
    world.pass(3_600);
    world.settle();
    assert_eq!(world.sent.len(), 2);
}
