//! In a container the keeper is the first process: it reaps what nobody else does, and leaves when its work is done.

use std::process::Command;

use nix::sys::signal::Signal;
use runwisp_tests::{Place, Status, is_root, skip};

#[test]
fn it_leaves_when_nothing_is_left_to_do() {
    let place = Place::new(
        r#"
        [daemon]
        exit_when_done = true
        [tasks.once]
        run = "echo did it"
        run_on_start = true
        "#,
    );
    let mut daemon = place.start();
    assert!(daemon.wait_end().success());
    let logs = std::fs::read_dir(place.data().join("logs/once"));
    let logs = logs.unwrap().flatten().map(|entry| entry.path());
    let logs: Vec<_> = logs
        .filter(|path| path.extension().is_some_and(|end| end == "log"))
        .collect();
    assert_eq!(logs.len(), 1, "{logs:?}");
    assert_eq!(std::fs::read_to_string(&logs[0]).unwrap(), "did it\n");
}

#[test]
fn when_what_is_critical_ends_everything_does() {
    let place = Place::new(
        r#"
        [services.main]
        run = "sleep 0.2; exit 9"
        restart = "never"
        critical = true
        [services.side]
        run = "exec sleep 600"
        "#,
    );
    let mut daemon = place.start();
    let status = daemon.wait_end();
    assert!(!status.success(), "{status}");
}

#[test]
fn as_the_first_process_it_reaps_orphans_and_stops_on_term() {
    if !is_root()
        || !Command::new("unshare")
            .args(["-pf", "--mount-proc", "true"])
            .status()
            .is_ok_and(|s| s.success())
    {
        return skip("needs root and a process namespace");
    }
    let place = Place::new(
        r#"
        [services.web]
        run = "exec sleep 600"
        [tasks.orphans]
        run = "for n in 1 2 3 4 5; do (setsid sh -c 'exit 0' &); done; sleep 0.3"
        [tasks.zombies]
        run = "grep -l '^State:.Z' /proc/[0-9]*/status | wc -l"
        "#,
    );
    let mut command = place.command();
    let program = command.get_program().to_owned();
    let envs: Vec<_> = command
        .get_envs()
        .map(|(k, v)| (k.to_owned(), v.map(ToOwned::to_owned)))
        .collect();
    command = Command::new("unshare");
    for (name, value) in envs {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
        .args(["-pf", "--mount-proc", "--kill-child"])
        .arg(program)
        .arg("daemon");
    command
        .arg("-c")
        .arg(place.config())
        .arg("--data")
        .arg(place.data())
        .args(["--listen", "off"]);
    let mut outer = command.current_dir(place.dir()).spawn().unwrap();
    let until = std::time::Instant::now() + runwisp_tests::PATIENCE;
    let is_up = |status: Status| status.state("web", 0) == "running";
    while place.try_status().is_none_or(|status| !is_up(status)) {
        assert!(
            std::time::Instant::now() < until,
            "no daemon in the namespace"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(place.status().keeper_pid(), 1);
    place.cli(&["run", "orphans"]).ok();
    let zombies = place.cli(&["run", "zombies"]).ok();
    assert_eq!(zombies.stdout.trim(), "0", "{zombies}");
    // The first process of the namespace is the only child of `unshare`.
    let first = runwisp_tests::children_of(i32::try_from(outer.id()).unwrap());
    runwisp_tests::kill(first[0], Signal::SIGTERM);
    assert!(outer.wait().unwrap().success());
}
