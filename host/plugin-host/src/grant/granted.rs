//! Grants as they stand for one call, with the settings of that call at hand: the answer to each question of a gate.
//!
//! Invariant: pure. Every refusal says which grant would allow it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::grant::address::{Reach, is_private_name};
use crate::grant::settings::{self, Named};
use crate::grant::{Grants, HostRule};

/// What one call may reach.
#[derive(Clone, Debug, Default)]
pub(crate) struct Granted {
    grants: Grants,
    /// The hosts that the settings named for `$KEY` rules.
    named: Vec<Named>,
    /// Every host and every port in the settings, for mail.
    everywhere: (Vec<Named>, Vec<u16>),
}

/// Where mail servers listen, when the settings name no port.
const MAIL_PORTS: [u16; 4] = [25, 465, 587, 2525];

impl Granted {
    pub(crate) fn new(grants: &Grants, settings: &Value) -> Granted {
        let named = grants.http.iter().flat_map(|rule| match rule {
            HostRule::Setting(keys) => settings::hosts(settings, keys),
            HostRule::Host { .. } | HostRule::Below { .. } => Vec::new(),
        });
        Granted {
            named: named.collect(),
            everywhere: if grants.mail {
                settings::everything(settings)
            } else {
                Default::default()
            },
            grants: grants.clone(),
        }
    }

    /// Whether a request may go to this host, and how far its name may lead. `own` is the scheme's own port.
    pub(crate) fn http(&self, host: &str, port: u16, own: u16) -> Result<Reach, String> {
        let host = bare(host);
        if self
            .named
            .iter()
            .any(|named| named.host == host && named.port.unwrap_or(own) == port)
        {
            return Ok(Reach::Named);
        }
        let rule = self
            .grants
            .http
            .iter()
            .find(|rule| rule.allows(&host, port, own));
        match rule {
            Some(HostRule::Host { name, .. }) if name.parse::<std::net::IpAddr>().is_ok() => {
                Ok(Reach::Named)
            }
            Some(_) if is_private_name(&host) => Ok(Reach::Named),
            Some(_) => Ok(Reach::Public),
            None => Err(self.refusal(&host, port, own)),
        }
    }

    fn refusal(&self, host: &str, port: u16, own: u16) -> String {
        let name = if host.contains(':') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        let at = if port == own {
            name
        } else {
            format!("{name}:{port}")
        };
        let keys = self
            .grants
            .http
            .iter()
            .filter(|rule| matches!(rule, HostRule::Setting(_)));
        let keys: Vec<String> = keys
            .map(|rule| format!("`{}`", rule.to_string().trim_start_matches('$')))
            .collect();
        let or = match keys.as_slice() {
            [] => String::new(),
            keys => format!(", or to be the host in the setting {}", keys.join(" or ")),
        };
        format!("{at} is not granted; it needs the grant `http:{at}`{or}")
    }

    /// Whether mail may go through this server, and how far its name may lead.
    pub(crate) fn mail(&self, host: &str, port: u16) -> Result<Reach, String> {
        if !self.grants.mail {
            return Err("mail is not granted; it needs the grant `mail`".to_owned());
        }
        let host = bare(host);
        let (hosts, ports) = &self.everywhere;
        let port_fits = |named: &Named| match named.port {
            Some(named) => named == port,
            None => ports.contains(&port) || MAIL_PORTS.contains(&port),
        };
        if hosts
            .iter()
            .any(|named| named.host == host && port_fits(named))
        {
            return Ok(Reach::Named);
        }
        Err(format!(
            "the server {host}:{port} is not granted; the grant `mail` is for the server that the settings name"
        ))
    }

