//! `runwisp daemon`: becomes the keeper; or, started by a keeper, the daemon; or its loader.
//!
//! Invariant: on the way to the keeper no thread is started and no runtime is made: the keeper forks.
//! Tests: `tests/e2e`, with the real program.

use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use runwisp_core::words::spawn::RunAs;
use runwisp_keeper::KeeperOptions;

use super::context::{Context, io_failed};
use super::private_daemon::{Leash, Spawned};
use super::{data_dir, validate};
use crate::client::Uri;
use crate::daemon;
use crate::daemon::options::Options;
use crate::store::lock::{InstanceLock, LockError};
use crate::wire::codes::Exit;
use crate::wire::socket::check_path;
use crate::wire::{Problem, Status};

/// How to run.
///
/// Stays in the foreground and logs to standard error. TERM stops everything in order, a second one at once; HUP
/// reloads the configuration; USR1 opens the daemon's log anew.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Serve HTTP here, or `off` for the Unix socket alone; wins over `[daemon] listen`
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Leave when nothing is left to do; wins over `[daemon] exit_when_done`
    #[arg(long)]
    exit_when_done: bool,
    /// Go to the background once it is ready and print its pid; its log is daemon.log in the data directory
    #[arg(long)]
    detach: bool,
    #[arg(long, hide = true, value_name = "UNIT")]
    only: Option<String>,
    /// This is the process that the keeper started.
    #[arg(long, hide = true, conflicts_with = "detach")]
    attached: bool,
    /// This is the loader that a keeper trusts.
    #[arg(long, hide = true, conflicts_with_all = ["detach", "attached"])]
    load_specs: bool,
    /// Only say whether this program goes on with what a keeper of this format holds.
    #[arg(long, hide = true, value_name = "FORMAT")]
    can_take_over: Option<u32>,
}

/// Runs it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    if args.load_specs {
        return load_specs(context);
    }
    if let Some(format) = args.can_take_over {
        return successor_answers(format, context);
    }
    if args.attached {
        return Ok(ended(daemon::run(options(args, context))));
    }
    check_path(&context.paths.socket)
        .map_err(|e| Problem::new("request.invalid", format!("could not {e}")))?;
    let user = drop_to(context)?;
    data_dir::make(&context.paths.data, user.as_ref())?;
    if args.detach {
        return context.wait(detach(args, user, context));
    }
    keep(args, user, context)
}

fn ended(code: i32) -> Exit {
    Exit::Passed(u8::try_from(code).unwrap_or(1))
}

fn options(args: &Args, context: &Context) -> Options {
    Options {
        config: context.paths.config.clone(),
        data: context.paths.data.clone(),
        socket: context.paths.socket.clone(),
        listen: args.listen.clone(),
        exit_when_done: args.exit_when_done,
        only: args.only.clone(),
    }
}

/// Whom the daemon runs as. Only root can drop anything, so only root looks.
pub(super) fn drop_to(context: &Context) -> Result<Option<RunAs>, Problem> {
    if !nix::unistd::geteuid().is_root() {
        validate::present(context)?;
        return Ok(None);
    }
    let plan = validate::plan(context)?;
    match &plan.daemon.user {
        Some(name) => crate::config::find_account(name)
            .map(Some)
            .map_err(|e| Problem::new("config.invalid", format!("could not run as {name:?}: {e}"))),
        None => Ok(None),
    }
}

fn common(context: &Context) -> Vec<OsString> {
    vec![
        "daemon".into(),
        "--config".into(),
        context.paths.config.clone().into(),
        "--data".into(),
        context.paths.data.clone().into(),
        "--socket".into(),
        context.paths.socket.clone().into(),
    ]
}

fn with_switches(mut arguments: Vec<OsString>, args: &Args) -> Vec<OsString> {
    if let Some(listen) = &args.listen {
        arguments.extend(["--listen".into(), listen.into()]);
    }
    if let Some(only) = &args.only {
        arguments.extend(["--only".into(), only.into()]);
    }
    if args.exit_when_done {
        arguments.push("--exit-when-done".into());
    }
    arguments
}

