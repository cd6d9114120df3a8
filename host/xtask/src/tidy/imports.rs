//! The import table between the floors of the house: arrows go down only, machines and hands never meet.
//!
//! `host/ARCHITECTURE.md` draws the picture; this is what holds the code to it.

use super::none;
use super::sources::{self, Source};

/// What the code below a folder must not name.
struct Floor {
    folder: &'static str,
    /// Files below the folder to which the rule does not apply, each being the joint between two floors.
    except: &'static [&'static str],
    banned: &'static [&'static str],
    why: &'static str,
}

/// Ways out of a pure function.
const WORLD: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "std::io",
    "std::os",
    "SystemTime",
    "Instant",
    "Timestamp::now",
    "Zoned::now",
    "tokio::",
    "nix::",
    "libc::",
    "rand::",
];

/// What stands above the hands.
const UPPER: &[&str] = &[
    "crate::daemon",
    "crate::http",
    "crate::cli",
    "crate::client",
    "crate::tui",
    "runwisp_core::machine",
];

/// The same for hands that have no use for the history.
const UPPER_AND_STORE: &[&str] = &[
    "crate::daemon",
    "crate::http",
    "crate::cli",
    "crate::client",
    "crate::tui",
    "crate::store",
    "runwisp_core::machine",
];

const FLOORS: &[Floor] = &[
    Floor {
        folder: "host/core/src/",
        except: &[],
        banned: WORLD,
        why: "the core reads no clock, file or environment and starts nothing",
    },
    Floor {
        folder: "host/core/src/words/",
        except: &[],
        banned: &[
            "crate::machine",
            "crate::notify",
            "crate::config::parse",
            "crate::config::raw",
            "crate::config::check",
            "crate::schedule",
        ],
        why: "words know nothing of those who speak them; the plan alone is a word that lives in config",
    },
    Floor {
        folder: "host/core/src/schedule/",
        except: &[],
        banned: &["crate::machine", "crate::notify", "crate::config"],
        why: "a schedule is arithmetic on calendars",
    },
    Floor {
        folder: "host/core/src/config/",
        except: &[],
        banned: &["crate::machine", "crate::notify"],
        why: "a configuration is compiled without knowing who follows it",
    },
    Floor {
        folder: "host/core/src/figures/",
        except: &[],
        banned: &["crate::machine", "crate::notify"],
        why: "figures are made of words, by arithmetic",
    },
    Floor {
        folder: "host/core/src/machine/",
        except: &[],
        banned: &["crate::notify"],
        why: "machines do not know who is told of them",
    },
    Floor {
        folder: "host/core/src/notify/",
        except: &[],
        banned: &[
            "crate::machine::fleet",
            "crate::machine::instance",
            "crate::machine::task",
            "crate::config::raw",
            "crate::config::check",
        ],
        why: "whoever tells people knows what the machines said, not how they came to it",
    },
    Floor {
        folder: "host/keeper/src/",
        except: &[],
        banned: &[
            "runwisp_core::config",
            "runwisp_core::machine",
            "runwisp_core::schedule",
            "runwisp::",
            "tokio::",
            "rusqlite::",
        ],
        why: "the keeper knows words only: no configuration, no schedule, no database",
    },
    Floor {
        folder: "host/plugin-host/src/grant/",
        except: &[],
        banned: &[
            "std::fs",
            "std::process",
            "std::thread",
            "std::env",
            "SystemTime",
            "Instant",
            "tokio::",
            "nix::",
            "wasmtime",
            "crate::serve",
            "crate::load",
            "crate::engine",
            "crate::plugin",
            "crate::plugins",
        ],
        why: "what is granted is decided without touching what it is about",
    },
    Floor {
        folder: "host/plugin-host/src/",
        except: &[],
        banned: &["runwisp_core::", "runwisp_keeper::"],
        why: "what runs plugins knows nothing of the daemon",
    },
    Floor {
        folder: "host/runwisp/src/store/",
        except: &[],
        banned: UPPER,
        why: "hands know words, not machines, loop or faces",
    },
    Floor {
        folder: "host/runwisp/src/access/",
        except: &[],
        banned: UPPER_AND_STORE,
        why: "hands know words, not machines, loop or faces",
    },
    Floor {
        folder: "host/runwisp/src/logs/",
        except: &[],
        banned: UPPER,
        why: "hands know words, not machines, loop or faces",
    },
    Floor {
        folder: "host/runwisp/src/figures/",
        except: &[],
        banned: UPPER_AND_STORE,
        why: "hands know words, not machines, loop or faces",
    },
    Floor {
        folder: "host/runwisp/src/import/",
        except: &[],
        banned: UPPER_AND_STORE,
        why: "hands know words, not machines, loop or faces",
    },
    Floor {
        folder: "host/runwisp/src/plugins/",
        except: &[],
        banned: UPPER_AND_STORE,
        why: "hands know words, not machines, loop or faces",
    },
    Floor {
        folder: "host/runwisp/src/notify/",
        except: &[],
        banned: UPPER_AND_STORE,
        why: "hands know words, not machines, loop or faces",
    },
    Floor {
        folder: "host/runwisp/src/http/",
        except: &[],
        banned: &[
            "crate::store",
            "crate::cli",
            "crate::client",
            "crate::tui",
            "runwisp_core::machine",
            "rusqlite::",
        ],
        why: "faces ask through the daemon's handle",
    },
    Floor {
        folder: "host/runwisp/src/client/",
        except: &[],
        banned: &[
            "crate::daemon",
            "crate::store",
            "crate::http",
            "crate::cli",
            "crate::tui",
            "runwisp_core::machine",
        ],
        why: "a client has a way to a daemon and nothing else",
    },
    Floor {
        folder: "host/runwisp/src/cli/",
        except: &[
            "host/runwisp/src/cli/daemon.rs",
            "host/runwisp/src/cli/openapi.rs",
            "host/runwisp/src/cli/private_daemon.rs",
            "host/runwisp/src/cli/tui.rs",
            "host/runwisp/src/cli/demo.rs",
        ],
        banned: &[
            "crate::daemon",
            "crate::store",
            "crate::http",
            "crate::tui",
            "runwisp_core::machine",
            "rusqlite::",
        ],
        why: "a verb talks to a daemon as anyone else does; only the verbs that start one, and the one that describes its API, know it",
    },
    Floor {
        folder: "host/runwisp/src/demo/",
        except: &[],
        banned: &[
            "crate::daemon",
            "crate::http",
            "crate::cli",
            "crate::client",
            "crate::tui",
            "runwisp_core::machine",
        ],
        why: "the demo's past is written before there is a daemon",
    },
    Floor {
        folder: "host/runwisp/src/tui/",
        except: &[],
        banned: &[
            "crate::daemon",
            "crate::store",
            "crate::logs",
            "crate::http",
            "crate::cli",
            "runwisp_core::machine",
        ],
        why: "the terminal UI is a client as anyone else",
    },
    Floor {
        folder: "host/runwisp/src/tui/update/",
        except: &[],
        banned: &[
            "std::fs",
            "std::env",
            "std::io",
            "Timestamp::now",
            "Instant",
            "tokio::",
            "crate::client",
            "crate::tui::hands",
        ],
        why: "what happens next is decided without clock, terminal and daemon",
    },
    Floor {
        folder: "host/runwisp/src/tui/view/",
        except: &[],
        banned: &[
            "std::fs",
            "std::env",
            "std::io",
            "Timestamp::now",
            "Instant",
            "tokio::",
            "crate::client",
            "crate::tui::hands",
        ],
        why: "a picture is made of what is known",
    },
    Floor {
        folder: "tests/",
        except: &[],
        banned: &["runwisp_core::", "runwisp_keeper::", "runwisp::"],
        why: "the whole program is tested from outside",
    },
];

