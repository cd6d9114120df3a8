//! `wasi:http`: what `fetch` in JavaScript and ordinary clients in Rust speak, through the same gate.
//!
//! The interface has no word for a refusal; what was refused and why stands in the exchange and in the log.

use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full, Limited};
use reqwest::Url;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::call::exchange::HostCall;
use crate::serve::Gate;
use crate::serve::http::{MAX_ANSWER, MAX_BODY, PRETENDED, failure};
use crate::since_v0_1::notifier::runwisp::plugin::http as wit;

type Done = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sent = Result<(http::Response<WasiBody>, Done), Error>;

impl WasiHttpHooks for Gate {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _done: Done,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let asked = format!("{} {}", request.method(), request.uri());
        let prepared = self.prepare_fetch(&request);
        let outcome = match &prepared {
            Ok(_) => Ok("sent".to_owned()),
            Err(error) => Err(format!("{error:?}")),
        };
        self.record(HostCall {
            asked,
            sent: String::new(),
            outcome,
            received: String::new(),
            took: Duration::ZERO,
        });
        let wait = options
            .and_then(|options| options.first_byte_timeout)
            .unwrap_or(Duration::MAX);
        let wait = wait.min(self.time_left());
        let dry_run = self.services.0.dry_run;
        Box::new(async move {
            let (client, url) = prepared.map_err(translate)?;
            if dry_run {
                return Ok(pretended());
            }
            fetch(client, url, request, wait).await
        })
    }
}

impl Gate {
    fn prepare_fetch(
        &mut self,
        request: &http::Request<WasiBody>,
    ) -> Result<(reqwest::Client, Url), wit::Error> {
        self.count().map_err(wit::Error::Denied)?;
        let url = Url::parse(&request.uri().to_string())
            .map_err(|e| wit::Error::Invalid(e.to_string()))?;
        let reach = self.admit(&url)?;
        Ok((self.client(reach)?, url))
    }
}

/// What a dry run answers.
fn pretended() -> (http::Response<WasiBody>, Done) {
    let body = Full::new(bytes::Bytes::from_static(PRETENDED))
        .map_err(|never| match never {})
        .boxed_unsync();
    let done: Done = Box::new(async { Ok(()) });
    (http::Response::new(body), done)
}

async fn fetch(
    client: reqwest::Client,
    url: Url,
    request: http::Request<WasiBody>,
    wait: Duration,
) -> Sent {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let too_large = |_| Error::HttpRequestBodySize(Some(MAX_BODY as u64));
    let body = Limited::new(body, MAX_BODY)
        .collect()
        .await
        .map_err(too_large)?
        .to_bytes();
    let mut headers = parts.headers;
    for ours in [
        http::header::HOST,
        http::header::CONTENT_LENGTH,
        http::header::TRANSFER_ENCODING,
    ] {
        headers.remove(ours);
    }
    let left = wait.saturating_sub(began.elapsed());
    let sent = client
        .request(parts.method, url)
        .headers(headers)
        .body(body)
        .timeout(left)
        .send()
        .await;
    let response: http::Response<reqwest::Body> =
        sent.map_err(|e| translate(failure(&e, wait)))?.into();
    let (parts, body) = response.into_parts();
    let too_large = |_| Error::HttpResponseBodySize(Some(MAX_ANSWER as u64));
    let body = Limited::new(body, MAX_ANSWER)
        .collect()
        .await
        .map_err(too_large)?
        .to_bytes();
    let body = Full::new(body)
        .map_err(|never| match never {})
        .boxed_unsync();
    let done: Done = Box::new(async { Ok(()) });
    Ok((http::Response::from_parts(parts, body), done))
}

fn translate(error: wit::Error) -> Error {
    match error {
        wit::Error::Denied(why) => Error::InternalError(Some(why)),
        wit::Error::Invalid(_) => Error::HttpRequestUriInvalid,
        wit::Error::Timeout(_) => Error::ConnectionReadTimeout,
        wit::Error::Connect(_) => Error::ConnectionRefused,
        wit::Error::Tls(_) => Error::TlsCertificateError,
        wit::Error::TooLarge(limit) => Error::HttpResponseBodySize(Some(limit)),
    }
}
