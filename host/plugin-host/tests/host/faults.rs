//! Guests that misbehave: each costs its own call the answer, says why, and nothing else notices.

use std::time::Duration;

use runwisp_plugin_host::{Change, Entry, Failure, Limits, Reason};
use serde_json::json;

use crate::support::{granted, short, world};

#[test]
fn a_loop_is_ended_by_its_processor_time() {
    let world = world("evil");
    let (error, exchange) = world.fault(short(60_000, 100), json!({"do": "loop"}));
    assert_eq!(error.reason, Reason::Processor(Duration::from_millis(100)));
    assert!(exchange.processor >= Duration::from_millis(100));
    world.works();
}

#[test]
fn sleeping_ends_with_the_wall_time_and_uses_no_processor_time() {
    let world = world("evil");
    let (error, exchange) = world.fault(short(200, 2_000), json!({"do": "sleep", "n": 600_000}));
    assert_eq!(error.reason, Reason::Deadline(Duration::from_millis(200)));
    assert_eq!(error.to_string(), "no answer after 200 ms");
    assert!(exchange.processor <= Duration::from_millis(50));
    world.works();
}

#[test]
fn memory_without_end_is_refused_and_told_as_that() {
    let world = world("evil");
    let (error, exchange) = world.fault(Limits::delivery(), json!({"do": "memory"}));
    assert!(
        matches!(error.reason, Reason::Memory { wanted, limit } if wanted > limit && limit == 64 << 20)
    );
    assert!(exchange.memory > 32 << 20 && exchange.memory <= 64 << 20);
    world.works();
}

#[test]
fn recursion_without_end_is_a_crash() {
    let world = world("evil");
    let (error, _) = world.fault(Limits::delivery(), json!({"do": "recurse"}));
    assert!(
        matches!(&error.reason, Reason::Crashed(why) if why.contains(", in runwisp_evil::recurse")),
        "{error}"
    );
    world.works();
}

#[test]
fn a_panic_is_told_with_its_words_and_an_exit_is_a_crash() {
    let world = world("evil");
    let (error, exchange) = world.fault(Limits::delivery(), json!({"do": "panic"}));
    assert!(matches!(error.reason, Reason::Crashed(_)));
    assert!(error.output.contains("gave up on event-1"), "{error}");
    assert_eq!(error.output, exchange.output);
    let (error, _) = world.fault(Limits::delivery(), json!({"do": "exit"}));
    assert_eq!(error.to_string(), "crashed: it left with code 1");
    world.works();
}

#[test]
fn a_flood_of_lines_is_cut_and_counted() {
    let world = world("evil");
    let call = world.deliver(granted(&[]), json!({"do": "flood", "n": 5_000}));
    assert!(call.answer.unwrap().is_ok());
    assert_eq!(call.exchange.entries.len(), 1_000);
    assert_eq!(call.exchange.dropped, 4_000);
    assert!(
        matches!(&call.exchange.entries[999], Entry::Line { message, .. } if message == "line 999")
    );
}

#[test]
fn output_is_kept_to_its_end() {
    let world = world("evil");
    let (error, _) = world.fault(
        Limits::delivery(),
        json!({"do": "print", "text": "word", "n": 10_000}),
    );
    assert!(error.output.len() <= 8 << 10);
    assert!(error.output.contains("printed word"));
}

#[test]
fn an_answer_or_a_line_of_many_megabytes_is_not_taken() {
    let world = world("evil");
    let (error, _) = world.fault(Limits::delivery(), json!({"do": "shout", "n": 40 << 20}));
    assert_eq!(error.reason, Reason::Copied(32 << 20));
    let (error, _) = world.fault(Limits::delivery(), json!({"do": "shout", "n": 100 << 20}));
    assert!(matches!(error.reason, Reason::Memory { .. }));
    let (error, _) = world.fault(
        Limits::delivery(),
        json!({"do": "log", "text": "x", "n": 40 << 20}),
    );
    assert_eq!(error.reason, Reason::Copied(32 << 20));
    world.works();
}

#[test]
fn there_is_no_environment_no_file_and_no_socket() {
    let world = world("evil");
    let told = world.told(granted(&[]), json!({"do": "environment"}));
    assert_eq!(
        told,
        "variables 0, arguments 0, root false, file false, socket false"
    );
}

#[test]
fn every_call_has_a_fresh_instance() {
    let world = world("evil");
    for _ in 0..3 {
        assert_eq!(world.told(granted(&[]), json!({"do": "state"})), "1");
    }
}

#[test]
fn several_faults_in_a_row_suspend_and_answers_between_them_forgive() {
    let world = world("evil");
    let panic = || world.deliver(granted(&[]), json!({"do": "panic"}));
    for _ in 0..4 {
        assert_eq!(panic().change, None);
    }
    // A plugin that says that it failed has answered.
    let failed = world.deliver(granted(&[]), json!({"do": "fail", "text": "not now"}));
    assert!(
        matches!(failed.answer, Ok(Err(Failure::Retry(later))) if later.after_seconds == Some(7))
    );
    for _ in 0..4 {
        assert_eq!(panic().change, None);
    }
    assert!(matches!(panic().change, Some(Change::Suspended(_))));
    let refused = world.deliver(granted(&[]), json!({"do": "greet"}));
    assert!(matches!(
        refused.answer.unwrap_err().reason,
        Reason::Suspended(_)
    ));
}
