//! What becomes of log files, their sizes and what else happens to output.
//!
//! Tests: `crate::tests`, the goldens.

use crate::codes;
use crate::program::{Parts, Program};
use crate::sheet::Sheet;
use crate::value::LogFile;

/// `log_max_size`, where it is written; everything else about output is remarked.
pub(crate) fn translate(sheet: &mut Sheet<'_>, program: &Program, parts: &Parts) -> Option<String> {
    let mut kept_elsewhere = Vec::new();
    for log in &parts.logs {
        let key = format!("{}_logfile", log.stream);
        let ignored = log.stream == "stderr" && program.redirect_stderr;
        match &log.file {
            LogFile::Path(path) if ignored => {
                let _ = path;
                sheet.remark(
                    &codes::STDERR_LOGFILE_IGNORED,
                    &key,
                    "with `redirect_stderr=true`, supervisord ignores `stderr_logfile`",
                );
            }
            LogFile::Path(path) if is_own_output(path) => {
                let message = format!(
                    "`{key}` hands output to supervisord's own; here it is kept and read by `runwisp logs`"
                );
                sheet.dropped(&codes::LOG_PASSTHROUGH, &key, message);
            }
            LogFile::Path(_) => kept_elsewhere.push(key),
            LogFile::Off if sheet.has(&key) && !ignored => {
                let message =
                    format!("`{key}` throws output away; here it is kept, within `log_max_size`");
                sheet.dropped(&codes::LOG_OFF, &key, message);
            }
            LogFile::Syslog => syslog(sheet, &key),
            LogFile::Auto | LogFile::Off => {}
        }
        if log.syslog {
            syslog(sheet, &format!("{}_syslog", log.stream));
        }
    }
    dropped_files(sheet, kept_elsewhere);
    if program.captures {
        let key = [
            "stdout_capture_maxbytes",
            "stderr_capture_maxbytes",
            "stdout_events_enabled",
            "stderr_events_enabled",
        ]
        .into_iter()
        .find(|key| sheet.has(key))
        .unwrap_or_default();
        sheet.dropped(
            &codes::EVENTS_DROPPED,
            key,
            "output is not turned into events here",
        );
    }
    size(sheet, parts)
}

fn syslog(sheet: &mut Sheet<'_>, key: &str) {
    let message =
        format!("`{key}` sends output to syslog; here it is kept and read by `runwisp logs`");
    sheet.dropped(&codes::LOG_TARGET_DROPPED, key, message);
}

/// One remark for the files and what is rotated of them.
fn dropped_files(sheet: &mut Sheet<'_>, mut keys: Vec<String>) {
    for key in ["stdout_logfile_backups", "stderr_logfile_backups"] {
        if sheet.has(key) {
            keys.push(key.to_owned());
        }
    }
    let Some(first) = keys.first().cloned() else {
        return;
    };
    let names: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    let message = format!(
        "{} {verb} not carried over: output is kept by runwisp and read by `runwisp logs`",
        names.join(", ")
    );
    sheet.dropped(&codes::LOG_FILE_DROPPED, &first, message);
}

fn size(sheet: &mut Sheet<'_>, parts: &Parts) -> Option<String> {
    let mut largest = None;
    for log in &parts.logs {
        let key = format!("{}_logfile_maxbytes", log.stream);
        if !sheet.has(&key) {
            continue;
        }
        if log.max_bytes < 1 {
            let message = format!(
                "`{key}` is without limit; here each run keeps `log_max_size`, 100mb unless set"
            );
            // Without rotation is how output is handed on; that has been remarked.
            let handed_on = matches!(&log.file, LogFile::Path(path) if is_own_output(path));
            if !handed_on && log.file != LogFile::Off {
                sheet.dropped(&codes::LOG_UNBOUNDED, &key, message);
            }
            continue;
        }
        largest = largest.max(Some(log.max_bytes));
    }
    largest.map(shown)
}

/// Whether a path is the standard output or error of whoever opens it.
fn is_own_output(path: &str) -> bool {
    matches!(
        path,
        "/dev/stdout" | "/dev/stderr" | "/dev/fd/1" | "/dev/fd/2" | "/dev/tty" | "/dev/console"
    ) || (path.starts_with("/proc/") && (path.ends_with("/fd/1") || path.ends_with("/fd/2")))
}

/// A number of bytes as people write it.
pub(crate) fn shown(bytes: i64) -> String {
    for (unit, scale) in [("gb", 1 << 30), ("mb", 1 << 20), ("kb", 1 << 10)] {
        if bytes % scale == 0 {
            return format!("{}{unit}", bytes / scale);
        }
    }
    bytes.to_string()
}
