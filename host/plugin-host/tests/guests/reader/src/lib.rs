//! An importer that reads what it is told to: each line of its source is a pattern, and each path that it finds becomes
//! a row.

use runwisp_plugin::{Conversion, Descriptor, Importer, Note, Place, Row, Source, Weight, files};
use serde::Deserialize;

#[derive(Deserialize)]
struct Options {}

struct Reader;

impl Importer for Reader {
    type Options = Options;

    fn describe() -> Descriptor {
        Descriptor::new(
            "reader",
            env!("CARGO_PKG_VERSION"),
            "Reads what it is told to",
        )
        .settings_schema(r#"{"type": "object"}"#)
    }

    fn probe(path: Option<&str>, head: &[u8]) -> u8 {
        if path.is_some_and(|path| path.ends_with(".list")) {
            100
        } else {
            u8::try_from(head.len()).unwrap_or(255)
        }
    }

    fn convert(sources: &[Source], _: &Options) -> Result<Conversion, Vec<Note>> {
        let mut report = Vec::new();
        for source in sources {
            let text = String::from_utf8_lossy(&source.bytes);
            for (line, pattern) in (1..).zip(text.lines()) {
                let place = Place {
                    file: source.path.clone(),
                    line,
                };
                report.extend(rows(source.path.as_deref(), pattern, &place));
            }
        }
        Ok(Conversion {
            definitions: Vec::new(),
            report,
            notes: Vec::new(),
            retirement: Vec::new(),
        })
    }
}

runwisp_plugin::importer!(Reader);

fn rows(base: Option<&str>, pattern: &str, place: &Place) -> Vec<Row> {
    let found = match files::glob(base, pattern) {
        Ok(found) => found,
        Err(error) => return vec![row(format!("{error:?}"), Vec::new(), place)],
    };
    let content = |path: &String| match files::read(base, path) {
        Ok(content) => String::from_utf8_lossy(&content.bytes).into_owned(),
        Err(error) => format!("{error:?}"),
    };
    found
        .iter()
        .map(|path| row(path.clone(), vec![content(path)], place))
        .collect()
}

fn row(section: String, messages: Vec<String>, place: &Place) -> Row {
    let note = |message| Note {
        code: "read".into(),
        weight: Weight::Info,
        message,
        source: place.clone(),
    };
    Row {
        section,
        source: place.clone(),
        definitions: Vec::new(),
        notes: messages.into_iter().map(note).collect(),
    }
}
