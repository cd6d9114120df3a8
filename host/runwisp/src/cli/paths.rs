//! Where configuration, data and socket are, when nobody says.
//!
//! | | root | everybody else |
//! | --- | --- | --- |
//! | configuration | `/etc/runwisp/runwisp.toml` | `./runwisp.toml` if it is there, else `$XDG_CONFIG_HOME/runwisp/runwisp.toml` |
//! | data | `/var/lib/runwisp` | `$XDG_STATE_HOME/runwisp` |
//! | socket | `DATA/runwisp.sock` | the same |
//!
//! Flags win over `RUNWISP_*`, those over this table. The daemon alone also honours what systemd says in
//! `CONFIGURATION_DIRECTORY`, `STATE_DIRECTORY` and `RUNTIME_DIRECTORY`: a client may live inside somebody else's
//! service. A client that is not told where finds a daemon's socket in the default runtime directory too.
//!
//! Invariant: reads nothing but what it is given. Tests: below.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The name of the socket in its directory.
const SOCKET: &str = "runwisp.sock";

/// Where everything is; absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The root configuration file.
    pub config: PathBuf,
    /// The data directory.
    pub data: PathBuf,
    /// The socket.
    pub socket: PathBuf,
}

/// What was said on the command line or in `RUNWISP_*`.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--data`
    pub data: Option<PathBuf>,
    /// `--socket`
    pub socket: Option<PathBuf>,
}

/// What the world is like.
pub struct World<'a> {
    /// Whether the effective user is root.
    pub root: bool,
    /// Whether the paths are for a daemon that is to start.
    pub daemon: bool,
    /// The working directory.
    pub here: PathBuf,
    /// Environment variables.
    pub var: &'a dyn Fn(&str) -> Option<OsString>,
    /// Whether something stands at a path.
    pub exists: &'a dyn Fn(&Path) -> bool,
}

impl World<'_> {
    /// An absolute path in a variable; of a list as systemd makes it, the first.
    fn dir(&self, name: &str) -> Option<PathBuf> {
        let value = (self.var)(name)?;
        let first = value.to_str()?.split(':').next()?;
        let path = PathBuf::from(first);
        path.is_absolute().then_some(path)
    }

    fn of_systemd(&self, name: &str) -> Option<PathBuf> {
        self.daemon.then(|| self.dir(name)).flatten()
    }

    /// A base directory of the XDG specification.
    fn xdg(&self, name: &str, below_home: &str) -> PathBuf {
        self.dir(name).unwrap_or_else(|| {
            self.dir("HOME")
                .unwrap_or_else(|| self.here.clone())
                .join(below_home)
        })
    }

    fn config(&self) -> PathBuf {
        if let Some(dir) = self.of_systemd("CONFIGURATION_DIRECTORY") {
            return dir.join("runwisp.toml");
        }
        if self.root {
            return PathBuf::from("/etc/runwisp/runwisp.toml");
        }
        let near = self.here.join("runwisp.toml");
        if (self.exists)(&near) {
            return near;
        }
        self.xdg("XDG_CONFIG_HOME", ".config")
            .join("runwisp/runwisp.toml")
    }

    fn data(&self) -> PathBuf {
        if let Some(dir) = self.of_systemd("STATE_DIRECTORY") {
            return dir;
        }
        if self.root {
            return PathBuf::from("/var/lib/runwisp");
        }
        self.xdg("XDG_STATE_HOME", ".local/state").join("runwisp")
    }

    /// Where systemd would have put the socket, when data is at its default place.
    fn runtime_socket(&self) -> Option<PathBuf> {
        if self.daemon {
            return Some(self.dir("RUNTIME_DIRECTORY")?.join(SOCKET));
        }
        let run = if self.root {
            PathBuf::from("/run")
        } else {
            self.dir("XDG_RUNTIME_DIR")?
        };
        Some(run.join("runwisp").join(SOCKET)).filter(|path| (self.exists)(path))
    }
}

/// Where everything is.
pub fn resolve(said: &Said, world: &World<'_>) -> Paths {
    let absolute = |path: &PathBuf| world.here.join(path);
    let config = said
        .config
        .as_ref()
        .map_or_else(|| world.config(), absolute);
    let data = said.data.as_ref().map_or_else(|| world.data(), absolute);
    let beside = data.join(SOCKET);
    let socket = match &said.socket {
        Some(path) => absolute(path),
        None if said.data.is_some() => beside,
        None if !world.daemon && (world.exists)(&beside) => beside,
        None => world.runtime_socket().unwrap_or(beside),
    };
    Paths {
        config,
        data,
        socket,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        root: bool,
        daemon: bool,
        vars: &[(&str, &str)],
        there: &[&str],
        said: Said,
    ) -> [String; 3] {
        let var = |name: &str| {
            vars.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| OsString::from(value))
        };
        let exists = |path: &Path| there.iter().any(|known| Path::new(known) == path);
        let world = World {
            root,
            daemon,
            here: "/here".into(),
            var: &var,
            exists: &exists,
        };
        let paths = resolve(&said, &world);
        [paths.config, paths.data, paths.socket].map(|p| p.to_string_lossy().into_owned())
    }

    const HOME: (&str, &str) = ("HOME", "/home/u");

    #[test]
    fn defaults_follow_the_user() {
        assert_eq!(
            check(
                true,
                false,
                &[HOME],
                &["/here/runwisp.toml"],
                Said::default()
            ),
            [
                "/etc/runwisp/runwisp.toml",
                "/var/lib/runwisp",
                "/var/lib/runwisp/runwisp.sock"
            ]
        );
        assert_eq!(
            check(false, true, &[HOME], &[], Said::default()),
            [
                "/home/u/.config/runwisp/runwisp.toml",
                "/home/u/.local/state/runwisp",
                "/home/u/.local/state/runwisp/runwisp.sock"
            ]
        );
        assert_eq!(
            check(
                false,
                true,
                &[
                    HOME,
                    ("XDG_STATE_HOME", "/s"),
                    ("XDG_CONFIG_HOME", "not/absolute")
                ],
                &["/here/runwisp.toml"],
                Said::default()
            ),
            [
                "/here/runwisp.toml",
                "/s/runwisp",
                "/s/runwisp/runwisp.sock"
            ]
        );
    }

    #[test]
    fn what_is_said_wins_and_becomes_absolute() {
        let said = Said {
            config: Some("a.toml".into()),
            data: Some("d".into()),
            socket: None,
        };
        assert_eq!(
            check(true, true, &[("RUNTIME_DIRECTORY", "/run/x")], &[], said),
            ["/here/a.toml", "/here/d", "/here/d/runwisp.sock"]
        );
    }

    #[test]
    fn systemd_speaks_to_the_daemon_alone() {
        let vars = [
            ("CONFIGURATION_DIRECTORY", "/etc/x:/etc/y"),
            ("STATE_DIRECTORY", "/var/lib/x"),
            ("RUNTIME_DIRECTORY", "/run/x"),
        ];
        assert_eq!(
            check(true, true, &vars, &[], Said::default()),
            ["/etc/x/runwisp.toml", "/var/lib/x", "/run/x/runwisp.sock"]
        );
        assert_eq!(
            check(
                true,
                false,
                &vars,
                &["/run/runwisp/runwisp.sock"],
                Said::default()
            ),
            [
                "/etc/runwisp/runwisp.toml",
                "/var/lib/runwisp",
                "/run/runwisp/runwisp.sock"
            ]
        );
    }
}
