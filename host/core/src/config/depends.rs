//! Names of other units: that they exist, are of the right kind, and lead in no circle.
//!
//! Tests: below, and the goldens.

use std::collections::BTreeMap;

use super::check_unit::{Draft, Shared};
use super::read::{Reader, join};
use super::suggest::nearest;
use super::typed::{Section, Text};
use crate::words::diagnostic::Diagnostic;
use crate::words::ids::UnitName;
use crate::words::run::Kind;

/// The units a key names; an error at each that does not exist or is of the wrong kind.
pub(super) fn names(
    reader: &mut Reader<'_>,
    shared: &Shared<'_>,
    own: &Section,
    key: &str,
    wanted: Kind,
) -> Vec<UnitName> {
    let path = join(&own.path, key);
    let (one, table) = match wanted {
        Kind::Task => ("a task", "tasks"),
        Kind::Service => ("a service", "services"),
    };
    let mut found: Vec<UnitName> = Vec::new();
    for Text { text, span } in own.texts(key) {
        match shared.kinds.get(text.as_str()) {
            Some(kind) if *kind == wanted => found.extend(UnitName::new(text).ok()),
            Some(_) => reader.error(
                "config.wrong-kind",
                *span,
                &path,
                format!("`{text}` is not {one}"),
                format!("`{key}` names units of `[{table}.NAME]`."),
            ),
            None => {
                let known = shared
                    .kinds
                    .iter()
                    .filter(|(_, kind)| **kind == wanted)
                    .map(|(name, _)| *name);
                let help = match nearest(text, known) {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => format!("`{key}` names units of `[{table}.NAME]`."),
                };
                reader.error(
                    "config.unknown-unit",
                    *span,
                    &path,
                    format!("there is no unit `{text}`"),
                    help,
                );
            }
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|name| seen.insert(name.clone()));
    found
}

/// Finds circles among what waits for each other, and among what triggers each other.
pub(super) fn circles(
    reader: &mut Reader<'_>,
    shared: &Shared<'_>,
    drafts: &BTreeMap<String, &Draft>,
) {
    for (keys, kind, verb) in [
        (&["depends_on"][..], Kind::Service, "wait for each other"),
        (
            &["on_success", "on_failure"][..],
            Kind::Task,
            "trigger each other",
        ),
    ] {
        let edges = |name: &str| -> Vec<Text> {
            let Some(draft) = drafts.get(name).filter(|draft| draft.kind == kind) else {
                return Vec::new();
            };
            let texts = keys.iter().flat_map(|key| draft.section.texts(key));
            texts
                .filter(|text| shared.kinds.get(text.text.as_str()) == Some(&kind))
                .cloned()
                .collect()
        };
        let graph: BTreeMap<&str, Vec<Text>> = drafts
            .keys()
            .map(|name| (name.as_str(), edges(name)))
            .collect();
        for circle in find(&graph) {
            report(reader, &graph, &circle, keys[0], verb);
        }
    }
}

fn report(
    reader: &mut Reader<'_>,
    graph: &BTreeMap<&str, Vec<Text>>,
    circle: &[&str],
    key: &str,
    verb: &str,
) {
    let mut chain: Vec<String> = circle.iter().map(|name| format!("`{name}`")).collect();
    chain.extend(chain.first().cloned());
    let places: Vec<_> = circle
        .iter()
        .zip(circle.iter().cycle().skip(1))
        .filter_map(|(from, to)| graph.get(from)?.iter().find(|text| text.text == *to))
        .collect();
    let Some((first, rest)) = places.split_first() else {
        return;
    };
    let message = match circle {
        [one] => format!("`{one}` names itself"),
        _ => format!("units {verb}: {}", chain.join(" → ")),
    };
    let mut found = Diagnostic::error("config.cycle", first.span, message)
        .help("Remove one of these names.")
        .key(join(circle.first().copied().unwrap_or_default(), key));
    for place in rest {
        found = found.related(place.span, "leads on");
    }
    reader.out.push(found);
}

/// One circle for every name that leads back to one on the way to it. Without recursion: a chain may be long.
fn find<'a>(graph: &'a BTreeMap<&'a str, Vec<Text>>) -> Vec<Vec<&'a str>> {
    let mut done: BTreeMap<&str, bool> = BTreeMap::new();
    let mut circles = Vec::new();
    for start in graph.keys() {
        if done.contains_key(start) {
            continue;
        }
        let mut way: Vec<(&str, usize)> = vec![(start, 0)];
        done.insert(start, false);
        while let Some((name, next)) = way.last_mut() {
            let name = *name;
            let target = graph
                .get(name)
                .and_then(|edges| edges.get(*next))
                .map(|text| text.text.as_str());
            *next += 1;
            match target {
                None => {
                    done.insert(name, true);
                    way.pop();
                }
                Some(target) => match done.get(target) {
                    None => {
                        done.insert(target, false);
                        way.push((target, 0));
                    }
                    Some(true) => {}
                    Some(false) => {
                        let from = way
                            .iter()
                            .position(|(name, _)| *name == target)
                            .unwrap_or_default();
                        circles.push(way[from..].iter().map(|(name, _)| *name).collect());
                    }
                },
            }
        }
    }
    circles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::diagnostic::Span;

    fn check(edges: &[(&str, &str)], expected: &[&[&str]]) {
        let mut owned: BTreeMap<&str, Vec<Text>> = BTreeMap::new();
        for (from, to) in edges {
            let span = Span {
                file: 0,
                start: 0,
                end: 0,
            };
            owned.entry(from).or_default().push(Text {
                text: (*to).to_owned(),
                span,
            });
            owned.entry(to).or_default();
        }
        assert_eq!(find(&owned), expected, "{edges:?}");
    }

    #[test]
    fn circles_are_found_once() {
        check(&[("a", "b"), ("b", "c"), ("a", "c")], &[]);
        check(&[("a", "a")], &[&["a"]]);
        check(&[("x", "a"), ("a", "b"), ("b", "a")], &[&["a", "b"]]);
        check(
            &[("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")],
            &[&["a", "b"], &["c", "d"]],
        );
    }

    #[test]
    fn a_long_chain_is_no_trouble() {
        let names: Vec<String> = (0..20_000).map(|i| format!("u{i:05}")).collect();
        let edges: Vec<(&str, &str)> = names
            .windows(2)
            .map(|w| (w[0].as_str(), w[1].as_str()))
            .collect();
        check(&edges, &[]);
    }
}
