//! The page: files of `web/dist`, out of the program in a release, out of the checkout in a debug build.
//!
//! Names below `assets/` hold a digest of the content, so browsers keep those for good; everything else is asked for
//! again, and answered with 304 while it is the same. Links in messages name `/runs/ID` and `/units/NAME`; the page
//! itself has places behind `#`, so these lead there, whatever prefix a proxy has put in front.
//!
//! Invariant: a path names a file of the page or nothing; nothing outside of the folder is ever read.
//! Tests: below, `wire/tests` with the router.

use std::borrow::Cow;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::access::secret::{hex, sha256};
use crate::wire::Problem;

/// A file of the page.
struct File {
    bytes: Cow<'static, [u8]>,
    /// The same, compressed, where that is worth it.
    gzip: Option<&'static [u8]>,
}

/// The files in the program, by name: the content, and the content compressed.
#[cfg(page_embedded)]
const EMBEDDED: &[(&str, &[u8], Option<&[u8]>)] =
    include!(concat!(env!("OUT_DIR"), "/page_files.rs"));

#[cfg(page_embedded)]
fn find(name: &str) -> Option<File> {
    let (_, bytes, gzip) = EMBEDDED.iter().find(|(known, ..)| *known == name)?;
    Some(File {
        bytes: Cow::Borrowed(bytes),
        gzip: *gzip,
    })
}

#[cfg(not(page_embedded))]
fn find(name: &str) -> Option<File> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/dist");
    let bytes = std::fs::read(std::path::Path::new(folder).join(name)).ok()?;
    Some(File {
        bytes: Cow::Owned(bytes),
        gzip: None,
    })
}

/// `GET /`
pub async fn index(headers: HeaderMap) -> Response {
    match find("index.html") {
        Some(file) => answer("index.html", file, &headers),
        None => Problem::new("page.missing", "this build is without the page")
            .help("Run `npm ci` and `npm run build` in the folder `web` of the checkout; the API is there all the same.")
            .into_response(),
    }
}

/// `GET /{*file}`
pub async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    if let Some(place) = place_of(&name) {
        return (StatusCode::FOUND, [(header::LOCATION, place)]).into_response();
    }
    let found = is_name(&name).then(|| find(&name)).flatten();
    match found {
        Some(file) => answer(&name, file, &headers),
        None => Problem::new("route.unknown", "there is nothing at this path").into_response(),
    }
}

/// Where a link in a message leads, relative to it.
fn place_of(path: &str) -> Option<HeaderValue> {
    let (kind, name) = path.split_once('/')?;
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
    if !["runs", "units"].contains(&kind) || name.is_empty() || !name.chars().all(fine) {
        return None;
    }
    HeaderValue::try_from(format!("../#/{kind}/{name}")).ok()
}

/// Whether it can name a file of the page: parts of harmless characters, none of them hidden.
fn is_name(name: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    name.split('/')
        .all(|part| !part.is_empty() && !part.starts_with('.') && part.chars().all(fine))
}

fn answer(name: &str, file: File, asked: &HeaderMap) -> Response {
    let digest = hex(&sha256(&file.bytes)[..12]);
    let packed = file.gzip.filter(|_| takes_gzip(asked));
    // The two forms are different things to a cache.
    let etag = match packed {
        Some(_) => format!("\"{digest}-gz\""),
        None => format!("\"{digest}\""),
    };
    let keep = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let known = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|known| known.trim() == etag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let body = match packed {
            Some(packed) => Cow::Borrowed(packed),
            None => file.bytes,
        };
        let mut response = body.into_response();
        let kind = HeaderValue::from_static(content_type(name));
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if packed.is_some() {
            let gzip = HeaderValue::from_static("gzip");
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, gzip);
        }
        response
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::try_from(etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let lines = asked.get_all(header::ACCEPT_ENCODING).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .filter_map(|coding| {
            let (name, q) = coding.split_once(';').unwrap_or((coding, "q=1"));
            let q: f32 = q.trim().strip_prefix("q=")?.parse().ok()?;
            Some((name.trim(), q))
        })
        .any(|(name, q)| name == "gzip" && q > 0.0)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &'static str, gzip: Option<&'static [u8]>) -> File {
        File {
            bytes: Cow::Borrowed(text.as_bytes()),
            gzip,
        }
    }

    fn asked(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    fn said(response: &Response, name: header::HeaderName) -> &str {
        response
            .headers()
            .get(name)
            .map_or("", |v| v.to_str().unwrap())
    }

    #[test]
    fn assets_are_kept_for_good_and_the_index_is_asked_for_again() {
        let asset = answer("assets/a-1234.js", file("x", None), &HeaderMap::new());
        assert!(said(&asset, header::CACHE_CONTROL).contains("immutable"));
        assert_eq!(
            said(&asset, header::CONTENT_TYPE),
            "text/javascript; charset=utf-8"
        );
        let index = answer("index.html", file("x", None), &HeaderMap::new());
        assert_eq!(said(&index, header::CACHE_CONTROL), "no-cache");
        let etag = said(&index, header::ETAG).to_owned();
        let again = asked(&[(header::IF_NONE_MATCH, &etag)]);
        let same = answer("index.html", file("x", None), &again);
        assert_eq!(same.status(), StatusCode::NOT_MODIFIED);
        let other = answer("index.html", file("y", None), &again);
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[test]
    fn the_compressed_form_is_for_those_who_take_it() {
        for (accepts, encoding) in [
            ("gzip, br", "gzip"),
            ("br;q=1, gzip;q=0.5", "gzip"),
            ("gzip;q=0", ""),
            ("identity", ""),
        ] {
            let asked = asked(&[(header::ACCEPT_ENCODING, accepts)]);
            let response = answer("a.css", file("x", Some(b"z")), &asked);
            assert_eq!(
                said(&response, header::CONTENT_ENCODING),
                encoding,
                "{accepts}"
            );
        }
    }

    #[test]
    fn a_path_names_a_file_of_the_page_or_nothing() {
        for name in ["icon.svg", "assets/index-a1.js", "a/b/c.txt"] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "../Cargo.toml",
            "/etc/passwd",
            "a//b",
            "a/../b",
            ".env",
            "a/.git/x",
            "a\\b",
            "a\0",
            "%2e",
        ] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[test]
    fn links_of_messages_lead_to_places_of_the_page() {
        let place = |path| place_of(path).map(|place| place.to_str().unwrap().to_owned());
        assert_eq!(place("runs/01ABC").as_deref(), Some("../#/runs/01ABC"));
        assert_eq!(place("units/a:b.c").as_deref(), Some("../#/units/a:b.c"));
        for other in [
            "runs",
            "runs/",
            "runs/a/b",
            "assets/x",
            "units/a b",
            "units//evil",
        ] {
            assert_eq!(place(other), None, "{other}");
        }
    }
}
