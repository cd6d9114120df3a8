//! Whether a request was caused by a page of ours, by nobody's page, or by a stranger's.
//!
//! | what the browser says | then |
//! | --- | --- |
//! | `Origin` of another site, or `null` | foreign |
//! | `Sec-Fetch-Site` cross-site or same-site, and it is not a person who follows a link | foreign |
//! | `Origin` of ours, or `Sec-Fetch-Site: same-origin` | ours |
//! | neither | nobody's: no browser, or a person who typed the address |
//!
//! A cookie changes something only from a page of ours. A bearer token is exempt: no browser adds one by itself.
//! Tests: below.

/// A site: scheme and authority, the port always said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    https: bool,
    host: String,
    port: u16,
}

impl Site {
    /// `https://host`, with or without port and path.
    pub fn parse(url: &str) -> Option<Site> {
        let (https, rest) = match url.split_once("://")? {
            ("https", rest) => (true, rest),
            ("http", rest) => (false, rest),
            _ => return None,
        };
        Site::of(https, rest.split(['/', '?', '#']).next()?)
    }

    /// The site of an authority.
    pub fn of(https: bool, authority: &str) -> Option<Site> {
        let host = super::host::host_of(authority)?;
        let after = authority
            .rsplit_once(']')
            .map_or(authority, |(_, rest)| rest);
        let port = match after.rsplit_once(':') {
            Some((_, port)) => port.parse().ok()?,
            None if https => 443,
            None => 80,
        };
        Some(Site { https, host, port })
    }

    /// Its host, in lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is reached by HTTPS.
    pub fn is_https(&self) -> bool {
        self.https
    }
}

/// What a browser says of where a request comes from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// `Origin`
    pub origin: Option<&'a str>,
    /// `Sec-Fetch-Site`
    pub fetch_site: Option<&'a str>,
    /// `Sec-Fetch-Mode`
    pub fetch_mode: Option<&'a str>,
}

/// What caused a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A page of ours.
    Ours,
    /// No page.
    Nobody,
    /// A page of somebody else's.
    Foreign,
}

/// What caused it. `safe` says that the method changes nothing; `ours` are our sites.
pub fn cause(said: Said<'_>, safe: bool, ours: &[&Site]) -> Cause {
    let origin = said.origin.map(Site::parse);
    if let Some(origin) = &origin {
        let known = origin.as_ref().is_some_and(|origin| ours.contains(&origin));
        if !known {
            return Cause::Foreign;
        }
    }
    match said.fetch_site {
        Some("same-origin") => Cause::Ours,
        Some("cross-site" | "same-site") => {
            let follows_link = safe && said.fetch_mode == Some("navigate") && origin.is_none();
            // A proxy may serve us under a name that only `external_url` knows: then the origin decides.
            if origin.is_some() {
                Cause::Ours
            } else if follows_link {
                Cause::Nobody
            } else {
                Cause::Foreign
            }
        }
        _ if origin.is_some() => Cause::Ours,
        _ => Cause::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(origin: Option<&str>, site: Option<&str>, mode: Option<&str>, safe: bool) -> Cause {
        let here = Site::of(false, "127.0.0.1:9477").unwrap();
        let outside = Site::parse("https://jobs.example.com/prefix").unwrap();
        let said = Said {
            origin,
            fetch_site: site,
            fetch_mode: mode,
        };
        cause(said, safe, &[&here, &outside])
    }

    #[test]
    fn a_site_is_scheme_host_and_port() {
        assert_eq!(Site::parse("https://a"), Site::parse("https://A:443/x"));
        assert_ne!(Site::parse("https://a"), Site::parse("http://a:443"));
        assert_ne!(Site::parse("http://a"), Site::parse("http://a:8080"));
        assert_eq!(Site::parse("http://[::1]:80"), Site::parse("http://[::1]"));
        for wrong in ["null", "", "ftp://a", "https://", "a", "http://a b"] {
            assert_eq!(Site::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_page_itself_and_programs_pass_and_strangers_pages_do_not() {
        for (origin, site, mode, safe, cause) in [
            (None, None, None, false, Cause::Nobody),
            (None, Some("none"), Some("navigate"), true, Cause::Nobody),
            (
                Some("http://127.0.0.1:9477"),
                None,
                None,
                false,
                Cause::Ours,
            ),
            (
                Some("https://jobs.example.com"),
                Some("same-origin"),
                None,
                false,
                Cause::Ours,
            ),
            (None, Some("same-origin"), Some("cors"), true, Cause::Ours),
            (
                None,
                Some("cross-site"),
                Some("navigate"),
                true,
                Cause::Nobody,
            ),
            (
                None,
                Some("cross-site"),
                Some("navigate"),
                false,
                Cause::Foreign,
            ),
            (
                None,
                Some("cross-site"),
                Some("no-cors"),
                true,
                Cause::Foreign,
            ),
            (None, Some("same-site"), Some("cors"), true, Cause::Foreign),
            (
                Some("https://evil.example"),
                Some("cross-site"),
                None,
                false,
                Cause::Foreign,
            ),
            (
                Some("https://127.0.0.1:9477"),
                None,
                None,
                false,
                Cause::Foreign,
            ),
            (
                Some("http://127.0.0.1:9478"),
                None,
                None,
                true,
                Cause::Foreign,
            ),
            (Some("null"), None, None, true, Cause::Foreign),
        ] {
            assert_eq!(
                of(origin, site, mode, safe),
                cause,
                "{origin:?} {site:?} {mode:?}"
            );
        }
    }
}
