//! Sections that become nothing: servers, `supervisorctl`, Python plugins, what supervisord ignores.
//!
//! Tests: the goldens.

use runwisp_plugin::settings::nearest;

use crate::codes;
use crate::document::{Document, Remark, Section};
use crate::keys::{CTL, INCLUDE, INET_SERVER, KINDS, UNIX_SERVER, kind_of};
use crate::scope::{Used, World, key_shown, shown};
use crate::sheet::{Sheet, common};
use crate::value;

/// What there is to say about a section that is neither program, group nor `[supervisord]`.
pub(crate) fn remarks(document: &Document, section: &Section, world: &World<'_>) -> Vec<Remark> {
    let mut sheet = Sheet::new(document, section);
    let name = section.name.as_str();
    match name.split(':').next().unwrap_or_default() {
        "include" if name == "include" => sheet.unknown_keys(&INCLUDE),
        "supervisorctl" if name == "supervisorctl" => {
            sheet.unknown_keys(&CTL);
            let message = "`runwisp` finds its daemon by itself";
            sheet.remark(&codes::DAEMON_SETTING_DROPPED, "", message);
        }
        "rpcinterface" if name.contains(':') => {
            plugin(&mut sheet, world, "supervisor.rpcinterface_factory")
        }
        "ctlplugin" if name.contains(':') => plugin(&mut sheet, world, "supervisor.ctl_factory"),
        _ if name.starts_with("unix_http_server") => unix(&mut sheet, world),
        _ if name.starts_with("inet_http_server") => inet(&mut sheet, world),
        _ => unknown(&mut sheet),
    }
    sheet.remarks
}

fn unix(sheet: &mut Sheet<'_>, world: &World<'_>) {
    let used = Used::default();
    let scope = common(world, &used);
    sheet.unknown_keys(&UNIX_SERVER);
    if !sheet.has("file") {
        sheet.remark(
            &codes::VALUE_MISSING,
            "",
            "the section needs `file`; supervisord refuses the file",
        );
    }
    for key in ["file", "chown"] {
        sheet.text(&scope, key);
    }
    sheet.get(&scope, "chmod", 0, value::octal);
    let message = "runwisp has a socket of its own, for its user alone";
    login(sheet);
    sheet.remark(&codes::HTTP_SERVER_DROPPED, "", message);
}

fn inet(sheet: &mut Sheet<'_>, world: &World<'_>) {
    let used = Used::default();
    let scope = common(world, &used);
    sheet.unknown_keys(&INET_SERVER);
    if !sheet.has("port") {
        sheet.remark(
            &codes::VALUE_MISSING,
            "",
            "the section needs `port`; supervisord refuses the file",
        );
    }
    let address = sheet.get(&scope, "port", None, |text| value::address(text).map(Some));
    login(sheet);
    let message = match address {
        Some(address) => format!(
            "supervisord listens on {}; runwisp listens where `listen` in `[daemon]` says, and an import does not set it",
            shown(&address)
        ),
        None => "runwisp listens where `listen` in `[daemon]` says, and an import does not set it"
            .to_owned(),
    };
    sheet.remark(&codes::HTTP_SERVER_DROPPED, "port", message);
}

fn login(sheet: &mut Sheet<'_>) {
    if sheet.has("username") != sheet.has("password") {
        sheet.remark(
            &codes::VALUE_MISSING,
            "",
            "`username` and `password` need each other; supervisord refuses the file",
        );
    }
}

fn plugin(sheet: &mut Sheet<'_>, world: &World<'_>, key: &'static str) {
    let used = Used::default();
    let factory = sheet.text(&common(world, &used), key);
    match factory.as_deref() {
        None if key.ends_with("ctl_factory") => {}
        None => {
            let message = format!("the section needs `{key}`; supervisord refuses the file");
            sheet.remark(&codes::VALUE_MISSING, "", message);
            return;
        }
        Some("supervisor.rpcinterface:make_main_rpcinterface") => {
            let message = "what `supervisorctl` talks to; `runwisp` talks to its own daemon";
            sheet.remark(&codes::DAEMON_SETTING_DROPPED, "", message);
            return;
        }
        Some(_) => {}
    }
    let message = "a Python plugin of supervisord has no counterpart";
    sheet.remark(&codes::RPC_PLUGIN_DROPPED, "", message);
}

fn unknown(sheet: &mut Sheet<'_>) {
    let name = sheet.section.name.clone();
    if name == "program-default" {
        let message = "a section of the supervisord written in Go; the original ignores it, and it is not carried over";
        sheet.remark(&codes::DIALECT_GO, "", message);
        return;
    }
    let (head, rest) = match name.split_once(':') {
        Some((head, rest)) => (head, Some(rest)),
        None => (name.as_str(), None),
    };
    let heads = KINDS.iter().map(|kind| {
        let header = kind.header.trim_matches(['[', ']']);
        header.split(':').next().unwrap_or_default()
    });
    let meant = nearest(crate::text::strip(head), heads).map(|head| {
        let example = format!("{head}:{}", rest.unwrap_or("NAME"));
        if kind_of(head).is_some() {
            head.to_owned()
        } else {
            example
        }
    });
    let message = match meant {
        Some(meant) => format!(
            "supervisord ignores the section `[{}]`; did you mean `[{}]`?",
            shown(&name),
            shown(&meant)
        ),
        None => format!("supervisord ignores the section `[{}]`", shown(&name)),
    };
    sheet.remark(&codes::UNKNOWN_SECTION, "", message);
}

/// What there is to say about `[DEFAULT]`.
pub(crate) fn defaults(document: &Document) -> Vec<Remark> {
    let section = &document.defaults;
    let mut remarks = section.remarks.clone();
    let keys: Vec<String> = section
        .entries
        .iter()
        .map(|entry| format!("`{}`", key_shown(&entry.name)))
        .collect();
    if !keys.is_empty() {
        remarks.push(Remark {
            code: &codes::DEFAULT_SECTION_APPLIED,
            message: format!("{} hold in every section that does not set them, that of supervisord itself among them", keys.join(", ")),
            at: section.at,
        });
    }
    for entry in &section.entries {
        if KINDS.iter().any(|kind| kind.has(&entry.name)) || entry.name.starts_with('[') {
            continue;
        }
        let label = key_shown(&entry.name);
        let message = match nearest(&entry.name, crate::keys::PROGRAM.names()) {
            Some(near) => format!("supervisord ignores the key `{label}`; did you mean `{near}`?"),
            None => format!("supervisord ignores the key `{label}`"),
        };
        remarks.push(Remark {
            code: &codes::UNKNOWN_KEY,
            message,
            at: entry.at,
        });
    }
    remarks
}
