//! What becomes of whole Procfiles.

use super::*;
use runwisp_plugin::testing::{Files, Host, description_faults};

const TEXT: &str = "# the site\nweb: bin/server --port $PORT\n\nworker: bin/work --queue mail\nrelease: bin/migrate\n???\n";

fn converted(files: &[(&str, &str)], options: &str) -> Conversion {
    let host = Host::new().with_files(Files::map(files.iter().copied()));
    host.convert::<Procfile>(&[files[0].0], options).unwrap()
}

/// The settings of a definition, as `key = value` lines.
fn shown(definition: &Definition) -> String {
    let setting = |setting: &Setting| format!("{} = {}", setting.path.join("."), setting.value);
    let settings: Vec<String> = definition.settings.iter().map(setting).collect();
    format!("{}: {}", definition.name, settings.join(", "))
}

fn all(conversion: &Conversion) -> Vec<String> {
    conversion.definitions.iter().map(shown).collect()
}

#[test]
fn the_host_has_nothing_to_complain_about() {
    assert_eq!(description_faults(&Procfile::describe()), [""; 0]);
}

#[test]
fn every_line_has_a_row_and_every_program_is_a_unit() {
    let conversion = converted(&[("/srv/Procfile", TEXT)], "{}");
    assert_eq!(
        all(&conversion),
        [
            r#"web: run = "bin/server --port $PORT", working_dir = "/srv", env.PORT = "5000""#,
            r#"worker: run = "bin/work --queue mail", working_dir = "/srv""#,
            r#"release: run = "bin/migrate", working_dir = "/srv""#,
        ]
    );
    let rows: Vec<(&str, u32, usize)> = conversion
        .report
        .iter()
        .map(|row| (row.section.as_str(), row.source.line, row.definitions.len()))
        .collect();
    assert_eq!(
        rows,
        [
            ("web", 2, 1),
            ("worker", 4, 1),
            ("release", 5, 1),
            ("???", 6, 0)
        ]
    );
    assert_eq!(conversion.report[3].notes[0].code, "not-a-program");
    assert!(conversion.definitions[2].kind == Kind::Task);
}

#[test]
fn a_formation_says_how_many() {
    let options = r#"{"formation": "all=0, web=2", "port": 8000}"#;
    let conversion = converted(&[("/srv/Procfile", TEXT)], options);
    assert_eq!(
        all(&conversion),
        [
            r#"web: run = "export PORT=$((8000 + RUNWISP_INSTANCE_INDEX)); exec bin/server --port $PORT", working_dir = "/srv", instances = 2"#
        ]
    );
    assert_eq!(conversion.report[1].notes[0].code, "none-wanted");
    let host = Host::new();
    let wrong = host.convert_text::<Procfile>("web: x\n", r#"{"formation": "web"}"#);
    assert_eq!(wrong.unwrap_err()[0].code, "bad-option");
}

#[test]
fn secrets_stay_in_the_file_beside_it() {
    let plain = [
        ("/srv/Procfile", "web: x\n"),
        ("/srv/.env", "TOKEN=s3cret\n"),
    ];
    let conversion = converted(&plain, "{}");
    assert_eq!(
        all(&conversion),
        [r#"web: run = "x", working_dir = "/srv", env_file = "/srv/.env""#]
    );
    assert!(conversion.notes.is_empty());
}

#[test]
fn its_own_format_is_recognised() {
    assert_eq!(Procfile::probe(Some("/srv/Procfile"), b""), 95);
    assert_eq!(Procfile::probe(Some("/srv/Procfile.dev"), b""), 95);
    assert_eq!(Procfile::probe(None, b"web: bin/server\n"), 30);
    assert_eq!(Procfile::probe(None, b"[program:web]\n"), 0);
    assert_eq!(Procfile::probe(None, b""), 0);
}
