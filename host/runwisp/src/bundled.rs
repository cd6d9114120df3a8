//! The bundled plugins: the list, and what each is granted.
//!
//! They are components like any other, and enter by the same door. What they may reach stands here, because nobody
//! is asked when they are installed; what they ask for beyond it they do not get.
//!
//! Invariant: no other privilege.

/// A plugin that is part of the program.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    /// Its name, as in `type = "slack"`.
    pub name: &'static str,
    /// Its component.
    pub wasm: &'static [u8],
    /// What it is granted, in the words of `plugins.lock`.
    pub grants: &'static [&'static str],
}

/// Names and components, as `build.rs` left them.
const COMPONENTS: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/bundled_components.rs"));

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
    COMPONENTS.iter().map(|(name, wasm)| Bundled {
        name,
        wasm,
        grants: grants(name),
    })
}

/// One of them.
#[must_use]
pub fn find(name: &str) -> Option<Bundled> {
    all().find(|bundled| bundled.name == name)
}

fn grants(name: &str) -> &'static [&'static str] {
    let found = GRANTS.iter().find(|(of, _)| *of == name);
    found.map_or(&[], |(_, grants)| grants)
}

#[cfg(test)]
mod tests {
    use super::*;
    use runwisp_plugin_host::{Component, Grants, Plugins, Setup};

    #[test]
    fn each_is_a_component_with_its_grants_listed() {
        let mut names = Vec::new();
        for bundled in all() {
            assert!(
                bundled.wasm.starts_with(b"\0asm\x0d\0\x01\0"),
                "{}",
                bundled.name
            );
            names.push(bundled.name);
        }
        let listed: Vec<&str> = GRANTS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, listed);
    }

    #[test]
    fn each_says_who_it_is_and_asks_for_what_it_is_granted() {
        let plugins = Plugins::open(Setup::default()).unwrap();
        for bundled in all() {
            let component = Component::bundled(bundled.name, bundled.wasm);
            let inspection = plugins.wait(plugins.inspect(&component)).unwrap();
            assert_eq!(inspection.descriptor.name, bundled.name);
            let asked = Grants::all(&inspection.descriptor.needs).unwrap();
            assert_eq!(asked.words(), bundled.grants, "{}", bundled.name);
        }
    }
}
