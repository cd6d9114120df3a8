//! Services are kept as they are wanted: restarted, given up, held down, ordered, counted.

use std::fs;

use nix::sys::signal::Signal;
use runwisp_tests::{Place, fifo, kill, poke};

#[test]
fn a_killed_service_is_started_again_and_its_row_says_what_killed_it() {
    let place = Place::new(
        r#"
        [services.web]
        run = "exec sleep 600"
        restart_delay = "0s"
        "#,
    );
    let daemon = place.start();
    let old = daemon
        .wait_state("web", 0, "running")
        .pid("web", 0)
        .unwrap();
    kill(old, Signal::SIGKILL);
    let now = daemon.wait("another process", |status| {
        let pid = status.pid("web", 0).filter(|pid| *pid != old)?;
        (status.state("web", 0) == "running").then(|| (pid, status.instance("web", 0).clone()))
    });
    assert_eq!(now.1["restarts"], 1);
    let rows = daemon.wait_ended("web", 1);
    assert_eq!(rows.len(), 2, "{rows:#?}");
    assert_eq!(rows[0]["outcome"], "failed");
    assert_eq!(rows[0]["signal"], 9);
    assert_eq!(rows[0]["exit_code"], serde_json::Value::Null);
    assert_eq!(rows[0]["pid"], old);
    assert!(
        rows[0]["message"]
            .as_str()
            .is_some_and(|text| text.contains("SIGKILL")),
        "{:#}",
        rows[0]
    );
    assert_eq!(rows[1]["trigger"], "restart");
    assert_eq!(rows[1]["pid"], now.0);
}

#[test]
fn what_an_operator_stopped_stays_down_until_an_operator_starts_it() {
    let place = Place::new("[services.web]\nrun = \"exec sleep 600\"\n");
    let daemon = place.start();
    daemon.wait_state("web", 0, "running");
    daemon.cli(&["stop", "web"]).ok();
    daemon.wait_state("web", 0, "stopped");
    assert_eq!(daemon.wait_ended("web", 1)[0]["outcome"], "stopped");
    assert!(daemon.stop().success());

    let daemon = place.start();
    assert_eq!(daemon.status().state("web", 0), "stopped");
    daemon.cli(&["start", "web"]).ok();
    daemon.wait_state("web", 0, "running");
    assert!(daemon.stop().success());

    let daemon = place.start();
    daemon.wait_state("web", 0, "running");
}

#[test]
fn restart_policies_tell_an_end_from_a_failure() {
    let place = Place::new(
        r#"
        [defaults]
        restart_delay = "0s"
        healthy_after = "0s"
        [services.never]
        run = "exit 3"
        restart = "never"
        [services.fine]
        run = "exit 0"
        restart = "on_failure"
        [services.accepted]
        run = "exit 9"
        exit_codes = [0, 9]
        restart = "on_failure"
        "#,
    );
    let daemon = place.start();
    for (unit, outcome, code) in [
        ("never", "failed", 3),
        ("fine", "succeeded", 0),
        ("accepted", "succeeded", 9),
    ] {
        daemon.wait_state(unit, 0, "exited");
        let rows = daemon.wait_ended(unit, 1);
        assert_eq!(rows.len(), 1, "{rows:#?}");
        assert_eq!(
            (rows[0]["outcome"].as_str(), rows[0]["exit_code"].as_i64()),
            (Some(outcome), Some(code))
        );
    }
}

#[test]
fn a_service_that_can_not_start_is_given_up_after_its_retries_and_can_be_started_by_hand() {
    let place = Place::new(
        r#"
        [services.broken]
        run = "echo no; exit 1"
        restart_delay = "1ms"
        start_retries = 2
        "#,
    );
    let daemon = place.start();
    daemon.wait_state("broken", 0, "fatal");
    let rows = daemon.wait_ended("broken", 3);
    assert_eq!(rows.len(), 3, "the first start and two retries: {rows:#?}");
    daemon.cli(&["restart", "broken", "--no-wait"]).ok();
    daemon.wait_ended("broken", 6);
    daemon.wait_state("broken", 0, "fatal");
    assert_eq!(daemon.wait_ended("broken", 6).len(), 6);
}

#[test]
fn a_dependent_waits_until_what_it_needs_says_that_it_is_ready() {
    let place = Place::new(
        r#"
        [services.db]
        run = ["{bad_child}", "notify", "{dir}/fifo"]
        ready = "notify"
        [services.api]
        run = "exec sleep 600"
        depends_on = ["db"]
        "#,
    );
    fifo(&place.path("fifo"));
    let daemon = place.start();
    let status = daemon.wait_state("db", 0, "starting");
    assert_eq!(status.state("api", 0), "waiting");
    assert_eq!(daemon.runs(&["--unit", "api"]).len(), 0);
    poke(&place.path("fifo"));
    daemon.wait_state("api", 0, "running");
    let status = daemon.status();
    assert_eq!(status.state("db", 0), "running");
    assert_eq!(status.instance("db", 0)["message"], "heard go");
}

