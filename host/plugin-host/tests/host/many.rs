//! Many calls at once, calls that nobody waits for any more, and the bound on those who wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use runwisp_plugin_host::{Reason, Terms};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{context, event, granted, short, world};

#[test]
fn fifty_calls_at_once_all_end_each_as_it_should() {
    let world = world("evil");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut calls = JoinSet::new();
    for n in 0..50 {
        let plugin = Arc::clone(&world.plugin);
        let call = async move {
            let does = if n % 10 == 0 { "loop" } else { "greet" };
            let terms = Terms {
                limits: short(60_000, 50),
                ..granted(&[])
            };
            (
                does,
                plugin
                    .deliver(terms, &json!({"do": does}), event(), context())
                    .await
                    .answer,
            )
        };
        calls.spawn_on(call, runtime.handle());
    }
    let ended = runtime.block_on(calls.join_all());
    assert_eq!(ended.len(), 50);
    for (does, answer) in ended {
        match does {
            "loop" => assert!(matches!(answer.unwrap_err().reason, Reason::Processor(_))),
            _ => assert!(answer.unwrap().is_ok()),
        }
    }
}

#[test]
fn a_call_that_nobody_waits_for_any_more_gives_its_place_back() {
    let world = world("evil");
    for _ in 0..4 {
        let settings = json!({"do": "sleep", "n": 600_000});
        let call = world
            .plugin
            .deliver(granted(&[]), &settings, event(), context());
        let ended = world
            .plugins
            .wait(async { tokio::time::timeout(Duration::from_millis(50), call).await });
        assert!(ended.is_err());
    }
    // Two at once is all that one plugin may have, so this one waits for those to be gone.
    world.works();
}

#[test]
fn who_comes_when_too_many_wait_hears_that_at_once() {
    let world = world("evil");
    let settings = json!({"do": "sleep", "n": 600_000});
    let call = || {
        let (plugin, settings) = (Arc::clone(&world.plugin), settings.clone());
        async move {
            plugin
                .deliver(granted(&[]), &settings, event(), context())
                .await
                .answer
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut waiting = JoinSet::new();
    for _ in 0..1_100 {
        waiting.spawn_on(call(), runtime.handle());
    }
    let busy = runtime.block_on(waiting.join_next()).unwrap().unwrap();
    assert!(matches!(busy.unwrap_err().reason, Reason::Busy(others) if others >= 1_000));
}

#[test]
fn timers_elsewhere_are_on_time_while_guests_spin() {
    let world = world("evil");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let mut spinning = JoinSet::new();
    for _ in 0..16 {
        let plugin = Arc::clone(&world.plugin);
        let terms = Terms {
            limits: short(60_000, 100),
            ..granted(&[])
        };
        let call = async move {
            plugin
                .deliver(terms, &json!({"do": "loop"}), event(), context())
                .await
                .answer
        };
        spinning.spawn_on(call, runtime.handle());
    }
    // How late is measured by the benchmark; here only that this runtime turns while the guests still spin.
    let turns = runtime.block_on(async {
        let began = Instant::now();
        let mut turns = 0;
        while turns < 20 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            turns += 1;
        }
        (turns, began.elapsed())
    });
    assert_eq!(turns.0, 20);
    assert!(!spinning.is_empty());
    assert_eq!(runtime.block_on(spinning.join_all()).len(), 16);
}