    /// Whether a path lies below what was granted. It must be absolute and hold no `..`.
    pub(crate) fn file(&self, path: &Path) -> Result<(), String> {
        if self
            .grants
            .files
            .iter()
            .any(|granted| path.starts_with(granted))
        {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(Path::new("/"));
        Err(format!(
            "{} is not granted; it needs the grant `files:{}`",
            path.display(),
            folder.display()
        ))
    }

    /// The granted roots, for those who have to canonicalise them.
    pub(crate) fn roots(&self) -> &[PathBuf] {
        &self.grants.files
    }

    /// Whether templates may be rendered.
    pub(crate) fn template(&self) -> Result<(), String> {
        if self.grants.template {
            Ok(())
        } else {
            Err("templates are not granted; it needs the grant `template`".to_owned())
        }
    }
}

/// In lower case, without the brackets of an IPv6 address or the dot of a full name.
fn bare(host: &str) -> String {
    host.trim_matches(['[', ']'])
        .trim_end_matches('.')
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn granted(words: &[&str], settings: Value) -> Granted {
        let mut grants = Grants::default();
        for word in words {
            grants.add_word(word).unwrap();
        }
        Granted::new(&grants, &settings)
    }

    #[test]
    fn nothing_is_granted_by_default_and_the_refusal_names_the_grant() {
        let nothing = granted(&[], json!({"url": "http://a.example"}));
        let why = nothing.http("a.example", 80, 80).unwrap_err();
        assert_eq!(
            why,
            "a.example is not granted; it needs the grant `http:a.example`"
        );
        let why = nothing.http("[::1]", 81, 80).unwrap_err();
        assert_eq!(
            why,
            "[::1]:81 is not granted; it needs the grant `http:[::1]:81`"
        );
        assert!(
            nothing
                .mail("a.example", 25)
                .unwrap_err()
                .contains("`mail`")
        );
        assert!(nothing.template().unwrap_err().contains("`template`"));
        let why = nothing.file(Path::new("/etc/x/y")).unwrap_err();
        assert_eq!(
            why,
            "/etc/x/y is not granted; it needs the grant `files:/etc/x`"
        );
    }

    #[test]
    fn the_users_own_setting_grants_its_host_and_port_and_reaches_private_addresses() {
        let own = granted(&["http:$url"], json!({"url": "http://ntfy.example:8080/x"}));
        assert_eq!(own.http("ntfy.example", 8080, 80), Ok(Reach::Named));
        let why = own.http("ntfy.example", 80, 80).unwrap_err();
        assert!(
            why.ends_with("or to be the host in the setting `url`"),
            "{why}"
        );
    }

    #[test]
    fn a_name_that_the_plugin_chose_reaches_the_internet_alone() {
        let plugins = granted(
            &[
                "http:api.example",
                "http:*.b.example",
                "http:ntfy.lan",
                "http:10.0.0.1",
            ],
            json!({}),
        );
        assert_eq!(plugins.http("api.example", 443, 443), Ok(Reach::Public));
        assert_eq!(plugins.http("x.b.example", 443, 443), Ok(Reach::Public));
        assert_eq!(plugins.http("ntfy.lan", 443, 443), Ok(Reach::Named));
        assert_eq!(plugins.http("10.0.0.1", 443, 443), Ok(Reach::Named));
    }

    #[test]
    fn mail_goes_through_the_server_in_the_settings_only() {
        let apart = granted(
            &["mail"],
            json!({"smtp": {"host": "Mail.example", "port": 2600}}),
        );
        assert_eq!(apart.mail("mail.example", 2600), Ok(Reach::Named));
        assert_eq!(apart.mail("mail.example", 587), Ok(Reach::Named));
        assert!(apart.mail("mail.example", 22).is_err());
        assert!(apart.mail("other.example", 587).is_err());
        let joined = granted(&["mail"], json!({"server": "mail.example:26"}));
        assert_eq!(joined.mail("mail.example", 26), Ok(Reach::Named));
        assert!(joined.mail("mail.example", 587).is_err());
    }

    #[test]
    fn a_folder_grants_what_lies_below_it() {
        let files = granted(&["files:/etc/x"], json!({}));
        assert_eq!(files.file(Path::new("/etc/x/conf.d/a.ini")), Ok(()));
        assert!(files.file(Path::new("/etc/xy")).is_err());
    }
}
