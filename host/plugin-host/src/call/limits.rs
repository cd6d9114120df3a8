//! What one call may use, and the terms it is made on.

use std::time::Duration;

use crate::grant::Grants;

/// What one call may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// From the beginning of the call to its answer, waiting for the far side included. Waiting for a free place is
    /// not: that is before the beginning.
    pub wall: Duration,
    /// Time spent computing, in steps of 10 ms.
    pub processor: Duration,
    /// Bytes of memory, all memories of the instance together.
    pub memory: usize,
    /// Elements of each table.
    pub table: usize,
    /// Bytes that pass from the guest to the host with one host call, or with the answer.
    pub copied: usize,
    /// Calls of `http.send`, `mail.send`, `template.render`, `files.read`, `files.glob` and of `fetch`, together.
    pub host_calls: u32,
}

impl Limits {
    /// For a question that needs nothing but computing: 2 s.
    #[must_use]
    pub fn question() -> Limits {
        Limits {
            wall: Duration::from_secs(2),
            processor: Duration::from_secs(2),
            memory: 64 << 20,
            table: 100_000,
            copied: 32 << 20,
            host_calls: 100,
        }
    }

    /// For one delivery: 30 s, of them 2 s computing.
    #[must_use]
    pub fn delivery() -> Limits {
        Limits {
            wall: Duration::from_secs(30),
            ..Limits::question()
        }
    }

    /// For one import: 60 s, of them 10 s computing, and room for large configurations.
    #[must_use]
    pub fn import() -> Limits {
        Limits {
            wall: Duration::from_secs(60),
            processor: Duration::from_secs(10),
            memory: 256 << 20,
            copied: 128 << 20,
            host_calls: 20_000,
            ..Limits::question()
        }
    }
}

/// The terms of one call.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// What the plugin may reach. A `$KEY` in it is looked up in the settings of this very call.
    pub grants: Grants,
    /// What the call may use.
    pub limits: Limits,
    /// Values that must not be seen: masked in log lines, in the exchange, in errors and in the plugin's output, as
    /// they are and as JSON and addresses write them. Shorter than four characters is not masked: it would hide words.
    pub secrets: Vec<String>,
}

impl Terms {
    /// The usual terms of a delivery.
    #[must_use]
    pub fn delivery(grants: Grants, secrets: Vec<String>) -> Terms {
        Terms {
            grants,
            limits: Limits::delivery(),
            secrets,
        }
    }

    /// The usual terms of an import.
    #[must_use]
    pub fn import(grants: Grants) -> Terms {
        Terms {
            grants,
            limits: Limits::import(),
            secrets: Vec::new(),
        }
    }

    /// What settings are checked with: templates alone are granted.
    #[must_use]
    pub fn check(secrets: Vec<String>) -> Terms {
        Terms {
            grants: Grants {
                template: true,
                ..Grants::default()
            },
            secrets,
            ..Terms::question()
        }
    }

    /// Nothing granted, and the limits of a question.
    #[must_use]
    pub fn question() -> Terms {
        Terms {
            grants: Grants::default(),
            limits: Limits::question(),
            secrets: Vec::new(),
        }
    }
}
