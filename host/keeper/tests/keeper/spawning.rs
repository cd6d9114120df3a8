//! What a child finds, and what is said when it can't be started.

use std::fs;

use runwisp_core::words::ids::UnitName;
use runwisp_core::words::keeper::{Ask, SpawnStep};
use runwisp_core::words::spawn::{EnvBase, Rlimit, RunAs, SpawnSpec, Stdin};

use crate::bench::{Bench, is_root, sh, skipped};

fn nobody() -> RunAs {
    RunAs {
        uid: 65534,
        gid: 65534,
        groups: vec![65534, 12345],
        name: "nobody".into(),
        home: "/".into(),
    }
}

fn prints(script: &str, change: impl FnOnce(&mut SpawnSpec), expected: &str) {
    let mut bench = Bench::start(
        &[("RUNWISP_TOKEN", "x"), ("NOTIFY_SOCKET", "/init")],
        |_| {},
    );
    bench.connect();
    let mut spec = sh(script);
    change(&mut spec);
    assert_eq!(bench.output_of(&spec), expected, "{script}");
}

#[test]
fn a_child_finds_what_its_specification_says() {
    prints("umask", |s| s.umask = Some(0o27), "0027\n");
    prints("pwd", |s| s.cwd = Some("/usr".into()), "/usr\n");
    prints(
        "pwd",
        |s| {
            s.cwd = Some("~/lib".into());
            s.env = vec![("HOME".into(), "/usr".into())];
        },
        "/usr/lib\n",
    );
    prints("nice", |s| s.nice = Some(7), "7\n");
    prints(
        "cat /proc/self/oom_score_adj",
        |s| s.oom_score_adj = Some(300),
        "300\n",
    );
    prints(
        "ulimit -n; ulimit -Hn",
        |s| s.rlimits = vec![(Rlimit::Nofile, 77)],
        "77\n77\n",
    );
    prints("ulimit -c", |s| s.rlimits = vec![(Rlimit::Core, 0)], "0\n");
}

#[test]
fn a_child_has_three_descriptors_its_own_session_and_default_signals() {
    prints("ls /proc/self/fd | tr '\\n' ' '", |_| {}, "0 1 2 3 ");
    let own = "read a b c d e f g < /proc/self/stat; [ $e = $$ ] && [ $f = $$ ] && echo own";
    prints(own, |_| {}, "own\n");
    let mask = "cat /proc/self/status | grep -E 'Sig(Blk|Ign|Cgt)' | tr -d '\\t\\n'";
    prints(
        mask,
        |_| {},
        &["SigBlk", "SigIgn", "SigCgt"]
            .map(|n| format!("{n}:{:016}", 0))
            .concat(),
    );
}

#[test]
fn standard_input_is_nothing_a_text_or_a_file() {
    prints("cat; echo end", |_| {}, "end\n");
    let text = "two\nlines without end".repeat(10_000);
    prints("cat", |s| s.stdin = Stdin::Text(text.clone()), &text);
    prints(
        "cat",
        |s| {
            s.stdin = Stdin::File("/proc/sys/kernel/ostype".into());
        },
        "Linux\n",
    );
    prints(
        "(echo x > /proc/self/fd/0) 2>&- || echo refused",
        |s| s.stdin = Stdin::Text("sealed".into()),
        "refused\n",
    );
}

#[test]
fn the_environment_is_the_units_and_nothing_of_the_keepers() {
    prints(
        "echo ${RUNWISP_TOKEN-none} ${NOTIFY_SOCKET-none}",
        |_| {},
        "none none\n",
    );
    prints(
        "echo $RUNWISP_RUN_ID",
        |_| {},
        "00000000000000000000000001\n",
    );
    prints(
        "env | cut -d= -f1 | sort | tr '\\n' ' '",
        |s| {
            s.env_base = EnvBase::Clean;
            s.run_as = is_root().then(nobody);
        },
        if is_root() {
            "HOME LOGNAME PATH PWD RUNWISP_RUN_ID SHELL USER "
        } else {
            "HOME PATH PWD RUNWISP_RUN_ID SHELL "
        },
    );
    prints(
        "echo ${NOTIFY_SOCKET%%[0-9a-f]*} $WATCHDOG_USEC",
        |s| {
            s.notify = true;
            s.watchdog = Some(std::time::Duration::from_millis(1500));
        },
        "@ 1500000\n",
    );
}

#[test]
fn values_of_the_run_are_filled_in() {
    let mut bench = Bench::new();
    let mut spec = sh("echo $RUNWISP_INSTANCE_INDEX $NAME");
    spec.env = vec![("NAME".into(), "n-${RUNWISP_INSTANCE_INDEX}".into())];
    let unit = UnitName::new("filled").unwrap();
    bench.ask(&Ask::Define {
        unit: unit.clone(),
        spec: Box::new(spec),
    });
    let run = bench.new_run();
    bench.spawn_unit(
        run,
        unit,
        vec![("RUNWISP_INSTANCE_INDEX".into(), "4".into())],
    );
    bench.gone(run);
    assert_eq!(bench.log(run), "4 n-4\n");
}

