//! Health checks by network: one HTTP request or one TCP connection, answered in plain words.
//!
//! Checks that execute a command go through the keeper, see `exec_probes`.
//!
//! Limits: the answer's head only, no redirects followed, the check's own timeout over everything.
//! Tests: below, against a real listener.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::Request;
use hyper_util::rt::TokioIo;
use runwisp_core::config::plan::Check;
use tokio::net::TcpStream;

/// Carries out a network check. `Ok` is a pass; the error is why not.
pub(crate) async fn check(check: &Check, timeout: Duration) -> Result<(), String> {
    let attempt = async {
        match check {
            Check::Http(url) => http(url).await,
            Check::Tcp(address) => connect(address).await.map(drop),
            Check::Exec(_) => Err("an exec check is not a network check".to_owned()),
        }
    };
    match tokio::time::timeout(timeout, attempt).await {
        Ok(result) => result,
        Err(_) => Err(format!("no answer within {timeout:?}")),
    }
}

async fn connect(address: &str) -> Result<TcpStream, String> {
    TcpStream::connect(address)
        .await
        .map_err(|error| format!("could not connect to {address}: {error}"))
}

async fn http(url: &str) -> Result<(), String> {
    let uri: hyper::Uri = url
        .parse()
        .map_err(|error| format!("{url} is not a URL: {error}"))?;
    if uri.scheme_str() != Some("http") {
        return Err(format!("{url}: only http:// is checked"));
    }
    let host = uri.host().ok_or_else(|| format!("{url} names no host"))?;
    let stream = connect(&format!("{host}:{}", uri.port_u16().unwrap_or(80))).await?;
    let failed = |error: hyper::Error| format!("GET {url}: {error}");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(failed)?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(
            "host",
            uri.authority().map_or(host, |authority| authority.as_str()),
        )
        .header("user-agent", concat!("runwisp/", env!("CARGO_PKG_VERSION")))
        .header("connection", "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| format!("GET {url}: {error}"))?;
    // The connection lives as long as this function, so nothing is left running behind a check. It may be over before
    // its answer has been looked at.
    let mut answer = std::pin::pin!(sender.send_request(request));
    let answer = tokio::select! {
        answer = &mut answer => answer,
        ended = connection => match ended {
            Ok(()) => answer.await,
            Err(error) => Err(error),
        },
    };
    let answer = answer.map_err(failed)?;
    match answer.status().as_u16() {
        200..=399 => Ok(()),
        status => Err(format!("GET {url}: status {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// One listener that answers each connection with `answer`, or closes it when that is empty.
    async fn against(answer: &'static str) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serve = async {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        };
        let url = Check::Http(format!("http://{address}/health?deep=1"));
        tokio::select! {
            result = check(&url, Duration::from_secs(20)) => result,
            () = serve => unreachable!("the server never ends"),
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn status_decides() {
        assert_eq!(against("HTTP/1.1 204 No Content\r\n\r\n").await, Ok(()));
        assert_eq!(
            against("HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n").await,
            Ok(())
        );
        assert!(
            against("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n")
                .await
                .unwrap_err()
                .contains("status 500")
        );
        assert!(against("").await.is_err());
        assert!(against("SSH-2.0-x\r\n").await.is_err());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn nobody_listening_is_said_plainly() {
        let address = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let error = check(&Check::Tcp(address.to_string()), Duration::from_secs(20))
            .await
            .unwrap_err();
        assert!(error.contains("could not connect"), "{error}");
        let error = check(
            &Check::Http("https://localhost/".to_owned()),
            Duration::from_secs(20),
        )
        .await
        .unwrap_err();
        assert!(error.contains("only http://"), "{error}");
    }
}
