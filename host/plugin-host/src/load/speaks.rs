//! Which kind of plugin a component is and which interface version it speaks: both stand in the name of what it
//! exports, so nothing of it has to run.
//!
//! Versions: what changes only by new host functions is a patch (0.1.1) of the same track (0.1) and needs nothing
//! here. Anything else is a new track with a module of its own.
//!
//! Invariant: pure.

use crate::call::PluginKind;
use crate::load::error::LoadError;

/// The tracks that are served, oldest first.
const SERVED: &[(&str, Track)] = &[("0.1", Track::V0_1)];

/// An interface version that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Track {
    /// 0.1 and its patches.
    V0_1,
}

/// What a component is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Speaks {
    pub(crate) kind: PluginKind,
    pub(crate) track: Track,
    /// The version in full, such as `0.1.0`.
    pub(crate) version: String,
}

/// The two magic words of WebAssembly: of a component, and of a plain module.
const COMPONENT: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];
const MODULE: [u8; 8] = [0, b'a', b's', b'm', 1, 0, 0, 0];

/// Looks at the first bytes alone.
pub(crate) fn header(bytes: &[u8]) -> Result<(), LoadError> {
    match bytes.get(..8) {
        Some(start) if start == COMPONENT => Ok(()),
        Some(start) if start == MODULE => Err(LoadError::Module),
        None if COMPONENT.starts_with(bytes) && !bytes.is_empty() => Err(LoadError::Malformed(
            "it ends within its first eight bytes".into(),
        )),
        _ => Err(LoadError::NotWasm),
    }
}

/// Looks at the names of the exports.
pub(crate) fn exports<'a>(names: impl Iterator<Item = &'a str>) -> Result<Speaks, LoadError> {
    let mut all = Vec::new();
    let mut found = Vec::new();
    for name in names {
        all.push(name);
        found.extend(api(name));
    }
    match found.as_slice() {
        [] => Err(LoadError::OtherWorld {
            exports: listed(&all),
        }),
        [(kind, version)] => Ok(Speaks {
            kind: *kind,
            track: track(version)?,
            version: (*version).to_owned(),
        }),
        _ => Err(LoadError::TwoKinds),
    }
}

fn api(export: &str) -> Option<(PluginKind, &str)> {
    let (interface, version) = export.strip_prefix("runwisp:plugin/")?.split_once('@')?;
    match interface {
        "notifier-api" => Some((PluginKind::Notifier, version)),
        "importer-api" => Some((PluginKind::Importer, version)),
        _ => None,
    }
}

fn track(version: &str) -> Result<Track, LoadError> {
    let minor = version.rfind('.').map_or(version, |end| &version[..end]);
    let served = SERVED.iter().find(|(name, _)| *name == minor);
    served.map(|(_, track)| *track).ok_or_else(|| {
        let names: Vec<&str> = SERVED.iter().map(|(name, _)| *name).collect();
        let newest = names.last().copied().unwrap_or_default();
        let newer = numbers(minor) > numbers(newest);
        LoadError::Version {
            speaks: version.to_owned(),
            serves: names.join(" and "),
            help: if newer {
                "update runwisp"
            } else {
                "build it against a newer SDK"
            }
            .to_owned(),
        }
    })
}

fn numbers(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}

fn listed(exports: &[&str]) -> String {
    const SHOWN: usize = 8;
    if exports.is_empty() {
        return "nothing".to_owned();
    }
    let mut text = exports
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    if exports.len() > SHOWN {
        text.push_str(", …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Result<Speaks, LoadError> {
        exports(names.iter().copied())
    }

    #[test]
    fn kind_and_version_stand_in_the_name() {
        let speaks = of(&["wasi:cli/run@0.2.6", "runwisp:plugin/importer-api@0.1.3"]).unwrap();
        assert_eq!(speaks.kind, PluginKind::Importer);
        assert_eq!(speaks.version, "0.1.3");
    }

    #[test]
    fn another_world_is_told_by_what_it_exports() {
        let error = of(&["wasi:cli/run@0.2.6"]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("it exports `wasi:cli/run@0.2.6`")
        );
        assert!(
            of(&[])
                .unwrap_err()
                .to_string()
                .contains("it exports nothing")
        );
        let both = of(&[
            "runwisp:plugin/importer-api@0.1.0",
            "runwisp:plugin/notifier-api@0.1.0",
        ]);
        assert_eq!(both, Err(LoadError::TwoKinds));
    }

    #[test]
    fn another_version_says_which_side_is_too_old() {
        let newer = of(&["runwisp:plugin/notifier-api@0.10.0"]).unwrap_err();
        assert!(newer.to_string().ends_with("update runwisp"), "{newer}");
        let older = of(&["runwisp:plugin/notifier-api@0.0.9"]).unwrap_err();
        assert!(older.to_string().ends_with("newer SDK"), "{older}");
    }

    #[test]
    fn the_header_tells_a_component_from_a_module_and_from_anything_else() {
        assert_eq!(header(&COMPONENT), Ok(()));
        assert_eq!(header(&MODULE), Err(LoadError::Module));
        assert_eq!(header(b"#!/bin/sh\n"), Err(LoadError::NotWasm));
        assert_eq!(header(b""), Err(LoadError::NotWasm));
        assert!(matches!(header(b"\0asm\x0d"), Err(LoadError::Malformed(_))));
    }
}
