//! The environment a child gets. Pure: the keeper's own environment is an argument.
//!
//! Tests are below.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use nix::unistd::User;
use runwisp_core::words::ids::RunId;
use runwisp_core::words::spawn::{EnvBase, SpawnSpec};

/// Where a program is looked up when its environment has no `PATH`.
pub(crate) const DEFAULT_PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An environment, sorted by name.
pub(crate) type Environment = BTreeMap<OsString, OsString>;

/// What init told the keeper alone, and what would tell a child of our own settings and credentials.
const OWN: [&str; 13] = [
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "LISTEN_FDS",
    "LISTEN_PID",
    "LISTEN_FDNAMES",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "CREDENTIALS_DIRECTORY",
    "MAINPID",
    "MANAGERPID",
    "SYSTEMD_EXEC_PID",
    "MEMORY_PRESSURE_WATCH",
];

/// Whether a variable of the keeper's is nobody else's business.
fn is_own(name: &OsString) -> bool {
    name.as_bytes().starts_with(b"RUNWISP_") || OWN.iter().any(|own| name == own)
}

/// HOME, USER and LOGNAME of an account.
pub(crate) fn account(user: Option<User>) -> Vec<(OsString, OsString)> {
    let Some(user) = user else {
        return Vec::new();
    };
    vec![
        ("HOME".into(), user.dir.into_os_string()),
        ("USER".into(), user.name.clone().into()),
        ("LOGNAME".into(), user.name.into()),
    ]
}