#[test]
fn a_program_is_looked_up_in_its_own_path() {
    let mut bench = Bench::new();
    for dir in ["none", "no-right", "right"] {
        fs::create_dir(bench.dir.path().join(dir)).unwrap();
    }
    let script = "#!/bin/sh\necho $0\n";
    fs::write(bench.dir.path().join("no-right/prog"), script).unwrap();
    let right = bench.dir.path().join("right/prog");
    fs::write(&right, script).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&right, executable).unwrap();
    let mut spec = sh("");
    spec.argv = vec!["prog".into()];
    spec.env = vec![("PATH".into(), "none:no-right:right".into())];
    assert_eq!(bench.output_of(&spec), "right/prog\n");
    spec.env[0].1 = "none:no-right".into();
    let run = bench.spawn(&spec);
    assert_eq!(
        bench.failed(run),
        (SpawnStep::Exec, libc::EACCES, "prog".into())
    );
}

fn fails(change: impl FnOnce(&mut SpawnSpec), step: SpawnStep, errno: i32, about: &str) {
    let mut bench = Bench::new();
    let mut spec = sh("echo never");
    change(&mut spec);
    let run = bench.spawn(&spec);
    assert_eq!(bench.failed(run), (step, errno, about.to_owned()));
    assert_eq!(bench.log(run), "");
    bench.ask(&Ask::Ack { run });
    assert_eq!(bench.output_of(&sh("echo next")), "next\n");
}

#[test]
fn a_failed_start_names_its_step_and_its_error() {
    use SpawnStep::{Chdir, Exec, Rlimit as RlimitStep, Stdin as StdinStep};
    let argv = |text: &str| vec![text.to_owned()];
    fails(
        |s| s.argv = argv("/no/such"),
        Exec,
        libc::ENOENT,
        "/no/such",
    );
    fails(|s| s.argv = argv("no-such"), Exec, libc::ENOENT, "no-such");
    fails(
        |s| s.argv = argv("/etc/passwd"),
        Exec,
        libc::EACCES,
        "/etc/passwd",
    );
    fails(|s| s.argv = vec![], Exec, libc::EINVAL, "empty command");
    fails(
        |s| s.cwd = Some("/no/such".into()),
        Chdir,
        libc::ENOENT,
        "/no/such",
    );
    fails(
        |s| s.stdin = Stdin::File("/no/such".into()),
        StdinStep,
        libc::ENOENT,
        "/no/such",
    );
    fails(
        |s| s.rlimits = vec![(Rlimit::Nofile, 1 << 40)],
        RlimitStep,
        libc::EPERM,
        "nofile 1099511627776",
    );
}

#[test]
fn a_unit_nobody_defined_is_refused() {
    let mut bench = Bench::new();
    let run = bench.new_run();
    bench.spawn_unit(run, UnitName::new("nobody-knows").unwrap(), vec![]);
    let (step, errno, about) = bench.failed(run);
    assert_eq!((step, errno), (SpawnStep::Refused, libc::ENOENT));
    assert!(about.contains("nobody-knows"));
}

#[test]
fn ordered_faults_fail_one_start_and_no_other() {
    for (fault, step, errno) in [
        ("fork:3", SpawnStep::Fork, libc::EAGAIN),
        ("pipe:4", SpawnStep::Pipe, libc::EMFILE),
        ("exec:2", SpawnStep::Exec, libc::ENOEXEC),
    ] {
        let mut bench = Bench::start(&[("RUNWISP_FAULT", fault)], |_| {});
        bench.connect();
        assert_eq!(bench.output_of(&sh("echo first")), "first\n");
        let run = bench.spawn(&sh("echo second"));
        let (failed, number, _) = bench.failed(run);
        assert_eq!((failed, number), (step, errno), "{fault}");
        assert_eq!(bench.output_of(&sh("echo third")), "third\n");
    }
}

#[test]
fn a_user_is_changed_completely() {
    if !is_root() {
        skipped("only root can change users");
        return;
    }
    prints(
        "id -u; id -g; id -G; echo $HOME $USER $LOGNAME",
        |s| {
            s.run_as = Some(nobody());
        },
        "65534\n65534\n65534 12345\n/ nobody nobody\n",
    );
    // Files are opened with the user's rights, not the keeper's.
    fails(
        |s| {
            s.run_as = Some(nobody());
            s.stdin = Stdin::File("/etc/shadow".into());
        },
        SpawnStep::Stdin,
        libc::EACCES,
        "/etc/shadow",
    );
}

#[test]
fn a_terminal_is_one() {
    let script = "[ -t 1 ] && [ -t 2 ] && echo terminal; stty size < /dev/tty; echo err >&2";
    prints(script, |s| s.pty = true, "terminal\n24 80\nerr\n");
}