#[test]
fn stopping_goes_against_the_order_of_dependencies() {
    let place = Place::new(
        r#"
        [defaults]
        shell = "/bin/sh"
        [services.db]
        run = "trap 'echo db >> {dir}/order; exit 0' TERM; echo up; while :; do sleep 0.05; done"
        [services.api]
        run = "trap 'echo api >> {dir}/order; exit 0' TERM; echo up; while :; do sleep 0.05; done"
        depends_on = ["db"]
        [services.web]
        run = "trap 'echo web >> {dir}/order; exit 0' TERM; echo up; while :; do sleep 0.05; done"
        depends_on = ["api"]
        "#,
    );
    let daemon = place.start();
    for unit in ["db", "api", "web"] {
        daemon.wait(&format!("{unit} to have its trap"), |_| {
            (daemon.texts(unit) == ["up"]).then_some(())
        });
    }
    assert!(daemon.stop().success());
    assert_eq!(
        fs::read_to_string(place.path("order")).unwrap(),
        "web\napi\ndb\n"
    );
    let daemon = place.start();
    for unit in ["db", "api", "web"] {
        assert_eq!(
            daemon.wait_ended(unit, 1)[0]["outcome"],
            "daemon_stopped",
            "{unit}"
        );
    }
}

#[test]
fn a_second_term_does_not_wait_for_the_grace() {
    let place = Place::new(
        r#"
        [daemon]
        shutdown_timeout = "1h"
        [services.deaf]
        run = ["{children}ignores-term.sh"]
        graceful_stop = "1h"
        "#,
    );
    let mut daemon = place.start();
    daemon.wait("deaf to be deaf", |_| {
        (daemon.texts("deaf") == ["deaf"]).then_some(())
    });
    daemon.signal(Signal::SIGTERM);
    daemon.wait_state("deaf", 0, "stopping");
    daemon.signal(Signal::SIGTERM);
    daemon.wait_end();
    let mut daemon = place.start();
    let rows = daemon.wait_ended("deaf", 1);
    assert_eq!(
        (&rows[0]["outcome"], rows[0]["signal"].as_i64()),
        (&"daemon_stopped".into(), Some(9))
    );
    // The deaf one was started anew, and would have its hour again.
    daemon.signal(Signal::SIGQUIT);
    daemon.wait_end();
}

#[test]
fn instances_are_numbered_from_zero_and_live_apart() {
    let place = Place::new(
        r#"
        [services.worker]
        run = "echo $RUNWISP_INSTANCE_INDEX of $RUNWISP_INSTANCE_COUNT; echo $PORT; exec sleep 600"
        instances = 3
        env = { PORT = "900${RUNWISP_INSTANCE_INDEX}" }
        restart_delay = "0s"
        "#,
    );
    let daemon = place.start();
    let pids: Vec<i32> = (0..3)
        .map(|i| {
            daemon
                .wait_state("worker", i, "running")
                .pid("worker", i)
                .unwrap()
        })
        .collect();
    for i in 0..3 {
        let run = daemon.status().run_id("worker", i).unwrap();
        let expected = [format!("{i} of 3"), format!("900{i}")];
        daemon.wait("its lines", |_| {
            (daemon.texts(&run) == expected).then_some(())
        });
    }
    kill(pids[1], Signal::SIGKILL);
    daemon.wait("instance 1 anew", |status| {
        status.pid("worker", 1).filter(|pid| *pid != pids[1])
    });
    let status = daemon.status();
    assert_eq!(
        (status.pid("worker", 0), status.pid("worker", 2)),
        (Some(pids[0]), Some(pids[2]))
    );
}

#[test]
fn a_health_check_that_fails_restarts_what_it_checks() {
    let place = Place::new(
        r#"
        [services.web]
        run = "exec sleep 600"
        restart_delay = "0s"
        [services.web.health]
        exec = ["test", "-e", "{dir}/healthy"]
        interval = "20ms"
        retries = 2
        start_period = "0s"
        "#,
    );
    fs::write(place.path("healthy"), "").unwrap();
    let daemon = place.start();
    daemon.wait_state("web", 0, "running");
    fs::remove_file(place.path("healthy")).unwrap();
    let rows = daemon.wait_ended("web", 1);
    assert_eq!(rows[0]["outcome"], "unhealthy");
}

#[test]
fn a_watchdog_that_is_not_fed_ends_its_service() {
    let place = Place::new(
        r#"
        [services.stuck]
        run = ["{bad_child}", "notify", "{dir}/fifo"]
        ready = "notify"
        watchdog = "200ms"
        restart = "never"
        "#,
    );
    fifo(&place.path("fifo"));
    let daemon = place.start();
    poke(&place.path("fifo"));
    let rows = daemon.wait_ended("stuck", 1);
    assert_eq!(rows[0]["outcome"], "unhealthy");
    assert!(
        rows[0]["message"]
            .as_str()
            .is_some_and(|text| text.contains("watchdog")),
        "{:#}",
        rows[0]
    );
}

#[test]
fn a_start_that_would_wait_in_vain_says_for_whom() {
    let place = Place::new(
        r#"
        [services.db]
        run = "exec sleep 600"
        [services.cache]
        run = "exec sleep 600"
        depends_on = ["db"]
        [services.app]
        run = "exec sleep 600"
        depends_on = ["cache"]
        "#,
    );
    let daemon = place.start();
    daemon.wait_state("app", 0, "running");
    daemon.cli(&["stop", "app", "cache", "db"]).ok();
    daemon.cli(&["start", "cache"]).code(1).says("waits for db");
    daemon.cli(&["start", "app"]).code(1).says("waits for db");
    daemon.cli(&["start", "db"]).ok();
    daemon.wait_state("app", 0, "running");
}
