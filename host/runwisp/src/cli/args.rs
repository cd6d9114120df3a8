//! What every verb takes, and the list of verbs. The arguments of a single verb stand in its own file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::{
    audit, certificate, compile_plugin, completions, daemon, deliveries, demo, explain, import,
    list, logs, man, next, notifications, notify, openapi, password, plugin, reload, restart, run,
    runs, schema, search, service, signal, start, status, stop, token, tui, upgrade, validate,
    version,
};

/// Keeps services alive, runs scheduled tasks, and keeps what they said
///
/// One program in place of a process supervisor and cron. A daemon runs what runwisp.toml defines; every other
/// command talks to it over a Unix socket, or works on the file alone. Without a command, on a terminal, the terminal UI
/// opens; a daemon is started for it when none runs.
#[derive(Debug, Parser)]
#[command(
    name = "runwisp",
    version,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 done, 1 failed, 2 usage, 3 not running, 4 no such unit or no daemon, 5 refused, 78 bad configuration."
)]
pub struct Cli {
    /// What every verb takes.
    #[command(flatten)]
    pub global: Global,
    /// The verb; without one, the terminal UI.
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// What every verb takes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The root configuration file
    ///
    /// Default: /etc/runwisp/runwisp.toml for root; else ./runwisp.toml if it exists, else
    /// ~/.config/runwisp/runwisp.toml.
    #[arg(
        short,
        long,
        global = true,
        value_name = "FILE",
        env = "RUNWISP_CONFIG",
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,
    /// Where history and logs are kept
    ///
    /// Default: /var/lib/runwisp for root, else ~/.local/state/runwisp.
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "RUNWISP_DATA",
        hide_env_values = true
    )]
    pub data: Option<PathBuf>,
    /// The daemon's Unix socket; default: runwisp.sock in the data directory
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "RUNWISP_SOCKET",
        hide_env_values = true
    )]
    pub socket: Option<PathBuf>,
    /// A daemon elsewhere, such as https://host:9477
    ///
    /// Asked in place of the one at --socket. --socket or --data on the command line win over RUNWISP_URL.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "RUNWISP_URL",
        hide_env_values = true,
        help_heading = "Elsewhere"
    )]
    pub url: Option<String>,
    /// The file with the token for --url; the token itself may be in RUNWISP_TOKEN
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "RUNWISP_TOKEN_FILE",
        hide_env_values = true,
        help_heading = "Elsewhere"
    )]
    pub token_file: Option<PathBuf>,
    /// Believe this certificate of --url alone: its SHA-256 fingerprint
    ///
    /// Default: whatever the roots of this machine vouch for.
    #[arg(
        long,
        global = true,
        value_name = "SHA256",
        env = "RUNWISP_FINGERPRINT",
        hide_env_values = true,
        help_heading = "Elsewhere"
    )]
    pub fingerprint: Option<String>,
    /// Send the token to --url even in clear text
    #[arg(long, global = true, help_heading = "Elsewhere")]
    pub allow_insecure: bool,
    /// Print JSON on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing beside results and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// No colours; also with NO_COLOR set, and when not on a terminal
    #[arg(long, global = true)]
    pub no_color: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run services and tasks, in the foreground
    Daemon(daemon::Args),
    /// Run a task now, show its output, end with its exit code
    Run(run::Args),
    /// Start services, or run tasks once
    Start(start::Args),
    /// Stop services, tasks or single runs; without a target, everything
    Stop(stop::Args),
    /// Restart services or tasks; without a target, the daemon alone
    Restart(restart::Args),
    /// Put a changed configuration in force
    Reload(reload::Args),
    /// Send a signal to what runs of a unit
    Signal(signal::Args),
    /// Open the terminal UI of a daemon that runs
    Tui(tui::Args),
    /// Show a throwaway daemon with a made-up shop and a day of its past
    Demo(demo::Args),
    /// Show what is running
    Status(status::Args),
    /// Show what the configuration defines
    List(list::Args),
    /// Show the history of runs
    Runs(runs::Args),
    /// Show or follow output
    Logs(logs::Args),
    /// Search the output of all runs that are kept
    Search(search::Args),
    /// Show messages that were sent, that wait, and that did not arrive
    Deliveries(deliveries::Args),
    /// Show the bell: what happened that people should know
    Notifications(notifications::Args),
    /// Try notifiers
    Notify(notify::Args),
    /// Check the configuration
    Validate(validate::Args),
    /// Print the JSON Schema of runwisp.toml
    Schema(schema::Args),
    /// Print the description of the HTTP API (OpenAPI)
    Openapi(openapi::Args),
    /// Say why the last ticks of a task ran or did not, and when the next ones are
    Explain(explain::Args),
    /// Show when tasks, or any cron expression, fire next
    Next(next::Args),
    /// Replace the running program by the one on disk; what runs goes on
    Upgrade(upgrade::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// Print the manual page, or write all of them
    Man(man::Args),
    /// Print the version
    Version(version::Args),
    /// Make systemd start the daemon
    Service(service::Args),
    /// Turn what another program is configured with into a configuration
    Import(import::Args),
    /// Show or set the password of the page
    Password(password::Args),
    /// Make, list and revoke tokens for programs that use the API
    Token(token::Args),
    /// Show who did what
    Audit(audit::Args),
    /// Print the fingerprint of the certificate
    Certificate(certificate::Args),
    /// See, install and try plugins
    Plugin(plugin::Args),
    /// Compile a component
    #[command(hide = true)]
    CompilePlugin(compile_plugin::Args),
}

impl Verb {
    /// Whether it asks a daemon, so that one elsewhere may be meant.
    pub fn asks(&self) -> bool {
        match self {
            Verb::Run(_)
            | Verb::Start(_)
            | Verb::Stop(_)
            | Verb::Restart(_)
            | Verb::Reload(_)
            | Verb::Signal(_)
            | Verb::Status(_)
            | Verb::Runs(_)
            | Verb::Logs(_)
            | Verb::Search(_)
            | Verb::Deliveries(_)
            | Verb::Notifications(_)
            | Verb::Notify(_)
            | Verb::Explain(_)
            | Verb::Password(_)
            | Verb::Token(_)
            | Verb::Audit(_)
            | Verb::Certificate(_)
            | Verb::Tui(_)
            | Verb::Upgrade(_)
            | Verb::Version(_) => true,
            Verb::Daemon(_)
            | Verb::Demo(_)
            | Verb::List(_)
            | Verb::Validate(_)
            | Verb::Schema(_)
            | Verb::Openapi(_)
            | Verb::Next(_)
            | Verb::Completions(_)
            | Verb::Man(_)
            | Verb::Service(_)
            | Verb::Import(_)
            | Verb::Plugin(_)
            | Verb::CompilePlugin(_) => false,
        }
    }
}
