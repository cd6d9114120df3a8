//! Fetching a component from an address: for the operator, not for a plugin.
//!
//! Redirects are followed, since releases are kept behind them, from https to https only. What arrives is judged by its
//! digest, not by where it came from.
//!
//! Invariant: no more is held than the limit, however much is sent.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, LOCATION};
use reqwest::{Response, Url};

use crate::grant::address::Reach;
use crate::plugins::Plugins;
use crate::serve::{Services, whole};

/// The longest a fetch may take.
const WALL: Duration = Duration::from_secs(300);
/// Redirects that are followed.
const REDIRECTS: usize = 5;

impl Plugins {
    /// What is at this https address, at most `limit` bytes. The error completes "could not fetch …:".
    pub async fn fetch(&self, address: &str, limit: u64) -> Result<Vec<u8>, String> {
        let url = Url::parse(address).map_err(|_| "it is no address".to_owned())?;
        let services = self.0.services.clone();
        self.bring(async move { fetch(&services, url, limit).await })
            .await
    }

    /// On the plugins' runtime, where the clients of these services live, and not for ever.
    pub(super) async fn bring(
        &self,
        work: impl Future<Output = Result<Vec<u8>, String>> + Send + 'static,
    ) -> Result<Vec<u8>, String> {
        let brought = self.0.runtime().spawn(async move {
            tokio::time::timeout(WALL, work)
                .await
                .unwrap_or_else(|_| Err(format!("it took longer than {} s", WALL.as_secs())))
        });
        brought
            .await
            .map_err(|_| "the program is stopping".to_owned())?
    }
}

async fn fetch(services: &Services, url: Url, limit: u64) -> Result<Vec<u8>, String> {
    let answer = follow(services, url, &HeaderMap::new()).await?;
    found(answer, limit).await
}

/// The answer at the end of all redirects. Who is asked next gets no credentials that were meant for another.
pub(super) async fn follow(
    services: &Services,
    mut url: Url,
    headers: &HeaderMap,
) -> Result<Response, String> {
    // The operator named the address, so a host of their own network is fine.
    let client = services.0.clients.get(Reach::Named, &services.0.trust)?;
    let mut headers = headers.clone();
    for _ in 0..=REDIRECTS {
        if url.scheme() != "https" {
            return Err(format!("{url} is not https"));
        }
        let asked = client.get(url.clone()).headers(headers.clone());
        let answer = asked.send().await.map_err(|e| whole(&e))?;
        if !answer.status().is_redirection() {
            return Ok(answer);
        }
        let to = next(&url, &answer)?;
        if (to.host(), to.port_or_known_default()) != (url.host(), url.port_or_known_default()) {
            headers.remove(AUTHORIZATION);
        }
        url = to;
    }
    Err(format!("it leads on more than {REDIRECTS} times"))
}

/// What an answer brings, if it is a good one.
pub(super) async fn found(answer: Response, limit: u64) -> Result<Vec<u8>, String> {
    if !answer.status().is_success() {
        return Err(format!("the answer is {}", answer.status()));
    }
    body(answer, limit).await
}

fn next(url: &Url, answer: &Response) -> Result<Url, String> {
    let place = answer.headers().get(LOCATION);
    let place = place.and_then(|place| place.to_str().ok());
    place
        .and_then(|place| url.join(place).ok())
        .ok_or_else(|| format!("{url} leads nowhere"))
}

async fn body(mut answer: Response, limit: u64) -> Result<Vec<u8>, String> {
    let too_large = || format!("it is larger than {limit} bytes, the limit");
    if answer.content_length().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|e| whole(&e))? {
        if (bytes.len() + part.len()) as u64 > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}
