//! Short ways to write what a plugin is and what it found.

use crate::{Context, Descriptor, Failure, Finding, Later, Need, Receipt, Severity};

impl Descriptor {
    /// A plugin without settings and without needs. The version is `env!("CARGO_PKG_VERSION")`; the summary is one line
    /// that begins with a capital letter and has no full stop.
    pub fn new(name: &str, version: &str, summary: &str) -> Descriptor {
        Descriptor {
            name: name.into(),
            version: version.into(),
            summary: summary.into(),
            homepage: None,
            settings_schema: r#"{"type":"object","additionalProperties":false}"#.into(),
            needs: Vec::new(),
        }
    }

    /// Where people read more about it.
    pub fn homepage(mut self, url: &str) -> Descriptor {
        self.homepage = Some(url.into());
        self
    }

    /// The settings, or the options of an importer, as their type has them. Documentation of fields becomes their
    /// description; `#[schemars(extend("writeOnly" = true))]` marks a secret, whose value the host then masks.
    #[cfg(feature = "schema")]
    pub fn settings<T: schemars::JsonSchema>(self) -> Descriptor {
        let schema = schemars::schema_for!(T);
        self.settings_schema(&schema.to_value().to_string())
    }

    /// The settings, or the options of an importer, as a JSON Schema (2020-12) has them.
    pub fn settings_schema(mut self, json: &str) -> Descriptor {
        self.settings_schema = json.into();
        self
    }

    /// Asks for requests to a host: `host`, `host:port`, `*.domain`, or `$KEY` for the host in that setting.
    pub fn needs_http(self, host: &str) -> Descriptor {
        self.needs(Need::Http(host.into()))
    }

    /// Asks for mail, through the server that the settings name in `host` and `port`.
    pub fn needs_mail(self) -> Descriptor {
        self.needs(Need::Mail)
    }

    /// Asks for a file, or for what lies below a folder; absolute.
    pub fn needs_files(self, path: &str) -> Descriptor {
        self.needs(Need::Files(path.into()))
    }

    /// Asks for templates.
    pub fn needs_template(self) -> Descriptor {
        self.needs(Need::Template)
    }

    fn needs(mut self, need: Need) -> Descriptor {
        self.needs.push(need);
        self
    }
}

impl Finding {
    /// The settings can't be used. `pointer` is a JSON pointer such as `/url`, or empty for the whole table; the
    /// message is in lower case and has no full stop.
    pub fn error(pointer: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding {
            severity: Severity::Error,
            pointer: pointer.into(),
            message: message.into(),
            help: None,
        }
    }

    /// The settings can be used, but are probably not what was meant.
    pub fn warning(pointer: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding {
            severity: Severity::Warning,
            ..Finding::error(pointer, message)
        }
    }

    /// With a sentence about what to write instead.
    pub fn help(mut self, sentence: impl Into<String>) -> Finding {
        self.help = Some(sentence.into());
        self
    }
}

#[expect(clippy::derivable_impls, reason = "the type is generated")]
impl Default for Receipt {
    fn default() -> Receipt {
        Receipt {
            reference: None,
            note: None,
        }
    }
}

impl Receipt {
    /// A receipt with what names the message at the far side, so that a later one can answer it.
    pub fn with_reference(reference: impl Into<String>) -> Receipt {
        Receipt {
            reference: Some(reference.into()),
            note: None,
        }
    }

    /// With a word for the history.
    pub fn note(mut self, note: impl Into<String>) -> Receipt {
        self.note = Some(note.into());
        self
    }
}

impl Failure {
    /// It may work later; the host decides when, at the earliest after so many seconds.
    pub fn retry(message: impl Into<String>, after_seconds: Option<u32>) -> Failure {
        Failure::Retry(Later {
            message: message.into(),
            after_seconds,
        })
    }

    /// The same with a secret blanked, should it stand in the text. The host masks what it knows; this is for what only
    /// the plugin knows, such as a token that is part of an address.
    pub fn masked(self, secret: &str) -> Failure {
        let blank = |text: String| match secret {
            "" => text,
            secret => text.replace(secret, "***"),
        };
        match self {
            Failure::Config(why) => Failure::Config(blank(why)),
            Failure::Rejected(why) => Failure::Rejected(blank(why)),
            Failure::Retry(later) => Failure::Retry(Later {
                message: blank(later.message),
                ..later
            }),
        }
    }

    /// What went wrong, whatever follows from it.
    pub fn message(&self) -> &str {
        match self {
            Failure::Config(why) | Failure::Rejected(why) => why,
            Failure::Retry(later) => &later.message,
        }
    }
}

impl Default for Context {
    /// The first attempt of a delivery without a target.
    fn default() -> Context {
        Context {
            delivery_id: String::new(),
            attempt: 1,
            target: None,
            text: None,
            answers: None,
        }
    }
}
