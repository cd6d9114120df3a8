//! Reads a Procfile: a list of programs, one in a line, as `NAME: COMMAND`.

use runwisp_plugin::schemars::{self, JsonSchema};
use runwisp_plugin::{
    Conversion, Definition, Descriptor, Importer, Kind, Note, Place, Row, Setting, Source, Weight,
};
use serde::Deserialize;
use serde_json::json;

/// What users may say about an import.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    /// Where the programs run.
    working_dir: Option<String>,
}

struct Plugin;

impl Importer for Plugin {
    type Options = Options;

    fn describe() -> Descriptor {
        Descriptor::new("procfile", env!("CARGO_PKG_VERSION"), "Imports a Procfile")
            .settings::<Options>()
    }

    fn probe(path: Option<&str>, head: &[u8]) -> u8 {
        if path.is_some_and(|path| path.ends_with("/Procfile")) {
            return 90;
        }
        let text = String::from_utf8_lossy(head);
        let mut lines = text.lines().filter(|line| !is_blank(line)).peekable();
        match lines.peek().is_some() && lines.all(|line| program(line).is_some()) {
            true => 30,
            false => 0,
        }
    }

    fn convert(sources: &[Source], options: &Options) -> Result<Conversion, Vec<Note>> {
        let mut conversion = Conversion {
            definitions: Vec::new(),
            report: Vec::new(),
            notes: Vec::new(),
            retirement: Vec::new(),
        };
        for source in sources {
            let text = String::from_utf8_lossy(&source.bytes);
            for (line, number) in text.lines().zip(1..) {
                if !is_blank(line) {
                    let place = Place {
                        file: source.path.clone(),
                        line: number,
                    };
                    convert_line(line, place, options, &mut conversion);
                }
            }
        }
        Ok(conversion)
    }
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

/// Name and command of a line.
fn program(line: &str) -> Option<(&str, &str)> {
    let (name, command) = line.split_once(':')?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    let (name, command) = (name.trim(), command.trim());
    (!name.is_empty() && name.chars().all(plain) && !command.is_empty()).then_some((name, command))
}

/// One row of the report for every line, and a service where there is one.
fn convert_line(line: &str, place: Place, options: &Options, conversion: &mut Conversion) {
    let mut row = Row {
        section: line.trim().into(),
        source: place.clone(),
        definitions: Vec::new(),
        notes: Vec::new(),
    };
    match program(line) {
        Some((name, command)) => {
            if command.contains("$PORT") {
                row.notes.push(Note {
                    code: "port".into(),
                    weight: Weight::Changed,
                    message: "`$PORT` was set by what ran the Procfile; nothing sets it now".into(),
                    source: place.clone(),
                });
            }
            let mut settings = vec![Setting {
                path: vec!["run".into()],
                value: json!(command).to_string(),
                note: None,
            }];
            if let Some(folder) = &options.working_dir {
                settings.push(Setting {
                    path: vec!["working_dir".into()],
                    value: json!(folder).to_string(),
                    note: None,
                });
            }
            row.definitions.push(conversion.definitions.len() as u32);
            conversion.definitions.push(Definition {
                kind: Kind::Service,
                name: name.into(),
                settings,
                comments: Vec::new(),
                source: place,
                runnable: true,
            });
        }
        None => row.notes.push(Note {
            code: "not-a-program".into(),
            weight: Weight::Blocking,
            message: "this line is not `NAME: COMMAND`".into(),
            source: place,
        }),
    }
    conversion.report.push(row);
}

runwisp_plugin::importer!(Plugin);

#[cfg(test)]
mod tests {
    use super::*;
    use runwisp_plugin::testing::{Files, Host, description_faults};

    const TEXT: &str = "# the site\nweb: bin/server --port $PORT\n\nworker: bin/work\n???\n";

    #[test]
    fn the_host_has_nothing_to_complain_about() {
        assert_eq!(
            description_faults(&Plugin::describe()),
            Vec::<String>::new()
        );
    }

    #[test]
    fn every_line_has_a_row_and_every_program_is_a_service() {
        let host = Host::new().with_files(Files::map([("/srv/Procfile", TEXT)]));
        let conversion = host
            .convert::<Plugin>(&["/srv/Procfile"], r#"{"working_dir": "/srv"}"#)
            .unwrap();
        let names: Vec<&str> = conversion
            .definitions
            .iter()
            .map(|definition| definition.name.as_str())
            .collect();
        assert_eq!(names, ["web", "worker"]);
        assert_eq!(
            conversion.definitions[0].settings[0].value,
            r#""bin/server --port $PORT""#
        );
        assert_eq!(conversion.report.len(), 3);
        assert_eq!(conversion.report[0].notes[0].code, "port");
        assert_eq!(conversion.report[2].notes[0].code, "not-a-program");
        assert_eq!(conversion.report[2].source.line, 5);
    }

    #[test]
    fn its_own_format_is_recognised() {
        assert_eq!(Plugin::probe(Some("/srv/Procfile"), b""), 90);
        assert_eq!(Plugin::probe(None, b"web: bin/server\n"), 30);
        assert_eq!(Plugin::probe(None, b"[program:web]\n"), 0);
    }
}
