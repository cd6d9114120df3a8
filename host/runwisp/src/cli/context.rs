//! What a verb works with: where things are, the way to the daemon, how to speak.

use std::future::Future;
use std::path::Path;

use super::args::Global;
use super::output::{Manner, Output};
use super::paths::{Paths, Said, World, resolve};
use super::remote;
use crate::client::{Client, Wish};
use crate::wire::Problem;

/// What a verb works with.
pub struct Context {
    /// Where things are.
    pub paths: Paths,
    /// How to speak.
    pub out: Output,
    /// Whether `-v` was given.
    pub verbose: bool,
    /// The daemon elsewhere that is asked in place of the one at the socket.
    remote: Option<Wish>,
}

impl Context {
    /// Looks around once, for everything that is not said.
    pub fn new(global: &Global, daemon: bool, remote: Option<Wish>) -> Self {
        let said = Said {
            config: global.config.clone(),
            data: global.data.clone(),
            socket: global.socket.clone(),
        };
        let world = World {
            root: nix::unistd::geteuid().is_root(),
            daemon,
            // Without a working directory, relative paths can only fail; they do so with their own name.
            here: std::env::current_dir().unwrap_or_default(),
            var: &|name| std::env::var_os(name),
            exists: &Path::exists,
        };
        Context {
            paths: resolve(&said, &world),
            out: Output::new(Manner {
                json: global.json,
                quiet: global.quiet,
                verbose: global.verbose,
                no_color: global.no_color,
            }),
            verbose: global.verbose,
            remote,
        }
    }

    /// The way to the daemon.
    pub fn client(&self) -> Result<Client, Problem> {
        match &self.remote {
            Some(wish) => remote::client(wish),
            None => self.local(),
        }
    }

    /// The way to the daemon at the socket, whatever else was said.
    pub fn local(&self) -> Result<Client, Problem> {
        Client::new(
            &self.paths.socket,
            format!(
                "Start one: `runwisp daemon -c {} --data {}`; or say where it is with --data or --socket.",
                self.paths.config.display(),
                self.paths.data.display()
            ),
        )
    }

    /// Runs a verb that waits for a daemon, on this thread.
    pub fn wait<T>(&self, verb: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Problem::new("io.failed", format!("could not start: {e}")))?
            .block_on(verb)
    }
}

/// A file or process that could not be used.
pub fn io_failed(what: impl std::fmt::Display, error: &std::io::Error) -> Problem {
    Problem::new("io.failed", format!("could not {what}: {error}"))
}
