//! The bundled plugins: the list, and what each is granted.
//!
//! They are components like any other, and enter by the same door. What they may reach stands here, because nobody
//! is asked when they are installed; what they ask for beyond it they do not get.
//!
//! Invariant: no other privilege.

use runwisp_plugin_host::{Component, Digest};

/// A plugin that is part of the program.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    /// Its name, as in `type = "slack"`.
    pub name: &'static str,
    digest: Digest,
    packed: &'static [u8],
    /// What it is granted, in the words of `plugins.lock`.
    pub grants: &'static [&'static str],
}

/// Names, digests and packed components, as `build.rs` left them.
const COMPONENTS: &[(&str, [u8; 32], &[u8])] =
    include!(concat!(env!("OUT_DIR"), "/bundled_components.rs"));

/// What each is granted.
const GRANTS: &[(&str, &[&str])] = &[
    (
        "slack",
        &[
            "http:$webhook_url",
            "http:$api_url",
            "http:slack.com",
            "template",
        ],
    ),
    (
        "telegram",
        &["http:api.telegram.org", "http:$api_url", "template"],
    ),
    ("email", &["mail", "template"]),
    ("webhook", &["http:$url", "template"]),
    ("supervisord", &[]),
    (
        "crontab",
        &[
            "files:/etc/passwd",
            "files:/etc/debian_version",
            "files:/etc/crontab",
            "files:/etc/cron.d",
            "files:/etc/anacrontab",
            "files:/var/spool/cron",
        ],
    ),
];

/// All of them.
pub fn all() -> impl Iterator<Item = Bundled> {
    COMPONENTS.iter().map(|(name, digest, packed)| Bundled {
        name,
        digest: Digest::known(*digest),
        packed,
        grants: grants(name),
    })
}

/// One of them.
#[must_use]
pub fn find(name: &str) -> Option<Bundled> {
    all().find(|bundled| bundled.name == name)
}

impl Bundled {
    /// Its component.
    #[must_use]
    pub fn component(&self) -> Component {
        Component::bundled(self.name, self.digest, self.packed, unpack)
    }
}

fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let size = zstd_safe::get_frame_content_size(packed).ok().flatten()?;
    let mut bytes = Vec::with_capacity(usize::try_from(size).ok()?);
    zstd_safe::decompress(&mut bytes, packed).ok()?;
    Some(bytes)
}

fn grants(name: &str) -> &'static [&'static str] {
    let found = GRANTS.iter().find(|(of, _)| *of == name);
    found.map_or(&[], |(_, grants)| grants)
}

#[cfg(test)]
mod tests {
    use super::*;
    use runwisp_plugin_host::{Grants, Plugins, Setup};

    #[test]
    fn each_is_a_component_with_its_grants_listed() {
        let mut names = Vec::new();
        for bundled in all() {
            let bytes = unpack(bundled.packed).unwrap();
            assert!(bytes.starts_with(b"\0asm\x0d\0\x01\0"), "{}", bundled.name);
            assert_eq!(Digest::of(&bytes), bundled.digest, "{}", bundled.name);
            names.push(bundled.name);
        }
        let listed: Vec<&str> = GRANTS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, listed);
    }

    #[test]
    fn each_says_who_it_is_and_asks_for_what_it_is_granted() {
        let plugins = Plugins::open(Setup::default()).unwrap();
        for bundled in all() {
            let component = bundled.component();
            let inspection = plugins.wait(plugins.inspect(&component)).unwrap();
            assert_eq!(inspection.descriptor.name, bundled.name);
            let asked = Grants::all(&inspection.descriptor.needs).unwrap();
            assert_eq!(asked.words(), bundled.grants, "{}", bundled.name);
        }
    }
}
