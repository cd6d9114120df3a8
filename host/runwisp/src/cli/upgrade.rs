//! `runwisp upgrade`: the program on disk takes over; what runs goes on. Also the waiting half of `runwisp restart`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::context::{Context, io_failed};
use crate::client::{Client, Uri};
use crate::wire::codes::Exit;
use crate::wire::{Leaving, Problem, Status};

/// How long a new daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked for.
const PAUSE: Duration = Duration::from_millis(20);

/// To what.
///
/// The keeper executes the binary at its own path in place: same pid, same children, no byte of output lost. Then it
/// starts a new daemon. Install the new binary first, or let --to do it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Put this binary in the place of the running one first, in one step
    #[arg(long, value_name = "PATH")]
    to: Option<PathBuf>,
    /// Do not wait until the new daemon answers
    #[arg(long)]
    no_wait: bool,
}

/// Replaces it.
pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    let Some(new) = &args.to else {
        return replace("upgrade", !args.no_wait, context).await;
    };
    let client = context.client()?;
    if client.is_remote() {
        return Err(Problem::invalid(
            "--to puts a file of this machine in place; on another machine, install it there first",
        ));
    }
    let status: Status = client.get(&Uri::new(&["status"])).await?;
    let replaced = put_in_place(new, Path::new(&status.daemon.binary))?;
    context
        .out
        .detail(&format!("{} is in place", replaced.place.display()));
    let done = replace("upgrade", !args.no_wait, context).await;
    match &done {
        Err(problem) if problem.code == "upgrade.refused" => replaced.undo()?,
        _ => replaced.keep(),
    }
    done
}

/// A program that took the place of another, which is kept beside it until it is known which of them stays.
struct Replaced {
    place: PathBuf,
    old: PathBuf,
}

impl Replaced {
    /// The old one is back.
    fn undo(&self) -> Result<(), Problem> {
        fs::rename(&self.old, &self.place)
            .map_err(|e| io_failed(format!("put {} back", self.place.display()), &e))
    }

    /// The old one is not needed any more. A file left beside is in nobody's way.
    fn keep(&self) {
        let _ = fs::remove_file(&self.old);
    }
}

/// Replaces the daemon, or keeper and daemon, and waits until the new one answers.
pub(super) async fn replace(verb: &str, wait: bool, context: &Context) -> Result<Exit, Problem> {
    let client = context.client()?;
    let leaving = ask_to_leave(&client, verb).await?;
    if !wait {
        context.out.message("asked");
        if context.out.json {
            context.out.document(&leaving)?;
        }
        return Ok(Exit::Done);
    }
    let status = wait_for_new(&client, leaving.daemon_pid).await?;
    if context.out.json {
        context.out.document(&status.daemon)?;
    } else {
        context.out.message(&format!(
            "runwisp {}, pid {}, daemon {}",
            status.daemon.version, status.daemon.pid, status.daemon.daemon_pid
        ));
    }
    Ok(Exit::Done)
}

/// Asks the daemon to leave. One that has left before its answer arrived has understood.
pub(super) async fn ask_to_leave(client: &Client, verb: &str) -> Result<Leaving, Problem> {
    let status: Status = client.get(&Uri::new(&["status"])).await?;
    match client.post(&Uri::new(&["daemon", verb]), &()).await {
        Err(problem) if problem.code == "daemon.leaving" => Ok(Leaving {
            pid: status.daemon.pid,
            daemon_pid: status.daemon.daemon_pid,
        }),
        answer => answer,
    }
}

/// Waits for a daemon of another pid. There is no event to wait for while nobody is there to send one.
async fn wait_for_new(client: &Client, old: i32) -> Result<Status, Problem> {
    let until = Instant::now() + PATIENCE;
    loop {
        match client.get::<Status>(&Uri::new(&["status"])).await {
            Ok(status) if status.daemon.daemon_pid != old => return Ok(status),
            Err(problem) if Instant::now() > until => return Err(problem),
            Ok(_) if Instant::now() > until => {
                return Err(Problem::new("daemon.busy", "the old daemon has not left"));
            }
            Ok(_) | Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Copies `new` beside `place`, tries whether it runs, and renames it over it: a crash leaves one or the other whole.
/// A symbolic link stays one; what it leads to is replaced.
fn put_in_place(new: &Path, place: &Path) -> Result<Replaced, Problem> {
    let shown = new.display();
    let place =
        fs::canonicalize(place).map_err(|e| io_failed(format!("find {}", place.display()), &e))?;
    let directory = place.parent().unwrap_or(Path::new("/"));
    let beside = |what: &str| directory.join(format!(".runwisp-{what}{}", std::process::id()));
    let (fresh, old) = (beside(""), beside("old-"));
    let bytes = fs::read(new).map_err(|e| io_failed(format!("read {shown}"), &e))?;
    let written = write_program(&fresh, &bytes)
        .map_err(|e| io_failed(format!("write {}", fresh.display()), &e))
        .and_then(|()| try_out(&fresh, new))
        .and_then(|()| {
            fs::hard_link(&place, &old)
                .and_then(|()| fs::rename(&fresh, &place))
                .map_err(|e| io_failed(format!("replace {}", place.display()), &e))
        });
    if written.is_err() {
        // What is left of a failed attempt is in nobody's way; the error that matters is the first one.
        let _ = fs::remove_file(&fresh);
        let _ = fs::remove_file(&old);
    }
    written.map(|()| Replaced { place, old })
}

fn write_program(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let mut file = fs::File::create(path)?;
    file.write_all(bytes)?;
    file.set_permissions(fs::Permissions::from_mode(0o755))?;
    file.sync_all()
}

fn try_out(program: &Path, shown: &Path) -> Result<(), Problem> {
    let answer = Command::new(program)
        .args(["version", "--json"])
        .stdin(Stdio::null())
        .output()
        .map_err(|e| io_failed(format!("execute {}", shown.display()), &e))?;
    let version: Option<serde_json::Value> = serde_json::from_slice(&answer.stdout).ok();
    let known = version.is_some_and(|v| v.get("version").is_some_and(serde_json::Value::is_string));
    if answer.status.success() && known {
        return Ok(());
    }
    Err(Problem::new(
        "io.failed",
        format!(
            "{} is not a runwisp that runs on this machine",
            shown.display()
        ),
    ))
}
