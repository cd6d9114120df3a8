//! Calls of a plugin as the real host makes them, and what a host would find fault with.
//!
//! Invariant: settings go in as JSON text, so that what a test says is what a user writes.

use serde_json::Value;

use super::grants::Grants;
use super::recorded::Host;
use crate::{
    Context, Conversion, Descriptor, Event, Failure, Finding, Importer, Need, Note, Notifier,
    Receipt, Source, export,
};

impl Host {
    /// What is wrong with settings.
    pub fn check<N: Notifier>(&self, settings: &str) -> Vec<Finding> {
        self.granting(Grants::of_check(&N::describe()), || {
            export::check::<N>(settings)
        })
    }

    /// What is wrong with a target.
    pub fn check_target<N: Notifier>(&self, settings: &str, target: &str) -> Result<(), String> {
        self.granting(Grants::of_check(&N::describe()), || {
            export::check_target::<N>(settings, target)
        })
    }

    /// Delivers an event, the first attempt, to no particular target.
    pub fn deliver<N: Notifier>(&self, settings: &str, event: &Event) -> Result<Receipt, Failure> {
        let context = Context {
            delivery_id: "01JDELIVERY000000000000000".into(),
            ..Context::default()
        };
        self.deliver_with::<N>(settings, event, &context)
    }

    /// Delivers an event, with everything that surrounds the delivery.
    pub fn deliver_with<N: Notifier>(
        &self,
        settings: &str,
        event: &Event,
        context: &Context,
    ) -> Result<Receipt, Failure> {
        let value = serde_json::from_str(settings).unwrap_or(Value::Null);
        self.granting(Grants::of(&N::describe(), &value), || {
            export::deliver::<N>(settings, event, context)
        })
    }

    /// Converts files of this host, as if a user had named them in this order.
    pub fn convert<I: Importer>(
        &self,
        paths: &[&str],
        options: &str,
    ) -> Result<Conversion, Vec<Note>> {
        let read = |path: &&str| {
            let content = self
                .0
                .files
                .borrow()
                .read(None, path)
                .expect("the test has this file");
            Source {
                path: Some(content.path),
                bytes: content.bytes,
            }
        };
        let sources: Vec<Source> = paths.iter().map(read).collect();
        self.convert_sources::<I>(&sources, options)
    }

    /// Converts a text from standard input.
    pub fn convert_text<I: Importer>(
        &self,
        text: impl Into<Vec<u8>>,
        options: &str,
    ) -> Result<Conversion, Vec<Note>> {
        let source = Source {
            path: None,
            bytes: text.into(),
        };
        self.convert_sources::<I>(&[source], options)
    }

    fn convert_sources<I: Importer>(
        &self,
        sources: &[Source],
        options: &str,
    ) -> Result<Conversion, Vec<Note>> {
        let grants = Grants::of(&I::describe(), &Value::Null);
        for path in &grants.files {
            self.0.files.borrow_mut().grant(path);
        }
        let conversion = self.granting(grants, || export::convert::<I>(sources, options))?;
        let faults = conversion_faults(&conversion);
        assert!(faults.is_empty(), "the host would refuse this: {faults:#?}");
        Ok(conversion)
    }

    fn granting<T>(&self, grants: Grants, work: impl FnOnce() -> T) -> T {
        *self.0.grants.borrow_mut() = grants;
        crate::host::with(self.0.clone(), work)
    }
}

/// What a host would refuse about a conversion: values that are not JSON, rows that point nowhere, definitions that no
/// row or more than one tells of, a line 0.
pub fn conversion_faults(conversion: &Conversion) -> Vec<String> {
    let mut faults = Vec::new();
    let mut told = vec![0; conversion.definitions.len()];
    for row in &conversion.report {
        for place in &row.definitions {
            match told.get_mut(*place as usize) {
                Some(count) => *count += 1,
                None => faults.push(format!("row {} points at no definition", row.section)),
            }
        }
        if row.source.line == 0 {
            faults.push(format!("row {} is in line 0", row.section));
        }
    }
    for (definition, told) in conversion.definitions.iter().zip(told) {
        let name = &definition.name;
        if told != 1 {
            faults.push(format!("definition {name} is told of by {told} rows"));
        }
        for setting in &definition.settings {
            let path = setting.path.join(".");
            if path.is_empty() {
                faults.push(format!("definition {name} has a setting without a path"));
            }
            if serde_json::from_str::<Value>(&setting.value).is_err() {
                faults.push(format!("{name}.{path} is not JSON: {}", setting.value));
            }
        }
    }
    faults
}

/// What a host would find fault with in a description.
pub fn description_faults(descriptor: &Descriptor) -> Vec<String> {
    let mut faults = Vec::new();
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if descriptor.name.is_empty() || !descriptor.name.chars().all(plain) {
        faults.push("the name has other letters than `a-z`, `0-9` and `-`".into());
    }
    if descriptor.version.split('.').count() < 3 {
        faults.push("the version is not `major.minor.patch`".into());
    }
    if descriptor.summary.ends_with('.') || descriptor.summary.contains('\n') {
        faults.push("the summary is one line without a full stop".into());
    }
    let schema: Value = match serde_json::from_str(&descriptor.settings_schema) {
        Ok(schema) => schema,
        Err(why) => {
            faults.push(format!("the schema is not JSON: {why}"));
            return faults;
        }
    };
    if schema["type"] != "object" {
        faults.push("the schema is not that of a table".into());
    }
    for need in &descriptor.needs {
        if let Need::Http(rule) = need
            && let Some(path) = rule.strip_prefix('$')
        {
            let first = path.split('.').next().unwrap_or_default();
            if schema["properties"][first].is_null() {
                faults.push(format!(
                    "the schema knows no setting `{first}`, which a need names"
                ));
            }
        }
    }
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        if !property["description"].is_string() {
            faults.push(format!("setting `{key}` has no description"));
        }
    }
    faults
}
