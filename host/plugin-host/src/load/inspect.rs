//! A look at a component that nobody trusts yet: what it is and what it asks for. Nothing is granted meanwhile.

use std::time::Duration;

use serde_json::Value;

use crate::call::PluginKind;
use crate::call::error::CallError;
use crate::grant::Grants;
use crate::load::component::Digest;
use crate::load::error::LoadError;
use crate::words::Descriptor;

/// What a component is.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Inspection {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What it is for.
    pub kind: PluginKind,
    /// The interface version it speaks, such as `0.1.0`.
    pub interface: String,
    /// What it says of itself.
    pub descriptor: Descriptor,
    /// What it imports from the host, as it is written in the component.
    pub imports: Vec<String>,
    /// How long it took to load, compiling included where it was not in the cache.
    pub load_time: Duration,
}

/// Why a component is no plugin.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InspectError {
    /// It does not load.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It does not say what it is.
    #[error("asked what it is, it gave no answer: {0}")]
    Describe(CallError),
    /// What it says of itself makes no sense; all of it at once.
    #[error("what it says of itself is not right: {}", .0.join("; "))]
    Descriptor(Vec<String>),
}

/// Longest name, and longest other text but the schema, of a descriptor.
const MAX_NAME: usize = 40;
const MAX_TEXT: usize = 200;
/// Needs of a plugin. A person has to read them.
const MAX_NEEDS: usize = 32;

/// Everything that is wrong with a descriptor.
pub(crate) fn problems(descriptor: &Descriptor) -> Vec<String> {
    let mut found = Vec::new();
    let name = &descriptor.name;
    if !is_name(name) {
        found.push(format!("the name `{name}` is not one of lower-case letters, digits and `-`, beginning with a letter, at most {MAX_NAME}"));
    }
    let version = &descriptor.version;
    if !is_semver(version) {
        found.push(format!(
            "the version `{version}` is not a semantic one such as `1.0.0`"
        ));
    }
    let homepage = descriptor.homepage.as_deref().unwrap_or_default();
    for (what, text) in [("summary", &*descriptor.summary), ("homepage", homepage)] {
        if text.len() > MAX_TEXT || text.contains(char::is_control) {
            found.push(format!(
                "the {what} is longer than {MAX_TEXT} bytes, or more than a line"
            ));
        }
    }
    if descriptor.summary.trim().is_empty() {
        found.push("the summary is empty".to_owned());
    }
    match serde_json::from_str::<Value>(&descriptor.settings_schema) {
        Ok(Value::Object(_)) => {}
        Ok(_) => found.push("the schema of its settings is not a JSON object".to_owned()),
        Err(error) => found.push(format!("the schema of its settings is not JSON: {error}")),
    }
    if descriptor.needs.len() > MAX_NEEDS {
        found.push(format!("it has more than {MAX_NEEDS} needs"));
    }
    found.extend(
        Grants::check(&descriptor.needs)
            .iter()
            .map(|bad| format!("the need {bad}")),
    );
    found
}

fn is_name(name: &str) -> bool {
    let part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(part)
}

/// Semantic Versioning 2.0.0, clauses 2, 9 and 10.
fn is_semver(version: &str) -> bool {
    let (rest, build) = version
        .split_once('+')
        .map_or((version, None), |(rest, build)| (rest, Some(build)));
    let (core, pre) = rest
        .split_once('-')
        .map_or((rest, None), |(core, pre)| (core, Some(pre)));
    let number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    let identifier = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let pre_part = |part: &str| {
        identifier(part) && (!part.bytes().all(|b| b.is_ascii_digit()) || number(part))
    };
    core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| pre.split('.').all(pre_part))
        && build.is_none_or(|build| build.split('.').all(identifier))
        && version.len() <= MAX_TEXT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Need;

    fn good() -> Descriptor {
        Descriptor {
            name: "ntfy".into(),
            version: "1.2.3".into(),
            summary: "Tells a phone".into(),
            homepage: None,
            settings_schema: "{}".into(),
            needs: vec![Need::Http("$url".into())],
        }
    }

    #[test]
    fn a_proper_descriptor_has_no_problems() {
        assert!(problems(&good()).is_empty());
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let bad = Descriptor {
            name: "Ntfy!".into(),
            version: "1.2".into(),
            summary: "two\nlines".into(),
            homepage: Some("x".repeat(300)),
            settings_schema: "[]".into(),
            needs: vec![Need::Http("https://x/".into()), Need::Files("etc".into())],
        };
        assert_eq!(problems(&bad).len(), 7);
    }

    #[test]
    fn semantic_versions() {
        for version in ["0.0.0", "1.2.3-rc.1", "1.0.0+build.5", "1.0.0-x-y.z+1"] {
            assert!(is_semver(version), "{version}");
        }
        for version in [
            "", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+", "v1.2.3", "1.2.x",
        ] {
            assert!(!is_semver(version), "{version}");
        }
    }
}
