//! `runwisp service`: systemd starts the daemon at boot, or at a user's first login.
//!
//! Invariant: a unit that somebody wrote or edited is never overwritten or removed without `--force`; doing it twice is
//! doing it once. Tests: `unit_file.rs`.

mod unit_file;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Serialize;

use self::unit_file::{Found, Owner, compare, is_transient, unit_file};
use super::context::{Context, io_failed};
use crate::wire::Problem;
use crate::wire::codes::Exit;

/// The unit's name.
const UNIT: &str = "runwisp.service";

/// What to do.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Write the unit, enable and start it
    Install {
        /// A unit of the calling user's own systemd
        #[arg(long)]
        user: bool,
        /// Print the unit and do nothing
        #[arg(long)]
        print: bool,
        /// Write the unit, but neither enable nor start it
        #[arg(long)]
        no_start: bool,
        /// Overwrite a unit that was edited or written by somebody else
        #[arg(long)]
        force: bool,
        /// The program to start; default: this one
        #[arg(long, value_name = "PATH")]
        binary: Option<PathBuf>,
    },
    /// Stop and disable the unit and remove it; data stays
    Uninstall {
        /// The calling user's unit
        #[arg(long)]
        user: bool,
        /// Remove a unit that was edited or written by somebody else
        #[arg(long)]
        force: bool,
    },
    /// Show whether it is installed, enabled and running; ends with 3 when it does not run, 4 when it is not installed
    Status {
        /// The calling user's unit
        #[arg(long)]
        user: bool,
    },
}

#[derive(Debug, Serialize)]
struct Report {
    installed: bool,
    enabled: bool,
    active: bool,
    /// Whether the file is one that `install` wrote and nobody has edited.
    unchanged: bool,
    path: String,
}

/// Does it.
pub(super) fn run(args: &Args, context: &Context) -> Result<Exit, Problem> {
    match &args.what {
        What::Install {
            user,
            print,
            no_start,
            force,
            binary,
        } => {
            let owner = owner(*user);
            let program = program(binary.as_deref())?;
            let text = unit_file(owner, &program, &context.paths.config, &context.paths.data);
            if *print {
                context.out.text(&text)?;
                return Ok(Exit::Done);
            }
            may_install(owner, &program, context)?;
            install(owner, &text, *force, !*no_start, context)
        }
        What::Uninstall { user, force } => uninstall(owner(*user), *force, context),
        What::Status { user } => status(owner(*user), context),
    }
}

fn owner(user: bool) -> Owner {
    if user { Owner::User } else { Owner::System }
}

fn refused(message: impl Into<String>, help: &str) -> Problem {
    Problem::new("service.refused", message).help(help)
}

fn program(said: Option<&Path>) -> Result<PathBuf, Problem> {
    match said {
        Some(path) => {
            std::path::absolute(path).map_err(|e| io_failed(format!("find {}", path.display()), &e))
        }
        None => runwisp_keeper::own_program().map_err(|e| io_failed("find this program", &e)),
    }
}

fn may_install(owner: Owner, program: &Path, context: &Context) -> Result<(), Problem> {
    let root = nix::unistd::geteuid().is_root();
    if owner == Owner::System && !root {
        return Err(refused(
            "only root installs a unit for the whole machine",
            "Run it with sudo, or give --user for a unit of your own.",
        ));
    }
    if owner == Owner::User && root && std::env::var_os("SUDO_USER").is_some() {
        return Err(refused(
            "with sudo, --user would be root's own systemd",
            "Run it without sudo.",
        ));
    }
    if is_transient(program) {
        return Err(refused(
            format!(
                "{} may be gone after the next boot or build",
                program.display()
            ),
            "Copy it to /usr/local/bin first, or name another place with --binary.",
        ));
    }
    super::validate::plan(context).map(drop)
}

fn path(owner: Owner) -> Result<PathBuf, Problem> {
    if owner == Owner::System {
        return Ok(Path::new("/etc/systemd/system").join(UNIT));
    }
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CONFIG_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".config")))
        .map(|config| config.join("systemd/user").join(UNIT))
        .ok_or_else(|| {
            Problem::new(
                "io.failed",
                "could not find a home directory: HOME is not set",
            )
        })
}

fn read(path: &Path) -> Result<Option<String>, Problem> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(io_failed(format!("read {}", path.display()), &e)),
    }
}

