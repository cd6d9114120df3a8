//! What a plugin may reach: asked by the plugin, granted by the operator, looked up in the settings of each call.
//!
//! A grant is written as a word: `http:api.telegram.org`, `http:$url`, `mail`, `template`, `files:/etc/supervisor`.
//!
//! Invariant: pure. What is not granted is refused with the grant that would allow it.

pub(crate) mod address;
pub(crate) mod granted;
mod rule;
mod settings;

use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use self::rule::HostRule;
use crate::words::Need;

/// What an operator lets a plugin do. Nothing, by default. Serialized as the list of its words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grants {
    /// Hosts that requests may go to.
    pub http: Vec<HostRule>,
    /// Mail, through the server that the settings name.
    pub mail: bool,
    /// Files, and folders with all that lies below them; absolute.
    pub files: Vec<PathBuf>,
    /// Rendering templates.
    pub template: bool,
}

/// A need, or the word of a grant, that makes no sense. Completes "the need …", "the grant …".
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`{word}` is no proper one: {why}")]
pub struct BadNeed {
    /// As it was written.
    pub word: String,
    /// What is wrong, and what to write.
    pub why: String,
}

impl Grants {
    /// Everything that was asked for.
    pub fn all(needs: &[Need]) -> Result<Grants, BadNeed> {
        let mut grants = Grants::default();
        for need in needs {
            grants.add(need)?;
        }
        Ok(grants)
    }

    /// Adds what one need asks for.
    pub fn add(&mut self, need: &Need) -> Result<(), BadNeed> {
        match need {
            Need::Http(host) => {
                let rule = host.parse()?;
                if !self.http.contains(&rule) {
                    self.http.push(rule);
                }
            }
            Need::Files(path) => {
                let path = absolute(path)?;
                if !self.files.contains(&path) {
                    self.files.push(path);
                }
            }
            Need::Mail => self.mail = true,
            Need::Template => self.template = true,
        }
        Ok(())
    }

    /// Adds what one word such as `http:api.telegram.org` grants.
    pub fn add_word(&mut self, word: &str) -> Result<(), BadNeed> {
        self.add(&need_of_word(word)?)
    }

    /// Whether this is granted already, word for word.
    #[must_use]
    pub fn covers(&self, need: &Need) -> bool {
        match need {
            Need::Http(host) => host.parse().is_ok_and(|rule| self.http.contains(&rule)),
            Need::Files(path) => self
                .files
                .iter()
                .any(|granted| Path::new(path).starts_with(granted)),
            Need::Mail => self.mail,
            Need::Template => self.template,
        }
    }

    /// The words, in the order: requests, mail, files, templates.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let http = self.http.iter().map(|rule| format!("http:{rule}"));
        let files = self
            .files
            .iter()
            .map(|path| format!("files:{}", path.display()));
        let mail = self.mail.then(|| "mail".to_owned());
        let template = self.template.then(|| "template".to_owned());
        http.chain(mail).chain(files).chain(template).collect()
    }

    /// Every need is well formed.
    pub(crate) fn check(needs: &[Need]) -> Vec<BadNeed> {
        let check = |need| Grants::default().add(need).err();
        needs.iter().filter_map(check).collect()
    }
}

impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(", "))
    }
}

impl Serialize for Grants {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.words().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Grants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Grants, D::Error> {
        let mut grants = Grants::default();
        for word in Vec::<String>::deserialize(deserializer)? {
            grants.add_word(&word).map_err(serde::de::Error::custom)?;
        }
        Ok(grants)
    }
}

fn need_of_word(word: &str) -> Result<Need, BadNeed> {
    match word.split_once(':') {
        Some(("http", host)) => Ok(Need::Http(host.to_owned())),
        Some(("files", path)) => Ok(Need::Files(path.to_owned())),
        None if word == "mail" => Ok(Need::Mail),
        None if word == "template" => Ok(Need::Template),
        _ => Err(BadNeed {
            word: word.to_owned(),
            why: "write `http:HOST`, `mail`, `template` or `files:PATH`".to_owned(),
        }),
    }
}

fn absolute(path: &str) -> Result<PathBuf, BadNeed> {
    let plain = |part| matches!(part, Component::RootDir | Component::Normal(_));
    if path.starts_with('/') && Path::new(path).components().all(plain) {
        return Ok(PathBuf::from(path));
    }
    Err(BadNeed {
        word: path.to_owned(),
        why: "write an absolute path without `..`".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_grants_are_two_ways_of_writing_the_same() {
        let words = [
            "http:api.telegram.org",
            "http:$url",
            "mail",
            "files:/etc/x",
            "template",
        ];
        let mut grants = Grants::default();
        for word in words {
            grants.add_word(word).unwrap();
            grants.add_word(word).unwrap();
        }
        assert_eq!(grants.words(), words);
        let json = serde_json::to_string(&grants).unwrap();
        assert_eq!(serde_json::from_str::<Grants>(&json).unwrap(), grants);
    }

    #[test]
    fn what_makes_no_sense_is_no_grant() {
        let mut grants = Grants::default();
        for word in [
            "",
            "http",
            "http:",
            "mail:",
            "files:etc",
            "files:/a/../b",
            "sockets:*",
        ] {
            assert!(grants.add_word(word).is_err(), "{word}");
        }
        assert_eq!(grants, Grants::default());
    }

    #[test]
    fn a_folder_covers_what_lies_below_it_and_nothing_beside_it() {
        let mut grants = Grants::default();
        grants.add_word("files:/etc/x").unwrap();
        assert!(grants.covers(&Need::Files("/etc/x/y".into())));
        assert!(!grants.covers(&Need::Files("/etc/xy".into())));
        assert!(!grants.covers(&Need::Mail));
    }
}