fn findings(file: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let mine = |floor: &&Floor| {
        file.path.starts_with(floor.folder) && !floor.except.contains(&&*file.path)
    };
    for floor in FLOORS.iter().filter(mine) {
        for (n, line) in file.code() {
            let banned = floor.banned.iter().filter(|name| names(line, name));
            found.extend(banned.map(|name| format!("{}:{n}: {name}: {}", file.path, floor.why)));
        }
    }
    found
}

/// Whether the line names this path, as a whole or as the beginning of a longer one.
fn names(line: &str, path: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + path.len()..].chars().next();
        let open = path.ends_with(':') || !after.is_some_and(part);
        open && !before.is_some_and(part)
    })
}

#[test]
fn arrows_between_floors_go_down_only() {
    none(sources::all(&[".rs"]).iter().flat_map(findings).collect());
}

#[test]
fn an_arrow_that_goes_up_is_found() {
    let found = |path: &str, text: &str| findings(&Source::new(path, text)).len();
    assert_eq!(
        found(
            "host/runwisp/src/store/a.rs",
            "use crate::daemon::Handle;\n"
        ),
        1
    );
    assert_eq!(
        found("host/runwisp/src/store/a.rs", "use crate::daemonic;\n"),
        0
    );
    assert_eq!(
        found(
            "host/core/src/machine/a.rs",
            "let t = std::time::Instant::now();\n"
        ),
        1
    );
    assert_eq!(
        found(
            "host/core/src/machine/a.rs",
            "use std::time::{Duration, Instant};\n"
        ),
        1
    );
    assert_eq!(
        found(
            "host/core/src/machine/a.rs",
            "//! Not std::fs.\nuse std::fmt;\n"
        ),
        0
    );
    assert_eq!(
        found(
            "host/core/src/words/a.rs",
            "use crate::config::plan::Plan;\n"
        ),
        0
    );
    assert_eq!(
        found(
            "host/runwisp/src/cli/status.rs",
            "use crate::store::Rows;\n"
        ),
        1
    );
}

/// An exception that outlives its file would hide the next file of that name.
#[test]
fn every_exception_exists() {
    let files = sources::all(&[".rs"]);
    let there = |path: &str| files.iter().any(|file| file.path.starts_with(path));
    let floors = FLOORS.iter().filter(|floor| there(floor.folder));
    let gone = floors
        .flat_map(|floor| floor.except)
        .filter(|path| !there(path));
    none(
        gone.map(|path| format!("{path}: excepted, but not there"))
            .collect(),
    );
}