fn guard(path: &Path, found: Found, force: bool) -> Result<(), Problem> {
    let why = match found {
        Found::Same | Found::Ours => return Ok(()),
        _ if force => return Ok(()),
        Found::Edited => "has been edited since it was installed",
        Found::Foreign => "was not written by runwisp",
    };
    Err(refused(
        format!("{} {why}", path.display()),
        "Look at it, then give --force to replace or remove it.",
    ))
}

fn install(
    owner: Owner,
    text: &str,
    force: bool,
    start: bool,
    context: &Context,
) -> Result<Exit, Problem> {
    let path = path(owner)?;
    let found = read(&path)?.map(|found| compare(&found, text));
    if let Some(found) = found {
        guard(&path, found, force)?;
    }
    if found != Some(Found::Same) {
        write(&path, text)?;
        systemctl(owner, &["daemon-reload"])?;
        context.out.message(&format!("wrote {}", path.display()));
    }
    if start {
        systemctl(owner, &["enable", "--now", UNIT])?;
        context.out.message("enabled and started");
    }
    if owner == Owner::User {
        context.out.message(
            "it runs while you are logged in; `loginctl enable-linger` makes it run from boot on",
        );
    }
    report(owner, context).map(|_| Exit::Done)
}

/// Writes beside and renames: a crash leaves the old unit or the new one.
fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let failed = |e: std::io::Error| io_failed(format!("write {}", path.display()), &e);
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(failed)?;
    }
    let fresh = path.with_extension("service.new");
    fs::write(&fresh, text).map_err(failed)?;
    fs::File::open(&fresh)
        .and_then(|f| f.sync_all())
        .map_err(failed)?;
    fs::rename(&fresh, path).map_err(failed)
}

fn uninstall(owner: Owner, force: bool, context: &Context) -> Result<Exit, Problem> {
    let path = path(owner)?;
    let Some(found) = read(&path)? else {
        context.out.message("it is not installed");
        return Ok(Exit::Done);
    };
    guard(&path, compare(&found, ""), force)?;
    systemctl(owner, &["disable", "--now", UNIT])?;
    fs::remove_file(&path).map_err(|e| io_failed(format!("remove {}", path.display()), &e))?;
    systemctl(owner, &["daemon-reload"])?;
    context.out.message(&format!(
        "removed {}; data in {} stays",
        path.display(),
        context.paths.data.display()
    ));
    Ok(Exit::Done)
}

fn status(owner: Owner, context: &Context) -> Result<Exit, Problem> {
    let report = report(owner, context)?;
    Ok(match (report.installed, report.active) {
        (true, true) => Exit::Done,
        (true, false) => Exit::NotRunning,
        (false, _) => Exit::Unknown,
    })
}

fn report(owner: Owner, context: &Context) -> Result<Report, Problem> {
    let path = path(owner)?;
    let found = read(&path)?;
    let says = |question: &str| ask(owner, question);
    let report = Report {
        installed: found.is_some(),
        enabled: says("is-enabled"),
        active: says("is-active"),
        unchanged: found
            .is_some_and(|text| matches!(compare(&text, ""), Found::Ours | Found::Same)),
        path: path.to_string_lossy().into_owned(),
    };
    if context.out.json {
        context.out.document(&report)?;
    } else {
        let yes = |is: bool| if is { "yes" } else { "no" };
        context.out.text(&format!(
            "unit       {}\ninstalled  {}\nenabled    {}\nrunning    {}\nunchanged  {}\n",
            report.path,
            yes(report.installed),
            yes(report.enabled),
            yes(report.active),
            yes(report.unchanged)
        ))?;
    }
    Ok(report)
}

fn command(owner: Owner, words: &[&str]) -> Command {
    let mut command = Command::new("systemctl");
    if owner == Owner::User {
        command.arg("--user");
    }
    command.args(words).stdin(Stdio::null());
    command
}

fn systemctl(owner: Owner, words: &[&str]) -> Result<(), Problem> {
    let answer = command(owner, words).output().map_err(|e| {
        io_failed("execute systemctl", &e)
            .help("This needs systemd; elsewhere, let your own init start `runwisp daemon`.")
    })?;
    if answer.status.success() {
        return Ok(());
    }
    Err(Problem::new(
        "io.failed",
        format!(
            "systemctl {} failed: {}",
            words.join(" "),
            String::from_utf8_lossy(&answer.stderr).trim()
        ),
    ))
}

/// A yes-or-no question; a machine without systemd says no.
fn ask(owner: Owner, question: &str) -> bool {
    command(owner, &[question, "--quiet", UNIT])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
