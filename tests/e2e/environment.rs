//! What a child finds: its environment, directory, user, limits, standard input, and nothing of the daemon's own.

use runwisp_tests::{Place, is_root, skip};

/// Runs a task made of these lines, which has to succeed, and gives what it printed.
#[track_caller]
fn printed(lines: &str) -> Vec<String> {
    let place = Place::new(&format!("[tasks.child]\n{lines}\n"));
    let daemon = place.start_with(|command| {
        command
            .env("RUNWISP_LOG", "info")
            .env("INHERITED", "yes")
            .env("SHARED", "outer");
    });
    daemon.cli(&["run", "child"]).ok();
    daemon.texts("child")
}

#[test]
fn its_own_variables_and_none_of_the_daemons() {
    let lines = printed(
        r#"
        run = "env | sort"
        env = { SHARED = "inner", OWN = "of ${RUNWISP_UNIT}" }
        "#,
    );
    let value = |name: &str| {
        lines
            .iter()
            .find_map(|line| line.strip_prefix(&format!("{name}=")))
    };
    assert_eq!(
        (value("INHERITED"), value("SHARED"), value("OWN")),
        (Some("yes"), Some("inner"), Some("of child"))
    );
    assert_eq!(
        (
            value("RUNWISP_UNIT"),
            value("RUNWISP_ATTEMPT"),
            value("RUNWISP_TRIGGER")
        ),
        (Some("child"), Some("1"), Some("manual"))
    );
    assert_eq!(value("RUNWISP_RUN_ID").map(str::len), Some(26));
    for name in [
        "RUNWISP_LOG",
        "RUNWISP_DATA",
        "RUNWISP_CONFIG",
        "RUNWISP_SOCKET",
        "NOTIFY_SOCKET",
    ] {
        assert_eq!(value(name), None, "{name} is the daemon's own");
    }
}

#[test]
fn a_clean_environment_when_asked_for() {
    let lines = printed("run = \"env\"\nenv_base = \"clean\"\nenv = { OWN = \"1\" }\n");
    assert!(lines.iter().any(|line| line == "OWN=1"), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.starts_with("PATH=")),
        "{lines:?}"
    );
    assert!(
        !lines.iter().any(|line| line.starts_with("INHERITED=")),
        "{lines:?}"
    );
}

#[test]
fn nothing_is_open_but_its_three_descriptors() {
    let lines = printed("run = [\"ls\", \"/proc/self/fd\"]\n");
    // The fourth is the directory that `ls` itself reads.
    assert_eq!(lines, ["0", "1", "2", "3"]);
}

#[test]
fn no_signal_is_blocked_or_ignored() {
    let lines = printed("run = [\"grep\", \"-E\", \"^Sig(Blk|Ign)\", \"/proc/self/status\"]\n");
    assert_eq!(
        lines,
        ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"]
    );
}

#[test]
fn a_session_of_its_own() {
    let lines = printed("run = \"cut -d' ' -f 1,5,6 /proc/$$/stat\"\n");
    let ids: Vec<&str> = lines[0].split(' ').collect();
    assert!(
        ids.iter().all(|id| *id == ids[0]),
        "pid, group and session are one: {ids:?}"
    );
}

#[test]
fn its_directory_mask_limits_and_niceness() {
    let lines = printed(
        r#"
        run = "pwd; umask; ulimit -n; ulimit -c; cut -d' ' -f 19 /proc/self/stat; cat /proc/self/oom_score_adj"
        working_dir = "/usr"
        umask = "0027"
        limits = { nofile = 321, core = 0 }
        nice = 7
        oom_score_adj = 123
        "#,
    );
    assert_eq!(lines, ["/usr", "0027", "321", "0", "7", "123"]);
}

#[test]
fn standard_input_is_text_a_file_or_nothing() {
    assert_eq!(printed("run = \"cat; echo end\"\n"), ["end"]);
    assert_eq!(
        printed("run = \"cat; echo end\"\nstdin = \"a line\\n\"\n"),
        ["a line", "end"]
    );
    let place = Place::new("[tasks.child]\nrun = \"cat\"\nstdin = { file = \"{dir}/input\" }\n");
    std::fs::write(place.path("input"), "from a file\n").unwrap();
    let daemon = place.start();
    daemon.cli(&["run", "child"]).ok();
    assert_eq!(daemon.texts("child"), ["from a file"]);
}

#[test]
fn a_terminal_when_asked_for() {
    let lines = printed(
        "run = \"tty -s < /dev/stdout && echo terminal; test -t 2 && echo both\"\npty = true\n",
    );
    assert_eq!(lines, ["terminal", "both"]);
    assert_eq!(printed("run = \"test -t 1 || echo none\"\n"), ["none"]);
}

#[test]
fn another_user_with_all_that_belongs_to_one() {
    if !is_root() {
        return skip("needs root, to become somebody else");
    }
    let lines = printed(
        r#"
        run = "id -un; id -G; echo $HOME $USER $LOGNAME"
        user = "daemon"
        working_dir = "/"
        "#,
    );
    assert_eq!(lines[0], "daemon");
    assert!(
        !lines[1].split(' ').any(|group| group == "0"),
        "no group of root's is left: {lines:?}"
    );
    assert_eq!(lines[2], "/usr/sbin daemon daemon");
}
