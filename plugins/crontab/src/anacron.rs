//! From a job of anacron's to a task.
//!
//! Tests: the goldens, and `crate::tests`.

use runwisp_plugin::serde_json::{Value, json};
use runwisp_plugin::{Definition, Kind, Note, Place, Setting};

use crate::anacrontab::{AnacronJob, Meaning};
use crate::description::description;
use crate::note::Code;
use crate::shell;
use crate::table::VARIABLES;
use crate::task::{Built, is_variable, run_parts, setting};

/// Variables that speak to anacron and mean nothing to a command.
const FOR_ANACRON: [&str; 5] = [
    "MAILTO",
    "MAILFROM",
    "START_HOURS_RANGE",
    "PREFERRED_HOUR",
    "RANDOM_DELAY",
];

/// Builds a task with the name the job has. `notifier` hears of failures.
pub(crate) fn build(job: &AnacronJob, place: Place, notifier: Option<&str>) -> Built {
    let refused = |code: Code, message: &str| Built {
        definition: None,
        notes: vec![code.note(place.clone(), message)],
    };
    let meaning = match &job.meaning {
        Ok(_) if !job.utf8 => {
            let message =
                "the line is not UTF-8; convert the file with `iconv`, then import it again";
            return refused(Code::Encoding, message);
        }
        Ok(meaning) => meaning,
        Err(why) => return refused(Code::Line, why),
    };
    Built {
        notes: notes(job, meaning, &place),
        definition: Some(Definition {
            kind: Kind::Task,
            name: meaning.name.clone(),
            settings: settings(job, meaning, notifier),
            comments: Vec::new(),
            source: place,
            runnable: true,
        }),
    }
}

fn notes(job: &AnacronJob, meaning: &Meaning, place: &Place) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut say = |code: Code, message: String| notes.push(code.note(place.clone(), message));
    if shell::goes_on_after_failure(&meaning.command) {
        let message = "anacron's shell goes on when a command fails; without `set +e` runwisp's would stop there";
        say(Code::GoesOn, message.to_owned());
    }
    if job.too_many {
        say(
            Code::VariableName,
            format!("the table sets more than {VARIABLES} variables; the others are left out"),
        );
    }
    let period = &meaning.period;
    if meaning.interval {
        say(
            Code::Period,
            format!(
                "anacron runs it {period} at no fixed time; `@every` counts from the moment runwisp first sees it"
            ),
        );
    } else {
        let cron = &meaning.cron;
        say(
            Code::Anacron,
            format!(
                "anacron runs it {period} when the machine is on; here at `{cron}`, made up for if that was missed"
            ),
        );
    }
    if let Some(range) = job.variable("START_HOURS_RANGE") {
        say(
            Code::StartHours,
            format!(
                "START_HOURS_RANGE={range} gives the first hour; a run that is made up for may start outside of it"
            ),
        );
    }
    let main = shell::main_command(&meaning.command);
    if let Some(folder) = main.as_ref().and_then(run_parts) {
        say(
            Code::RunParts,
            format!("one task runs all scripts in {folder}, which stay there"),
        );
    }
    notes
}

fn settings(job: &AnacronJob, meaning: &Meaning, notifier: Option<&str>) -> Vec<Setting> {
    let run = match shell::goes_on_after_failure(&meaning.command) {
        true => format!("set +e; {}", meaning.command),
        false => meaning.command.clone(),
    };
    let jitter = job
        .variable("RANDOM_DELAY")
        .and_then(|text| text.trim().parse::<u32>().ok());
    let jitter = jitter.filter(|minutes| (1..=24 * 60).contains(minutes) && !meaning.interval);
    let mut settings = vec![setting(&["run"], &json!(run), None)];
    let mut set = |path: &[&str], value: Option<Value>, note: Option<&str>| {
        settings.extend(value.map(|value| setting(path, &value, note)));
    };
    set(
        &["description"],
        description(&job.comments).map(Value::from),
        None,
    );
    set(&["cron"], Some(json!(meaning.cron)), None);
    set(
        &["jitter"],
        jitter.map(|minutes| json!(format!("{minutes}m"))),
        None,
    );
    set(
        &["catch_up"],
        Some(json!(1)),
        Some("anacron makes up for a missed run, once"),
    );
    set(&["user"], Some(json!("root")), None);
    set(&["working_dir"], Some(json!("/")), None);
    set(&["env_base"], Some(json!("clean")), None);
    for (name, value) in job.variables.iter() {
        let default = name == "LOGNAME" || (name == "SHELL" && value == "/bin/sh");
        if is_variable(name) && !default && !FOR_ANACRON.contains(&name.as_str()) {
            set(&["env", name], Some(json!(value)), None);
        }
    }
    set(&["notify_on_failure"], notifier.map(|id| json!([id])), None);
    settings
}