/// Becomes the keeper.
fn keep(args: &Args, user: Option<RunAs>, context: &Context) -> Result<Exit, Problem> {
    // One runwisp per data directory, from here to the keeper's end.
    let lock = InstanceLock::take(&context.paths.data).map_err(|error| locked(&error))?;
    writable(&context.paths.data)?;
    if let Some(user) = &user {
        data_dir::hand_over(&context.paths.data, user)?;
        // A daemon for a single run leaves to the next whole one what it did not start.
        if args.only.is_none() {
            daemon::survivors::end_for(&context.paths.data, user);
        }
    }
    let program = runwisp_keeper::own_program().map_err(|e| io_failed("find this program", &e))?;
    let mut daemon_args = with_switches(common(context), args);
    daemon_args.push("--attached".into());
    let loader = user.is_some().then(|| {
        let mut arguments = common(context);
        arguments.push("--load-specs".into());
        arguments
    });
    Ok(ended(runwisp_keeper::run(KeeperOptions {
        program,
        daemon_args,
        daemon_user: user,
        loader,
        cgroup_root: None,
        lock: Some(lock.as_fd().as_raw_fd()),
    })))
}

/// A start needs a directory that can be written. One that becomes read-only later ends nothing: a daemon that comes
/// back goes on with what its keeper holds.
fn writable(dir: &Path) -> Result<(), Problem> {
    let mode = nix::unistd::AccessFlags::W_OK | nix::unistd::AccessFlags::X_OK;
    nix::unistd::access(dir, mode).map_err(|errno| {
        io_failed(format!("write to {}", dir.display()), &errno.into()).help(
            "the history and the output of every run are kept there; --data names another directory.",
        )
    })
}

/// Whether nobody uses the data directory. Only asked: a daemon that is started for a run takes it for itself.
pub(super) fn may_have(dir: &Path) -> Result<(), Problem> {
    if !dir.is_dir() {
        return Ok(());
    }
    let taken = InstanceLock::take(dir);
    taken.map(drop).map_err(|error| {
        locked(&error).help(
            "If that is another `runwisp run` without a daemon, wait for its end; if it is a daemon, name its socket \
             with --socket.",
        )
    })
}

fn locked(error: &LockError) -> Problem {
    let problem = Problem::new("daemon.running", error.to_string());
    match error {
        LockError::Held { .. } => problem.help(
            "`runwisp status` asks the one that runs; --data names another directory for this one.",
        ),
        LockError::Io { .. } => Problem::new("io.failed", error.to_string()),
    }
}

/// Prints what a keeper may run, for the keeper that started this process.
fn load_specs(context: &Context) -> Result<Exit, Problem> {
    let plan = validate::plan(context)?;
    context.out.json_line(&daemon::specs::defined(&plan))?;
    Ok(Exit::Done)
}

/// What an upgrade asks of the program that is to take over, see `daemon/successor.rs`.
fn successor_answers(format: u32, context: &Context) -> Result<Exit, Problem> {
    if runwisp_keeper::can_take_over(format) {
        context.out.line(daemon::successor::YES)?;
        return Ok(Exit::Done);
    }
    Err(Problem::new(
        "upgrade.refused",
        format!(
            "the running keeper holds its state in format {format}, which this version can not read"
        ),
    ))
}

/// Starts a daemon in a session of its own and waits until it is ready.
async fn detach(args: &Args, user: Option<RunAs>, context: &Context) -> Result<Exit, Problem> {
    let client = context.local()?;
    if let Ok(status) = client.get::<Status>(&Uri::new(&["status"])).await {
        let message = format!(
            "a daemon is running here already, pid {}",
            status.daemon.pid
        );
        return Err(Problem::new("daemon.running", message).help(
            "`runwisp restart` replaces it, `runwisp reload` makes it read its configuration.",
        ));
    }
    let arguments = with_switches(common(context), args);
    let status = spawn(&arguments, user, context).await?;
    if context.out.json {
        context.out.document(&status.daemon)?;
    } else {
        context.out.line(&status.daemon.pid.to_string())?;
    }
    Ok(Exit::Done)
}

/// The same for one who wants to see it: with nothing said but where things are.
pub(super) async fn start_detached(context: &Context) -> Result<Status, Problem> {
    check_path(&context.paths.socket)
        .map_err(|e| Problem::new("request.invalid", format!("could not {e}")))?;
    let user = drop_to(context)?;
    data_dir::make(&context.paths.data, user.as_ref())?;
    spawn(&common(context), user, context).await
}

async fn spawn(
    arguments: &[OsString],
    user: Option<RunAs>,
    context: &Context,
) -> Result<Status, Problem> {
    let log = context.paths.data.join("daemon.log");
    let mut spawned = Spawned::new(arguments, log, user.as_ref(), Leash::Loose)?;
    spawned.ready(&context.local()?).await
}