/// What `~` stands for: `HOME` of a run, else that of the account.
pub(crate) fn home(env: &Environment, account: &[(OsString, OsString)]) -> String {
    let own = account.iter().find(|(name, _)| name == "HOME");
    let home = env.get(OsStr::new("HOME")).or(own.map(|(_, home)| home));
    home.map(|home| home.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The environment of one run. `account` is the keeper's own, for what its environment does not say of it; systemd gives
/// root's units none of it. `spec` is filled already: its variables stand at the end of `spec.env`.
pub(crate) fn build(
    spec: &SpawnSpec,
    keeper: &[(OsString, OsString)],
    account: &[(OsString, OsString)],
    run: RunId,
    notify_address: &str,
) -> Environment {
    let mut env = Environment::new();
    let mut set = |name: &str, value: &str| env.insert(name.into(), value.into());
    if spec.env_base == EnvBase::Clean {
        set("PATH", DEFAULT_PATH);
        set("SHELL", "/bin/sh");
        env.extend(account.iter().cloned());
    }
    for (name, value) in keeper {
        let wanted = match spec.env_base {
            // The keeper's directory is not that of a command with one of its own.
            EnvBase::Inherit => {
                !is_own(name) && !(spec.cwd.is_some() && (name == "PWD" || name == "OLDPWD"))
            }
            EnvBase::Clean => ["HOME", "USER", "LOGNAME"].iter().any(|n| name == n),
        };
        if wanted {
            env.insert(name.clone(), value.clone());
        }
    }
    let mut set = |name: &str, value: &str| env.insert(name.into(), value.into());
    if let Some(user) = &spec.run_as {
        set("HOME", &user.home);
        set("USER", &user.name);
        set("LOGNAME", &user.name);
    }
    if spec.notify {
        set("NOTIFY_SOCKET", notify_address);
        if let Some(interval) = spec.watchdog {
            set("WATCHDOG_USEC", &interval.as_micros().to_string());
        }
    }
    for (name, value) in &spec.env {
        set(name, value);
    }
    // What the run is found by, should it try to get away.
    set("RUNWISP_RUN_ID", &run.to_string());
    env
}

/// As execve(2) wants it; none when a name or value can't be said that way.
pub(crate) fn to_strings(env: &Environment) -> Option<Vec<std::ffi::CString>> {
    env.iter()
        .map(|(name, value)| {
            let mut line = name.as_bytes().to_vec();
            line.push(b'=');
            line.extend_from_slice(value.as_bytes());
            let valid = !name.is_empty() && !name.as_bytes().contains(&b'=');
            std::ffi::CString::new(line).ok().filter(|_| valid)
        })
        .collect()
}

/// Where a program is looked for, best place first: itself if it has a slash, else every directory of `PATH`.
pub(crate) fn candidates(program: &str, env: &Environment) -> Vec<OsString> {
    if program.contains('/') {
        return vec![program.into()];
    }
    let default = OsString::from(DEFAULT_PATH);
    let path = env.get(&OsString::from("PATH")).unwrap_or(&default);
    path.as_bytes()
        .split(|byte| *byte == b':')
        .map(|dir| {
            let dir = if dir.is_empty() { b"." } else { dir };
            let mut full = dir.to_vec();
            full.push(b'/');
            full.extend_from_slice(program.as_bytes());
            OsString::from_vec(full)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::Uid;
    use runwisp_core::words::spawn::RunAs;

    fn spec(text: &str) -> SpawnSpec {
        let mut json = serde_json::json!({
            "argv": ["true"], "log_max_size": 1, "stop_signal": 15,
            "graceful_stop": {"secs": 1, "nanos": 0},
        });
        let more: serde_json::Value = serde_json::from_str(text).unwrap();
        for (key, value) in more.as_object().unwrap() {
            json[key] = value.clone();
        }
        serde_json::from_value(json).unwrap()
    }

    fn built(spec: &SpawnSpec) -> Vec<String> {
        let keeper = [
            ("PATH", "/bin"),
            ("HOME", "/root"),
            ("LANG", "C"),
            ("RUNWISP_TOKEN", "x"),
            ("NOTIFY_SOCKET", "/run/init"),
        ]
        .map(|(n, v)| (OsString::from(n), OsString::from(v)));
        let env = build(spec, &keeper, &account(None), RunId::from_u128(1), "@n");
        let lines = to_strings(&env).unwrap();
        lines
            .into_iter()
            .map(|l| l.into_string().unwrap())
            .collect()
    }

    const ID: &str = "RUNWISP_RUN_ID=00000000000000000000000001";

    #[test]
    fn what_is_the_keepers_own_is_not_handed_on() {
        assert_eq!(
            built(&spec("{}")),
            ["HOME=/root", "LANG=C", "PATH=/bin", ID]
        );
    }

    #[test]
    fn the_keepers_directory_is_not_told_to_a_command_that_has_its_own() {
        let keeper = [("PWD".into(), "/root".into()), ("A".into(), "1".into())];
        let run = RunId::from_u128(7);
        let named = |spec: &SpawnSpec| {
            let env = build(spec, &keeper, &[], run, "@n");
            env.contains_key(std::ffi::OsStr::new("PWD"))
        };
        assert!(named(&spec("{}")));
        assert!(!named(&spec(r#"{"cwd":"/srv"}"#)));
    }

    #[test]
    fn a_clean_environment_holds_five_names() {
        let mut clean =
            spec(r#"{"env_base":"clean","notify":true,"watchdog":{"secs":2,"nanos":0}}"#);
        clean.run_as = Some(RunAs {
            uid: 1,
            gid: 1,
            groups: vec![],
            name: "ann".into(),
            home: "/home/ann".into(),
        });
        let path = format!("PATH={DEFAULT_PATH}");
        let expected = [
            "HOME=/home/ann",
            "LOGNAME=ann",
            "NOTIFY_SOCKET=@n",
            &path,
            ID,
            "SHELL=/bin/sh",
            "USER=ann",
            "WATCHDOG_USEC=2000000",
        ];
        assert_eq!(built(&clean), expected);
    }

    #[test]
    fn a_clean_environment_names_the_account_where_the_keepers_does_not() {
        let user = User {
            name: "ann".into(),
            dir: "/home/ann".into(),
            ..User::from_uid(Uid::from_raw(0)).unwrap().unwrap()
        };
        let account = account(Some(user));
        let keeper = [("HOME".into(), "/elsewhere".into())];
        let names = |text: &str| {
            let env = build(&spec(text), &keeper, &account, RunId::from_u128(1), "@n");
            let of = |name: &str| env.get(std::ffi::OsStr::new(name)).cloned();
            [of("HOME"), of("USER"), of("LOGNAME")].map(|value| value.unwrap_or_default())
        };
        assert_eq!(
            names(r#"{"env_base":"clean"}"#),
            ["/elsewhere", "ann", "ann"]
        );
        assert_eq!(names("{}"), ["/elsewhere", "", ""]);
        assert_eq!(home(&Environment::new(), &account), "/home/ann");
    }

    #[test]
    fn the_units_own_values_win() {
        let own = spec(r#"{"env":[["LANG","de"],["HOME","/x"],["LANG","fr"]]}"#);
        assert_eq!(built(&own), ["HOME=/x", "LANG=fr", "PATH=/bin", ID]);
    }

    #[test]
    fn programs_are_looked_up_in_the_childs_path() {
        let env = Environment::from([("PATH".into(), "/a::/b".into())]);
        assert_eq!(candidates("x", &env), ["/a/x", "./x", "/b/x"]);
        assert_eq!(candidates("./x", &env), ["./x"]);
    }
}
