//! `runwisp import`: the configuration of another program becomes ours, and nothing is written that would not load.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::Arc;

use runwisp_tests::{Place, is_root, skip, tmpfs};

const CRONTAB: &str = "\
# nightly dump
30 2 * * * /usr/local/bin/dump --all
*/5 * * * * /usr/local/bin/poll
";

/// A place without a configuration, and with a crontab.
fn place() -> Arc<Place> {
    let place = Place::new("");
    fs::remove_file(place.config()).unwrap();
    fs::write(place.path("table"), CRONTAB).unwrap();
    place
}

#[test]
fn the_configuration_goes_to_standard_output_and_the_report_to_standard_error() {
    let place = place();
    let answer = place.cli(&["import", "crontab", "table"]).ok();
    assert!(
        answer
            .stdout
            .contains("[tasks.dump]\nrun = \"/usr/local/bin/dump --all\"\n")
    );
    let answer = answer.says("table:2").says("2 sections: 2 clean");
    let piped = place.cli_reading(&["import", "cron", "-"], CRONTAB.as_bytes());
    assert_eq!(
        body(&piped.ok().stdout),
        body(&answer.stdout),
        "a file and a pipe say the same"
    );
    let quiet = place.cli(&["import", "crontab", "table", "-q"]).ok();
    assert_eq!(quiet.stderr, "2 sections: 2 clean\n");
    fs::write(place.config(), &quiet.stdout).unwrap();
    place.cli(&["validate"]).ok();
}

/// What follows the head.
fn body(toml: &str) -> &str {
    toml.split_once("\n\n").unwrap().1
}

#[test]
fn scripts_get_one_document_and_an_exit_code() {
    let place = place();
    let document = place
        .cli(&["import", "crontab", "table", "--json"])
        .ok()
        .json();
    let unit = &document["units"][0];
    assert_eq!(unit["kind"], "task");
    assert_eq!(unit["name"], "dump");
    assert_eq!(unit["settings"]["run"], "/usr/local/bin/dump --all");
    assert_eq!(unit["source"]["line"], 2);
    assert_eq!(unit["runnable"], true);
    let row = &document["report"][0];
    assert_eq!(
        (row["status"].as_str(), row["line"].as_u64()),
        (Some("clean"), Some(2))
    );
    assert!(row["codes"].is_array() && row["messages"].is_array());
    assert!(document["toml"].as_str().unwrap().contains("[tasks.poll]"));
    let broken = format!("{CRONTAB}this is no line of a crontab\n");
    place
        .cli_reading(&["import", "crontab", "--json"], broken.as_bytes())
        .code(1);
    let changed = format!("MAILTO=ops@example.com\n{CRONTAB}");
    let strict = |words: &[&str]| place.cli_reading(words, changed.as_bytes()).code;
    assert_eq!(strict(&["import", "crontab"]), 0);
    assert_eq!(strict(&["import", "crontab", "--strict"]), 1);
    place.cli(&["import", "crontab", "missing"]).code(78);
    place.cli(&["import", "crontb"]).code(2);
    place
        .cli(&["import", "crontab"])
        .code(78)
        .says("standard input");
}

#[test]
fn random_bytes_are_refused_or_reported_and_never_crash() {
    let place = place();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let noise: Vec<u8> = (0..200_000)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect();
    for importer in ["crontab", "supervisord"] {
        let answer = place.cli_reading(&["import", importer], &noise);
        assert!([1, 78].contains(&answer.code), "{}", answer.code);
    }
    let answer = place.cli_reading(&["import", "-"], &noise);
    assert_eq!(answer.code, 78, "{answer}");
}

#[test]
fn a_file_is_not_overwritten_by_accident() {
    let place = place();
    let words = ["import", "crontab", "table", "-o", "out.toml"];
    place.cli(&words).ok().says("wrote out.toml");
    let text = fs::read_to_string(place.path("out.toml")).unwrap();
    place.cli(&words).ok().says("as it would be written");
    fs::write(place.path("out.toml"), "# mine\n").unwrap();
    place.cli(&words).code(5).says("--force");
    assert_eq!(
        fs::read_to_string(place.path("out.toml")).unwrap(),
        "# mine\n"
    );
    place.cli(&[&words[..], &["--force"]].concat()).ok();
    assert_eq!(fs::read_to_string(place.path("out.toml")).unwrap(), text);
}

#[test]
fn an_import_is_staged_beside_the_configuration_in_force() {
    let place = Place::new("[services.web] # mine\nrun = 'sleep 600'\n");
    fs::write(place.path("table"), CRONTAB).unwrap();
    fs::set_permissions(place.config(), fs::Permissions::from_mode(0o640)).unwrap();
    let daemon = place.start();
    let words = ["import", "crontab", "table", "--write"];
    let dry = daemon.cli(&[&words[..], &["--dry-run"]].concat()).ok();
    assert!(dry.stdout.contains("+[tasks.dump]"), "{dry}");
    assert!(!place.path("runwisp.d").exists());
    let answer = daemon.cli(&words).ok();
    answer
        .says("runwisp.d/imported.toml")
        .says("The old program still runs these");
    let root = fs::read_to_string(place.config()).unwrap();
    assert!(
        root.starts_with("[services.web] # mine\nrun = 'sleep 600'\n"),
        "{root}"
    );
    let staged = place.path("runwisp.d/imported.toml");
    assert_eq!(staged.metadata().unwrap().mode() & 0o777, 0o640);
    daemon.cli(&["reload"]).ok();
    assert_eq!(daemon.status().unit("dump")["kind"], "task");
    let before = fs::read(&staged).unwrap();
    daemon.cli(&words).ok().says("nothing changes");
    assert_eq!(fs::read(&staged).unwrap(), before);
    assert_eq!(fs::read_to_string(place.config()).unwrap(), root);
}

