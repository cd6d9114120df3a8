//! Generated configurations, read by supervisord 4.3.0 itself and by the importer: the same are refused, and of the
//! others the same processes come out, with the same arguments, variables, directories and settings.
//!
//! What the importer leaves to the shell at run time is run, by `/bin/sh`, as runwisp would run it.

mod expand;
mod generate;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use runwisp_plugin::testing::Host;
use runwisp_plugin::{Conversion, Note, Weight};
use runwisp_supervisord::Supervisord;
use serde_json::{Value, json};

use expand::Processes;

/// The files of a configuration by their names, `supervisord.conf` among them.
type Texts = BTreeMap<String, String>;

/// How many configurations.
const TEXTS: u64 = 600;

/// The environment that both read them in.
pub(super) fn environment() -> BTreeMap<String, String> {
    [
        ("PATH", "/usr/bin:/bin"),
        ("HOME_X", "/srv/h"),
        ("PORT_X", "81"),
        ("N_X", "2"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The interpreter that has supervisor, in the target folder that this test was built in.
fn python() -> PathBuf {
    let me = std::env::current_exe().unwrap();
    let places = me
        .ancestors()
        .map(|folder| folder.join("tools/venv/bin/python"));
    places.clone().find(|path| path.exists()).unwrap_or_else(|| {
        panic!("no tools/venv/bin/python above {}; run `cargo xtask setup`, which installs what the comparison needs", me.display())
    })
}

fn ask_supervisord(folder: &Path, texts: &[Texts]) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/differential/real.py");
    let mut child = Command::new(python())
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let batch = json!({ "env": environment(), "folder": folder, "texts": texts });
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(batch.to_string().as_bytes()).unwrap();
    drop(stdin);
    let out = child.wait_with_output().unwrap();
    assert!(
        out.status.success(),
        "supervisor 4.3.0 could not be asked; run `cargo xtask setup`, which installs it"
    );
    serde_json::from_slice(&out.stdout).unwrap()
}

fn convert(texts: &Texts, folder: &Path, options: &Value) -> Result<Conversion, Vec<Note>> {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let files = texts.iter().map(|(name, text)| (path(name), text.as_str()));
    Host::new()
        .with_files(runwisp_plugin::testing::Files::map(files))
        .convert::<Supervisord>(&[&path("supervisord.conf")], &options.to_string())
}

/// Codes for which supervisord refuses a file. A variable that nobody has given is one too.
fn refuses(code: &str) -> bool {
    let known = runwisp_supervisord::codes::ALL;
    known
        .iter()
        .any(|known| known.name == code && known.refused)
        || code == "env-var-missing"
}

/// The codes of a conversion that stand for a refusal.
fn refusals(result: &Result<Conversion, Vec<Note>>) -> Vec<String> {
    let notes: Vec<&Note> = match result {
        Err(notes) => notes.iter().collect(),
        Ok(conversion) => {
            let rows = conversion.report.iter().flat_map(|row| &row.notes);
            rows.chain(&conversion.notes).collect()
        }
    };
    let codes = notes.iter().map(|note| note.code.clone());
    codes.filter(|code| refuses(code)).collect()
}

/// Whether a text is not known that supervisord knows: a variable of its environment, or the table of all of them. What
/// it makes of the text around it can't be told then.
fn unknown_text(result: &Result<Conversion, Vec<Note>>) -> bool {
    let rows = result.iter().flat_map(|conversion| &conversion.report);
    let mut codes = rows
        .flat_map(|row| &row.notes)
        .map(|note| note.code.as_str());
    codes.any(|code| matches!(code, "env-expansion-kept" | "percent-table"))
}

/// The programs that the importer blocks although supervisord loads them: their processes are left out.
fn blocked(conversion: &Conversion) -> Vec<String> {
    let rows = conversion
        .report
        .iter()
        .filter(|row| row.notes.iter().any(|note| note.weight == Weight::Blocking));
    rows.map(|row| row.section[1..row.section.len() - 1].to_owned())
        .collect()
}

#[test]
fn supervisord_and_the_importer_read_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let world = generate::World::new(folder.path());
    let texts: Vec<Texts> = (0..TEXTS)
        .map(|seed| generate::texts(seed, &world))
        .collect();
    let answers = ask_supervisord(folder.path(), &texts);
    let mut compared = 0;
    let (mut refused, mut untold) = (0, 0);
    for (seed, (text, answer)) in texts.iter().zip(&answers).enumerate() {
        let place = folder.path().join(seed.to_string());
        // Every other one is told the environment; the others keep what they are not told.
        let told = seed % 2 == 0;
        let options = if told {
            json!({ "env": environment() })
        } else {
            json!({})
        };
        let result = convert(text, &place, &options);
        let all: Vec<String> = text
            .iter()
            .map(|(name, text)| format!("--- {name}\n{text}"))
            .collect();
        let context = format!("seed {seed}\n{}\nsupervisord: {answer:#}\n", all.concat());
        let mut refusals = refusals(&result);
        if let Some(why) = answer.get("refused") {
            // What depends on the machine is not looked up.
            let machine = ["Invalid user", "does not exist", "is not an existing"];
            let why = why.as_str().unwrap();
            let excused = machine.iter().any(|part| why.contains(part)) || unknown_text(&result);
            assert!(
                excused || !refusals.is_empty(),
                "supervisord refuses this and the importer does not: {why}\n{context}"
            );
            refused += 1;
            continue;
        }
        // Not told a variable, the importer blocks what needs it.
        if !told {
            refusals.retain(|code| code != "env-var-missing");
        }
        assert!(
            refusals.is_empty(),
            "the importer refuses this and supervisord does not: {refusals:?}\n{context}"
        );
        let Ok(conversion) = result else {
            panic!("the importer can't read this\n{context}");
        };
        let blocked = blocked(&conversion);
        let theirs = Processes::theirs(answer, &blocked);
        let Some(ours) = Processes::ours(&conversion, &world) else {
            untold += 1;
            continue;
        };
        assert_eq!(
            ours, theirs,
            "ours (left) and theirs (right) differ\n{context}"
        );
        compared += theirs.count();
    }
    // Both sides have to have been seen for the comparison to mean something.
    assert!(compared > 600, "only {compared} processes were compared");
    assert!(refused > 60, "only {refused} configurations were refused");
    assert!(untold < 20, "{untold} configurations could not be run");
}
