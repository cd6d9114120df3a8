//! A keeper that takes specifications from its own loader only, and a daemon without privileges.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use runwisp_core::words::digest::digest;
use runwisp_core::words::ids::UnitName;
use runwisp_core::words::keeper::{Ask, Defined, Report, SpawnStep};
use runwisp_core::words::spawn::{OnFull, RunAs};

use crate::bench::{Bench, is_root, sh, skipped};

fn loaded(bench: &mut Bench) -> Result<Vec<(UnitName, String)>, String> {
    loaded_only(bench, Vec::new())
}

fn loaded_only(bench: &mut Bench, only: Vec<UnitName>) -> Result<Vec<(UnitName, String)>, String> {
    bench.ask(&Ask::Load { only });
    bench.wait(|report| match report {
        Report::Loaded { units } => Some(units.clone()),
        _ => None,
    })
}

#[test]
fn only_what_the_loader_says_is_run() {
    let list = tempfile::NamedTempFile::new().unwrap();
    let path = list.path().to_owned();
    let mut bench = Bench::start(&[], |options| {
        options.loader = Some(vec!["loader".into(), path.clone().into()]);
    });
    bench.connect();
    let unit = UnitName::new("listed").unwrap();
    let other = UnitName::new("smuggled").unwrap();
    let spec = sh("echo listed ${LD_PRELOAD-clean}");
    let listed = vec![Defined {
        unit: unit.clone(),
        spec: spec.clone(),
    }];
    fs::write(&path, serde_json::to_vec(&listed).unwrap()).unwrap();
    assert_eq!(loaded(&mut bench), Ok(vec![(unit.clone(), digest(&spec))]));

    bench.ask(&Ask::Define {
        unit: other.clone(),
        spec: Box::new(sh("echo smuggled")),
    });
    let run = bench.new_run();
    bench.spawn_unit(run, other, vec![]);
    assert_eq!(bench.failed(run).0, SpawnStep::Refused);
    let run = bench.new_run();
    let vars = vec![("LD_PRELOAD".into(), "/tmp/evil.so".into())];
    bench.spawn_unit(run, unit.clone(), vars);
    assert_eq!(bench.failed(run).0, SpawnStep::Refused);
    let run = bench.new_run();
    bench.spawn_unit(run, unit.clone(), vec![]);
    bench.gone(run);
    assert_eq!(bench.log(run), "listed clean\n");

    // A list that can't be read changes nothing.
    fs::write(&path, "[{").unwrap();
    assert!(loaded(&mut bench).unwrap_err().contains("can't be read"));
    drop(list);
    assert!(loaded(&mut bench).unwrap_err().contains("No such file"));
    let run = bench.new_run();
    bench.spawn_unit(run, unit, vec![]);
    bench.gone(run);
}

#[test]
fn what_is_loaded_can_be_limited_to_some_units() {
    let list = tempfile::NamedTempFile::new().unwrap();
    let path = list.path().to_owned();
    let mut bench = Bench::start(&[], |options| {
        options.loader = Some(vec!["loader".into(), path.clone().into()]);
    });
    bench.connect();
    let [one, two, gone] = ["one", "two", "gone"].map(|name| UnitName::new(name).unwrap());
    let write = |units: &[(&UnitName, &str)]| {
        let defined = units.iter().map(|(unit, script)| Defined {
            unit: (*unit).clone(),
            spec: sh(script),
        });
        let defined: Vec<Defined> = defined.collect();
        fs::write(&path, serde_json::to_vec(&defined).unwrap()).unwrap();
    };
    write(&[(&one, "echo old"), (&two, "echo old"), (&gone, "echo old")]);
    loaded(&mut bench).unwrap();
    write(&[(&one, "echo new"), (&two, "echo new")]);
    let said = loaded_only(&mut bench, vec![two.clone(), gone.clone()]).unwrap();
    assert_eq!(said.len(), 2, "the digests are of all that was read");
    for (unit, expected) in [(one, "old\n"), (two, "new\n")] {
        let run = bench.new_run();
        bench.spawn_unit(run, unit, vec![]);
        bench.gone(run);
        assert_eq!(bench.log(run), expected);
    }
    let run = bench.new_run();
    bench.spawn_unit(run, gone, vec![]);
    assert_eq!(bench.failed(run).0, SpawnStep::Refused);
}

#[test]
fn a_daemon_without_privileges_gets_logs_of_its_own() {
    if !is_root() {
        skipped("only root can give privileges up");
        return;
    }
    let mut bench = Bench::start(&[], |options| {
        options.daemon_user = Some(RunAs {
            uid: 65534,
            gid: 65534,
            groups: vec![],
            name: "nobody".into(),
            home: "/".into(),
        });
    });
    bench.connect();
    let pid = bench.daemon.as_ref().unwrap().pid;
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(
        status.contains("Uid:\t65534\t65534\t65534\t65534"),
        "{status}"
    );
    assert!(status.contains("CapEff:\t0000000000000000"), "{status}");
    // Its log directory, which it may write to; and one it may not.
    for (mode, owner) in [(0o777, 65534), (0o700, 0)] {
        fs::set_permissions(&bench.logs, fs::Permissions::from_mode(mode)).unwrap();
        let mut spec = sh("seq -f %015.0f 1 3000; id -u");
        (spec.log_max_size, spec.log_on_full) = (32_000, OnFull::DropOld);
        let run = bench.spawn(&spec);
        bench.gone(run);
        assert_eq!(fs::metadata(bench.log_path(run)).unwrap().uid(), owner);
    }
}
