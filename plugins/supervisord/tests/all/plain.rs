//! Commands that are written as text are read back by the host as the very same words.

use proptest::prelude::*;
use runwisp_plugin::testing::Host;
use runwisp_supervisord::Supervisord;
use serde_json::Value;

/// The key `run` that a command becomes.
fn run_of(command: &str) -> Option<Value> {
    let text = format!("[supervisord]\n[program:x]\ncommand={command}\n");
    let conversion = Host::new().convert_text::<Supervisord>(text, "{}").ok()?;
    let unit = conversion.definitions.first()?;
    let run = unit
        .settings
        .iter()
        .find(|setting| setting.path == ["run"])?;
    serde_json::from_str(&run.value).ok()
}

/// The words that the host makes of a `run`.
fn host_words(run: &Value) -> Vec<String> {
    let run = toml_value(run);
    let text = format!("[services.x]\nrun = {run}\n");
    super::host::argv(&text)
}

fn toml_value(value: &Value) -> String {
    match value {
        Value::Array(all) => format!(
            "[{}]",
            all.iter().map(toml_value).collect::<Vec<_>>().join(", ")
        ),
        // A JSON string is a TOML string, but for DEL.
        other => other.to_string().replace('\u{7f}', "\\u007F"),
    }
}

fn check(command: &str, as_text: Option<&str>) {
    let run = run_of(command).unwrap();
    assert_eq!(run.as_str(), as_text, "{command:?}");
}

#[test]
fn a_plain_command_stays_as_people_know_it() {
    check("/usr/bin/app --flag", Some("/usr/bin/app --flag"));
    check(
        "/usr/bin/app  --flag\n  --more",
        Some("/usr/bin/app --flag --more"),
    );
    check(
        "gunicorn app:app -b 0.0.0.0:80",
        Some("gunicorn app:app -b 0.0.0.0:80"),
    );
    check(
        "/bin/x \"two words\" 'and $HOME'",
        Some("/bin/x \"two words\" 'and $HOME'"),
    );
    check(
        "bash -c \"cd /x && exec y\"",
        Some("bash -c \"cd /x && exec y\""),
    );
}

#[test]
fn shell_syntax_and_builtins_become_lists() {
    for command in [
        "/bin/a && /bin/b",
        "/bin/a | b",
        "/bin/a $X",
        "echo hi",
        "true",
        "/bin/a \"$X\"",
        "/bin/a *.c",
        "/bin/a ~/x",
        "/bin/é x",
    ] {
        check(command, None);
    }
}

/// Every name that the host leaves to the shell is one that is left to it here.
#[test]
fn what_the_host_leaves_to_a_shell_is_not_written_as_text() {
    let words = "! . : [ [[ ]] { } alias bg cd command echo eval exec exit export false fg if kill printf pwd read set \
        test then time trap true type umask unset wait whence while";
    for word in words.split_ascii_whitespace() {
        let text = format!("[services.x]\nrun = '{word} x'\n");
        let argv = super::host::argv(&text);
        assert_eq!(argv[0], "/bin/sh", "the host itself would execute {word}");
        check(&format!("{word} x"), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn text_is_read_back_as_the_same_words(tail in "(/?[a-z]{1,5})( |[a-zA-Z0-9_@+=:,./\\\\$`*~!&|;<>(){}?^-]|'[ -&(-~]{0,6}'|\"[ !#-~]{0,6}\"){0,10}") {
        let tail = tail.replace('%', "");
        // The words as a list, which the host takes as they are.
        let listed = run_of(&format!("/bin/x {tail} '&&'"));
        let run = run_of(&format!("/bin/x {tail}"));
        if let (Some(Value::Array(words)), Some(run @ Value::String(_))) = (listed, run) {
            let mut expected: Vec<String> = words.iter().map(|word| word.as_str().unwrap().to_owned()).collect();
            expected.pop();
            prop_assert_eq!(host_words(&run), expected, "{:?}", tail);
        }
    }
}
