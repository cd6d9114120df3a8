//! How a run ended: one pure function from what is known of it to its outcome and the cause in plain words.
//!
//! | known | outcome |
//! | --- | --- |
//! | the command could not be executed | what was asked of it before that, else `start_failed` |
//! | something was asked of it first | what was asked: `stopped`, `timeout`, `unhealthy`, `log_overflow`, `daemon_stopped` |
//! | a line matched `fail_on_output` | `failed` |
//! | a code that counts as success | `succeeded` |
//! | anything else, and the kernel ran out of memory for it | `oom_killed` |
//! | anything else | `failed` |

use std::time::Duration;

use super::plain;
use crate::words::keeper::Exit;
use crate::words::run::Outcome;
use crate::words::signal::Signal;

/// Why runwisp itself ends a run. The first cause stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cause {
    /// An operator, or what acts like one: a restart, a reload, an overlap. With the reason in plain words.
    Asked(&'static str),
    /// It took longer than its `timeout`.
    Timeout(Duration),
    /// Its health check or watchdog gave up on it, and why.
    Unhealthy(String),
    /// It printed more than this many bytes.
    LogFull(u64),
    /// A line of its output matched; which one is kept beside the cause.
    Matched,
    /// The daemon is stopping.
    DaemonStopping,
}

/// All that is known of a run that is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct End<'a> {
    /// Why it could not be executed.
    pub(crate) start_failed: Option<&'a str>,
    /// How its main process ended; none when there never was one.
    pub(crate) exit: Option<&'a Exit>,
    /// What was asked of it before it ended.
    pub(crate) cause: Option<&'a Cause>,
    /// The pattern of `fail_on_output` that matched.
    pub(crate) matched: Option<&'a str>,
    /// The stop signal it ignored for so long that it was killed.
    pub(crate) outlived: Option<(Signal, Duration)>,
    /// Whether it left processes behind that had to be ended.
    pub(crate) leftovers: bool,
    /// Whether it is given up, still alive.
    pub(crate) abandoned: bool,
    /// Bytes it printed that are not kept.
    pub(crate) dropped: u64,
    /// Codes that count as success.
    pub(crate) exit_codes: &'a [i32],
}

/// The outcome, and the cause where there is something to say.
pub(crate) fn decide(end: &End) -> (Outcome, Option<String>) {
    let (outcome, message) = judge(end);
    let mut parts: Vec<String> = message.into_iter().collect();
    match (end.outlived, end.leftovers) {
        (Some((signal, grace)), false) => {
            let grace = plain::length(grace);
            parts.push(format!(
                "did not stop within {grace} after {signal}; killed"
            ));
        }
        (Some(_), true) => parts.push("left processes behind, which had to be killed".to_owned()),
        (None, true) => parts.push("left processes behind, which were ended".to_owned()),
        (None, false) => {}
    }
    if end.abandoned {
        parts.push("would not die, and was left".to_owned());
    }
    if end.dropped > 0 {
        if parts.is_empty() {
            parts.extend(end.exit.map(cause_of_death));
        }
        parts.push(format!("{} of output not kept", plain::size(end.dropped)));
    }
    (outcome, (!parts.is_empty()).then(|| parts.join("; ")))
}

fn judge(end: &End) -> (Outcome, Option<String>) {
    match (end.cause, end.start_failed) {
        (Some(Cause::Asked(why)), _) => (Outcome::Stopped, Some((*why).to_owned())),
        (Some(Cause::Timeout(limit)), _) => {
            let limit = plain::length(*limit);
            (Outcome::Timeout, Some(format!("ran longer than {limit}")))
        }
        (Some(Cause::Unhealthy(why)), _) => (Outcome::Unhealthy, Some(why.clone())),
        (Some(Cause::LogFull(limit)), _) => {
            let limit = plain::size(*limit);
            (
                Outcome::LogOverflow,
                Some(format!("printed more than {limit}")),
            )
        }
        (Some(Cause::DaemonStopping), _) => {
            let why = "runwisp was told to stop";
            (Outcome::DaemonStopped, Some(why.to_owned()))
        }
        (None, Some(why)) => (Outcome::StartFailed, Some(why.to_owned())),
        (Some(Cause::Matched) | None, _) => judge_exit(end),
    }
}