#[test]
fn what_is_blocked_does_not_run() {
    let place = place();
    let table = format!("{CRONTAB}0 4 * * * root /usr/bin/ambiguous\n");
    fs::write(place.path("table"), table).unwrap();
    let document = place
        .cli(&["import", "crontab", "table", "--write", "--json"])
        .code(1)
        .json();
    let blocked = document["units"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|unit| unit["runnable"] == false);
    assert_eq!(blocked.count(), 1);
    let listed = place.cli(&["list", "--json"]).ok().json();
    assert_eq!(listed["units"].as_array().unwrap().len(), 2);
}

#[test]
fn nothing_is_written_that_would_not_load() {
    let place = place();
    let words = ["import", "crontab", "table", "--write"];
    let untouched = |config: &str, code: i32, says: &str| {
        place.write_config(config);
        place.cli(&words).code(code).says(says);
        assert_eq!(fs::read_to_string(place.config()).unwrap(), config);
        assert!(!place.path("runwisp.d").exists());
    };
    untouched("[services.a\n", 78, "config.syntax");
    untouched(
        "[services.a]\nrun = 'a'\ncolour = 1\n",
        78,
        "config.unknown-key",
    );
    untouched(
        "[daemon]\ninclude = ['conf.d/*.toml']\n",
        5,
        "runwisp.d/*.toml",
    );
    // The same name, and another command: made way for.
    place.write_config("[tasks.dump]\nrun = 'other'\n");
    place.cli(&words).ok().says("renamed-owned");
    place.cli(&["validate"]).ok();
    place.cli(&["list", "dump-2"]).ok();
}

#[test]
fn a_linked_configuration_stays_a_link() {
    let place = place();
    fs::create_dir(place.path("real")).unwrap();
    fs::write(place.path("real/site.toml"), "").unwrap();
    symlink("real/site.toml", place.config()).unwrap();
    place.cli(&["import", "crontab", "table", "--write"]).ok();
    assert!(place.config().symlink_metadata().unwrap().is_symlink());
    assert!(
        fs::read_to_string(place.path("real/site.toml"))
            .unwrap()
            .contains("include")
    );
    place.cli(&["list", "dump"]).ok();
}

#[test]
fn a_full_disk_leaves_everything_as_it_was() {
    if !is_root() {
        return skip("only root can mount a disk");
    }
    let place = place();
    let disk = place.path("disk");
    tmpfs(&disk, "64k");
    let config = disk.join("runwisp.toml");
    fs::write(&config, "[services.a]\nrun = 'a'\n").unwrap();
    let filler = vec![b'x'; 1 << 20];
    // The write fails where the disk is full; what fitted stays there.
    let _ = fs::write(disk.join("filler"), filler);
    let mut command = place.command();
    command
        .args(["import", "crontab", "table", "--write", "-c"])
        .arg(&config);
    let output = command.arg("--data").arg(place.data()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("No space left"), "{said}");
    assert_eq!(
        fs::read_to_string(&config).unwrap(),
        "[services.a]\nrun = 'a'\n"
    );
    let mut left: Vec<_> = fs::read_dir(&disk)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["filler", "runwisp.toml"]);
}

#[test]
fn without_the_right_to_write_nothing_changes() {
    if !is_root() {
        return skip("only root can make a disk read-only");
    }
    let place = place();
    let disk = place.path("disk");
    tmpfs(&disk, "1m");
    fs::write(disk.join("runwisp.toml"), "").unwrap();
    runwisp_tests::write_protect(&disk, true);
    let mut command = place.command();
    command.args(["import", "crontab", "table", "--write", "-c"]);
    command.arg(disk.join("runwisp.toml"));
    let output = command.arg("--data").arg(place.data()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("could not write"), "{said}");
}

#[test]
fn the_same_job_of_two_tables_is_two_jobs() {
    let place = place();
    fs::write(place.path("other"), "0 1 * * * /usr/local/bin/dump --all\n").unwrap();
    for table in ["table", "other", "table", "other"] {
        place.cli(&["import", "crontab", table, "--write"]).ok();
    }
    let listed = place.cli(&["list", "--json"]).ok().json();
    let mut names: Vec<&str> = listed["units"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|unit| unit["name"].as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["dump", "dump-2", "poll"]);
}

#[test]
fn two_imports_at_once_come_one_after_the_other() {
    let place = place();
    fs::write(place.path("other"), "0 1 * * * /usr/local/bin/other\n").unwrap();
    let start = |table: &str| {
        let mut command = place.command();
        command.args(["import", "crontab", table, "--write", "-c"]);
        command.arg(place.config()).arg("--data").arg(place.data());
        command
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    for child in [start("table"), start("other")] {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
    let listed = place.cli(&["list", "--json"]).ok().json();
    assert_eq!(listed["units"].as_array().unwrap().len(), 3);
}

#[test]
fn ten_thousand_programs_are_a_configuration_that_loads() {
    let place = place();
    let mut text = String::from("[supervisord]\n");
    for n in 0..10_000 {
        text.push_str(&format!(
            "[program:worker-{n}]\ncommand=/usr/bin/worker --number {n}\npriority={n}\n"
        ));
    }
    fs::write(place.path("supervisord.conf"), text).unwrap();
    let words = [
        "import",
        "supervisord",
        "supervisord.conf",
        "-q",
        "-o",
        "runwisp.toml",
    ];
    place.cli(&words).ok().says("10001 sections");
    let checked = place.cli(&["validate", "--json"]).ok().json();
    assert_eq!(checked["valid"], true);
    let written = fs::read_to_string(place.config()).unwrap();
    let units = written
        .lines()
        .filter(|line| line.starts_with("[services.worker-"));
    assert_eq!(units.count(), 10_000);
}
