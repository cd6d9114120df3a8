//! `[group:x]`: who is in which, and what `priority` a unit gets.
//!
//! Tests: `crate::tests`, the goldens.

use std::collections::{BTreeMap, BTreeSet};

use runwisp_plugin::settings::nearest;

use crate::codes;
use crate::document::{Document, Remark, Section};
use crate::keys::GROUP;
use crate::program::{find, name_of};
use crate::scope::{Scope, Used, World, shown};
use crate::sheet::Sheet;
use crate::value;

/// A group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) priority: i64,
    /// The names of its sections, in order: `program:web`.
    pub(crate) members: Vec<String>,
}

/// All groups.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    pub(crate) all: Vec<Group>,
    /// The groups that a section is in, by their places.
    of: BTreeMap<String, Vec<usize>>,
}

impl Groups {
    /// The groups that a section is in.
    pub(crate) fn of(&self, section: &str) -> &[usize] {
        self.of.get(section).map_or(&[], Vec::as_slice)
    }
}

/// Reads every group; the remarks are by section.
pub(crate) fn read(
    document: &Document,
    world: &World<'_>,
) -> (Groups, BTreeMap<String, Vec<Remark>>) {
    let mut groups = Groups::default();
    let mut remarks = BTreeMap::new();
    for section in &document.sections {
        if !section.name.starts_with("group:") {
            continue;
        }
        let mut sheet = Sheet::new(document, section);
        if let Some(group) = group(&mut sheet, document, world) {
            let place = groups.all.len();
            let mut seen = BTreeSet::new();
            for member in &group.members {
                if seen.insert(member) {
                    groups.of.entry(member.clone()).or_default().push(place);
                }
            }
            groups.all.push(group);
        }
        remarks.insert(section.name.clone(), sheet.remarks);
    }
    shadows(document, &groups, &mut remarks);
    (groups, remarks)
}

fn group(sheet: &mut Sheet<'_>, document: &Document, world: &World<'_>) -> Option<Group> {
    let used = Used::default();
    let scope = Scope::common(world, &used);
    let name = name_of(sheet);
    let priority = sheet.get(&scope, "priority", 999, value::integer);
    let programs = sheet.text(&scope, "programs").unwrap_or_default();
    sheet.unknown_keys(&GROUP);
    sheet.used(&used);
    let mut members = Vec::new();
    for member in programs.split(',').map(crate::text::strip) {
        if programs.is_empty() {
            break;
        }
        match find(document, member) {
            Some((section, _)) => members.push(section.name.clone()),
            None => unknown_member(sheet, document, member),
        }
    }
    if programs.is_empty() {
        sheet.remark(
            &codes::NOTHING_TO_IMPORT,
            "programs",
            "the group has no programs",
        );
    }
    if !members.is_empty() {
        let message =
            "the name is `group` of its members; commands take their names, with globs for several";
        sheet.remark(&codes::GROUP_CARRIED, "", message);
    }
    Some(Group {
        name: name?,
        priority,
        members,
    })
}

fn unknown_member(sheet: &mut Sheet<'_>, document: &Document, member: &str) {
    let message = if member.is_empty() {
        "`programs` has an empty name, a comma too many perhaps; supervisord refuses the file"
            .to_owned()
    } else {
        let programs = document
            .sections
            .iter()
            .filter_map(|section| section.name.strip_prefix("program:"));
        let meant = match nearest(member, programs) {
            Some(near) => format!("; did you mean `{}`?", shown(near)),
            None => String::new(),
        };
        format!(
            "there is not exactly one program called `{}`, and supervisord refuses the file{meant}",
            shown(member)
        )
    };
    sheet.remark(&codes::GROUP_UNKNOWN_MEMBER, "programs", message);
}

/// A group and a program that is not in any group, of one name: supervisord runs the one that starts first.
fn shadows(document: &Document, groups: &Groups, remarks: &mut BTreeMap<String, Vec<Remark>>) {
    for group in &groups.all {
        let Some((section, _)) = find(document, &group.name) else {
            continue;
        };
        if groups.of(&section.name).is_empty() {
            let message = format!(
                "`[{}]` and `[group:{}]` have one name, and supervisord runs only one of the two",
                shown(&section.name),
                shown(&group.name)
            );
            remarks
                .entry(section.name.clone())
                .or_default()
                .push(Remark {
                    code: &codes::GROUP_SHADOWS_PROGRAM,
                    message,
                    at: section.at,
                });
        }
    }
}

/// Says what a member's own priority becomes.
pub(crate) fn order(sheet: &mut Sheet<'_>, section: &Section) {
    if section.get("priority").is_some() {
        let message = "at the start supervisord goes by the priority of the group, and by the order of `programs` in it; the unit has the group's";
        sheet.dropped(&codes::GROUP_ORDER, "priority", message);
    }
}