/// It ended by itself.
fn judge_exit(end: &End) -> (Outcome, Option<String>) {
    let Some(exit) = end.exit else {
        let why = "how it ended is not known";
        return (Outcome::Interrupted, Some(why.to_owned()));
    };
    if let Some(pattern) = end.matched {
        let why = format!("its output matched {pattern:?}");
        return (Outcome::Failed, Some(why));
    }
    let succeeded = exit.code.is_some_and(|c| end.exit_codes.contains(&c));
    match (succeeded, exit.oom) {
        (true, false) => (Outcome::Succeeded, None),
        (true, true) => {
            let why = "one of its processes was killed by the kernel: out of memory";
            (Outcome::Succeeded, Some(why.to_owned()))
        }
        (false, true) => {
            let why = "killed by the kernel: out of memory";
            (Outcome::OomKilled, Some(why.to_owned()))
        }
        (false, false) => (Outcome::Failed, Some(cause_of_death(exit))),
    }
}

fn cause_of_death(exit: &Exit) -> String {
    match (exit.code, exit.signal) {
        (Some(code), _) => plain::exited(code),
        (None, Some(signal)) => format!("killed by {}", Signal(signal)),
        (None, None) => "how it ended is not known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::time::Mono;

    fn exit(code: Option<i32>, signal: Option<i32>, oom: bool) -> Exit {
        Exit {
            code,
            signal,
            oom,
            cpu: Duration::ZERO,
            max_rss_bytes: 0,
            mono: Mono(0),
            wall: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    fn check(end: End, outcome: &str, message: &str) {
        let (got, why) = decide(&End {
            exit_codes: &[0, 3],
            ..end
        });
        assert_eq!(
            (got.as_str(), why.as_deref().unwrap_or("")),
            (outcome, message)
        );
    }

    #[test]
    fn output_that_is_not_kept_is_told_of_after_the_end() {
        let (ok, bad) = (exit(Some(0), None, false), exit(Some(3), None, false));
        let lost = |exit, dropped| End {
            exit: Some(exit),
            dropped,
            ..End::default()
        };
        check(lost(&ok, 0), "succeeded", "");
        check(
            lost(&ok, 1536),
            "succeeded",
            "exited 0; 1.5 KiB of output not kept",
        );
        check(
            lost(&bad, 12),
            "succeeded",
            "exited 3; 12 bytes of output not kept",
        );
        let full = Cause::LogFull(1 << 20);
        let killed = End {
            cause: Some(&full),
            ..lost(&bad, 5)
        };
        check(
            killed,
            "log_overflow",
            "printed more than 1 MiB; 5 bytes of output not kept",
        );
    }

    #[test]
    fn an_end_of_its_own_is_judged_by_code_signal_and_output() {
        let of = |e: &'static Exit| End {
            exit: Some(e),
            ..End::default()
        };
        let leak = |e| Box::leak(Box::new(e)) as &'static Exit;
        let ok = leak(exit(Some(0), None, false));
        check(of(ok), "succeeded", "");
        check(of(leak(exit(Some(3), None, false))), "succeeded", "");
        let temporary = leak(exit(Some(75), None, false));
        check(of(temporary), "failed", "exited 75 (temporary failure)");
        check(
            of(leak(exit(None, Some(11), false))),
            "failed",
            "killed by SIGSEGV",
        );
        let oom = leak(exit(None, Some(9), true));
        check(of(oom), "oom_killed", "killed by the kernel: out of memory");
        let matched = End {
            matched: Some("ERROR"),
            ..of(ok)
        };
        check(matched, "failed", "its output matched \"ERROR\"");
        let left = End {
            leftovers: true,
            ..of(ok)
        };
        check(left, "succeeded", "left processes behind, which were ended");
    }

    #[test]
    fn what_was_asked_of_it_names_the_outcome() {
        let died = exit(None, Some(9), false);
        let asked = |cause| End {
            exit: Some(&died),
            cause: Some(cause),
            ..End::default()
        };
        let limit = Cause::Timeout(Duration::from_secs(90));
        check(asked(&limit), "timeout", "ran longer than 1m30s");
        let full = Cause::LogFull(100 << 20);
        check(asked(&full), "log_overflow", "printed more than 100 MiB");
        let stubborn = End {
            outlived: Some((Signal::TERM, Duration::from_secs(5))),
            ..asked(&Cause::Asked("stopped by an operator"))
        };
        let why = "stopped by an operator; did not stop within 5s after SIGTERM; killed";
        check(stubborn, "stopped", why);
    }

    #[test]
    fn a_command_that_could_not_be_executed_says_why() {
        let failed = End {
            start_failed: Some("exec /bin/foo: no such file or directory"),
            ..End::default()
        };
        let why = "exec /bin/foo: no such file or directory";
        check(failed, "start_failed", why);
        check(End::default(), "interrupted", "how it ended is not known");
    }
}
