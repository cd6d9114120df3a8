//! The name of a component in a registry of the Open Container Initiative: `oci://HOST/NAME:TAG` or
//! `oci://HOST/NAME@sha256:DIGEST`.
//!
//! Pure. Unlike what container tools do, no host is assumed where none is named.
//!
//! Tests: below.

use reqwest::Url;

use crate::load::component::Digest;

/// A name, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reference {
    /// The registry, with its port if it has one.
    host: String,
    /// The repository.
    name: String,
    /// Which manifest.
    pub(super) which: Which,
}

/// How a manifest is named.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Which {
    /// By a word that may come to mean another one.
    Tag(String),
    /// For good.
    Digest(Digest),
}

impl Reference {
    /// Takes it apart. The error completes "could not fetch …:".
    pub(super) fn parse(text: &str) -> Result<Reference, String> {
        let wrong = || {
            "it is no reference: write oci://HOST/NAME:TAG or oci://HOST/NAME@sha256:DIGEST"
                .to_owned()
        };
        let rest = text.strip_prefix("oci://").ok_or_else(wrong)?;
        let (host, rest) = rest.split_once('/').ok_or_else(wrong)?;
        let (name, which) = match rest.split_once('@') {
            // A tag beside a digest says nothing more.
            Some((name, digest)) => {
                let digest = digest.strip_prefix("sha256:").ok_or_else(wrong)?;
                let digest: Digest = digest.parse().map_err(|_| wrong())?;
                let name = name.split_once(':').map_or(name, |(name, _)| name);
                (name, Which::Digest(digest))
            }
            None => {
                let (name, tag) = rest.split_once(':').ok_or_else(wrong)?;
                (name, Which::Tag(tag.to_owned()))
            }
        };
        let word = |text: &str, more: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
            text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                && text.chars().all(fits)
        };
        let fits = word(host, ".-:")
            && name.split('/').all(|part| word(part, "._-"))
            && match &which {
                Which::Tag(tag) => word(tag, "._-") && tag.len() <= 128,
                Which::Digest(_) => true,
            };
        fits.then(|| Reference {
            host: host.to_owned(),
            name: name.to_owned(),
            which,
        })
        .ok_or_else(wrong)
    }

    /// Where its manifest is.
    pub(super) fn manifest(&self) -> Result<Url, String> {
        match &self.which {
            Which::Tag(tag) => self.at(&format!("manifests/{tag}")),
            Which::Digest(digest) => self.at(&format!("manifests/sha256:{digest}")),
        }
    }

    /// Where a part of it is.
    pub(super) fn blob(&self, digest: Digest) -> Result<Url, String> {
        self.at(&format!("blobs/sha256:{digest}"))
    }

    fn at(&self, what: &str) -> Result<Url, String> {
        let address = format!("https://{}/v2/{}/{what}", self.host, self.name);
        Url::parse(&address).map_err(|_| format!("{address} is no address"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_addresses() {
        let digest = Digest::of(b"x");
        let pinned = format!("oci://r.example:5000/a/b.c:1.0@sha256:{digest}");
        for (text, address) in [
            (
                "oci://ghcr.io/me/ntfy:1.2",
                "https://ghcr.io/v2/me/ntfy/manifests/1.2".to_owned(),
            ),
            (
                &pinned,
                format!("https://r.example:5000/v2/a/b.c/manifests/sha256:{digest}"),
            ),
        ] {
            let reference = Reference::parse(text).unwrap();
            assert_eq!(reference.manifest().unwrap().as_str(), address);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "ghcr.io/me/ntfy:1",
            "oci://ntfy:1",
            "oci://ghcr.io/me/ntfy",
            "oci://ghcr.io/me/../ntfy:1",
            "oci://ghcr.io/me//ntfy:1",
            "oci://me@ghcr.io/ntfy:1",
            "oci://ghcr.io/me/ntfy:1?x=y",
            "oci://ghcr.io/me/ntfy:1/../../x",
            "oci://ghcr.io/me/ntfy@sha256:12",
            "oci:///me/ntfy:1",
        ] {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }
}
