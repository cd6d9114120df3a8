//! Pulling a component from a registry of the Open Container Initiative: manifest, then the one layer that is a
//! component, each checked by its digest. Without an account: what is published for everybody, by a token for nobody
//! in particular where the registry wants one.
//!
//! Invariants: over https alone; what arrives has the digest and the size that the manifest names, and a manifest that
//! is named by digest has that one.
//!
//! Tests: `tests/host/pulling.rs`.

use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;

use super::Services;
use super::fetch::{follow, found};
use super::reference::{Reference, Which};
use crate::load::component::Digest;
use crate::plugins::Plugins;

/// The largest manifest, which is what the specification asks registries to take.
const MANIFEST: u64 = 4 << 20;
/// The largest answer with a token.
const TOKEN: u64 = 64 << 10;
/// What a manifest is.
const KIND: &str = "application/vnd.oci.image.manifest.v1+json";
/// What a component is.
const COMPONENT: &str = "application/wasm";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    media_type: Option<String>,
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
    digest: String,
    size: u64,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Plugins {
    /// The component with this name, at most `limit` bytes: `oci://HOST/NAME:TAG` or `oci://HOST/NAME@sha256:DIGEST`.
    /// The error completes "could not fetch …:".
    pub async fn pull(&self, reference: &str, limit: u64) -> Result<Vec<u8>, String> {
        let reference = Reference::parse(reference)?;
        let services = self.0.services.clone();
        self.bring(async move { pull(&services, &reference, limit).await })
            .await
    }
}

async fn pull(services: &Services, reference: &Reference, limit: u64) -> Result<Vec<u8>, String> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(KIND));
    let mut answer = follow(services, reference.manifest()?, &headers).await?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        let token = token(services, &answer).await?;
        headers.insert(AUTHORIZATION, token);
        answer = follow(services, reference.manifest()?, &headers).await?;
    }
    let bytes = found(answer, MANIFEST).await?;
    if let Which::Digest(wanted) = reference.which {
        is(&bytes, wanted, "the manifest")?;
    }
    let layer = component(&bytes)?;
    if layer.size > limit {
        return Err(format!("it is larger than {limit} bytes, the limit"));
    }
    let digest = layer.digest.strip_prefix("sha256:");
    let digest: Digest = digest
        .and_then(|digest| digest.parse().ok())
        .ok_or_else(|| {
            format!(
                "the manifest names a digest that is not understood: {}",
                layer.digest
            )
        })?;
    headers.remove(ACCEPT);
    let answer = follow(services, reference.blob(digest)?, &headers).await?;
    let bytes = found(answer, layer.size).await?;
    is(&bytes, digest, "the component")?;
    Ok(bytes)
}

fn is(bytes: &[u8], wanted: Digest, what: &str) -> Result<(), String> {
    let found = Digest::of(bytes);
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what} has another digest than it should: {found}"))
}

/// The one layer that is a component.
fn component(manifest: &[u8]) -> Result<Layer, String> {
    let manifest: Manifest = serde_json::from_slice(manifest)
        .map_err(|error| format!("its manifest is not understood: {error}"))?;
    if let Some(kind) = manifest.media_type.filter(|kind| kind != KIND) {
        return Err(format!("it is no single thing but {kind}"));
    }
    let all: Vec<String> = manifest
        .layers
        .iter()
        .map(|layer| layer.media_type.clone())
        .collect();
    let mut layers = manifest.layers.into_iter();
    let mut components = layers
        .by_ref()
        .filter(|layer| layer.media_type == COMPONENT);
    match (components.next(), components.next()) {
        (Some(layer), None) => Ok(layer),
        _ => Err(format!(
            "it holds no single component ({COMPONENT}) but: {}",
            all.join(", ")
        )),
    }
}

/// What the registry's own authority gives to anybody.
async fn token(services: &Services, refused: &Response) -> Result<HeaderValue, String> {
    let challenge = refused.headers().get(WWW_AUTHENTICATE);
    let challenge = challenge.and_then(|text| text.to_str().ok());
    let url = challenge
        .and_then(authority)
        .ok_or("the registry wants an account, and only what everybody may read can be fetched")?;
    let answer = follow(services, url, &HeaderMap::new()).await?;
    let failed = |why: String| format!("the registry gives no token: {why}");
    let bytes = found(answer, TOKEN).await.map_err(failed)?;
    let answer: Token = serde_json::from_slice(&bytes).map_err(|e| failed(e.to_string()))?;
    let token = answer.token.or(answer.access_token);
    let token = token.ok_or_else(|| failed("the answer has none".to_owned()))?;
    let mut header = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| failed("it is no text for a header".to_owned()))?;
    header.set_sensitive(true);
    Ok(header)
}

/// Whom a challenge says to ask: `Bearer realm="https://…",service="…",scope="…"`.
fn authority(challenge: &str) -> Option<Url> {
    let (scheme, rest) = challenge.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut url = None;
    let mut asked = Vec::new();
    let mut rest = rest;
    while let Some((name, value)) = rest.split_once("=\"") {
        let (value, behind) = value.split_once('"')?;
        match name.trim_matches([' ', ',']) {
            "realm" => url = Url::parse(value).ok(),
            name @ ("service" | "scope") => asked.push((name, value)),
            _ => {}
        }
        rest = behind;
    }
    let mut url = url?;
    url.query_pairs_mut().extend_pairs(asked);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_says_whom_to_ask() {
        let asked = |text| authority(text).map(String::from);
        let text = r#"Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull""#;
        let url = "https://auth.example/token?service=r.example&scope=repository%3Aa%2Fb%3Apull";
        assert_eq!(asked(text).as_deref(), Some(url));
        assert_eq!(asked(r#"Basic realm="x""#), None);
        assert_eq!(asked(r#"Bearer realm="nowhere"#), None);
        assert_eq!(asked("Bearer"), None);
    }

    #[test]
    fn a_manifest_has_one_component() {
        let manifest = |layers: &str| format!(r#"{{"mediaType": "{KIND}", "layers": [{layers}]}}"#);
        let wasm = r#"{"mediaType": "application/wasm", "digest": "sha256:x", "size": 5}"#;
        let other = r#"{"mediaType": "application/x", "digest": "sha256:y", "size": 5}"#;
        let found = |text: String| component(text.as_bytes()).map(|layer| layer.digest);
        assert_eq!(
            found(manifest(&format!("{other},{wasm}"))),
            Ok("sha256:x".to_owned())
        );
        assert!(found(manifest(&format!("{wasm},{wasm}"))).is_err());
        assert!(
            found(manifest(other))
                .unwrap_err()
                .contains("application/x")
        );
        assert!(
            found(r#"{"mediaType": "index", "manifests": []}"#.to_owned())
                .unwrap_err()
                .contains("index")
        );
        assert!(found("{".to_owned()).is_err());
    }
}
