//! `runwisp demo`: a throwaway daemon with a made-up shop, its page, and the terminal UI. Gone when it ends.
//!
//! The daemon is tied to this process: it stops everything when this one goes, however that happens.

use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::context::{Context, io_failed};
use super::private_daemon::{Leash, Spawned};
use super::tui;
use super::upgrade::ask_to_leave;
use crate::client::{Client, Uri};
use crate::demo;
use crate::tui::Manner;
use crate::wire::Problem;
use crate::wire::access::Password;
use crate::wire::codes::Exit;

/// How it is shown.
///
/// Services, tasks and a day of past runs are made up. The page is on a port that is free. Everything lives in a
/// temporary directory, which is removed at the end.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print where the page is, and stay until Ctrl-C
    #[arg(long)]
    no_tui: bool,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Shown {
    url: Option<String>,
    password: Option<String>,
    socket: PathBuf,
    data: PathBuf,
}

/// A directory that is gone once this is dropped.
struct Place(PathBuf);

impl Drop for Place {
    fn drop(&mut self) {
        // What can't be removed is in the directory for temporary files, where the system looks after it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Shows it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    if !args.no_tui && !tui::has_terminal() {
        return Err(Problem::invalid("there is no terminal to show the demo on")
            .help("--no-tui prints where its page is."));
    }
    // Heard from the beginning on, so that nothing is left behind by an early one.
    let leaving = Leaving::new()?;
    let pattern = std::env::temp_dir().join("runwisp-demo-XXXXXX");
    let dir = nix::unistd::mkdtemp(&pattern)
        .map_err(|e| io_failed(format!("make {}", pattern.display()), &e.into()))?;
    let place = Place(dir);
    let (config, data) = (place.0.join("runwisp.toml"), place.0.join("data"));
    let socket = data.join("runwisp.sock");
    super::data_dir::make(&data, None)?;
    demo::lay(&config, &data, Timestamp::now())
        .map_err(|e| Problem::new("io.failed", format!("could not {e}")))?;
    let arguments: Vec<std::ffi::OsString> = vec![
        "daemon".into(),
        "--config".into(),
        config.into(),
        "--data".into(),
        data.clone().into(),
        "--socket".into(),
        socket.clone().into(),
        "--listen".into(),
        "127.0.0.1:0".into(),
    ];
    let client = Client::new(&socket, "The demo's daemon is gone.")?;
    let mut spawned = Spawned::new(&arguments, data.join("daemon.log"), None, Leash::Tied)?;
    let status = spawned.ready(&client).await?;
    let shown = Shown {
        url: status.daemon.url.clone(),
        password: client
            .get::<Password>(&Uri::new(&["password"]))
            .await?
            .password,
        socket,
        data,
    };
    let ended = show(args, &shown, &client, leaving, context).await;
    // If it can not be asked it is gone, or goes with this process.
    if ask_to_leave(&client, "stop").await.is_ok() {
        spawned.wait();
    }
    ended
}

async fn show(
    args: &Args,
    shown: &Shown,
    client: &Client,
    mut leaving: Leaving,
    context: &Context,
) -> Result<Exit, Problem> {
    if !args.no_tui {
        let manner = Manner {
            demo: true,
            ..Manner::default()
        };
        return tui::show(client.clone(), manner, context).await;
    }
    if context.out.json {
        context.out.document(shown)?;
    } else {
        let unknown = || "none".to_owned();
        context
            .out
            .line("A demo: the shop, its services and its past are made up.")?;
        context.out.line(&format!(
            "page      {}",
            shown.url.clone().unwrap_or_else(unknown)
        ))?;
        context.out.line(&format!(
            "password  {}",
            shown.password.clone().unwrap_or_else(unknown)
        ))?;
        context
            .out
            .line(&format!("socket    {}", shown.socket.display()))?;
        context.out.line("Ctrl-C ends it and removes everything.")?;
    }
    context.out.flush()?;
    leaving.asked().await;
    Ok(Exit::Done)
}

/// Signals that ask to leave.
struct Leaving(Vec<tokio::signal::unix::Signal>);

impl Leaving {
    fn new() -> Result<Leaving, Problem> {
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ];
        let heard = kinds.into_iter().map(signal).collect::<Result<_, _>>();
        heard
            .map(Leaving)
            .map_err(|e| io_failed("listen for signals", &e))
    }

    async fn asked(&mut self) {
        std::future::poll_fn(|context| {
            let ready = self
                .0
                .iter_mut()
                .any(|signal| signal.poll_recv(context).is_ready());
            if ready {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }
}
