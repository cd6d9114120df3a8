//! Answers that go on end when what their caller was let in with does: signed out, revoked, expired.
//!
//! Tests: `tests/e2e/access.rs`.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use hyper::body::{Body as _, Frame, SizeHint};

use crate::access::{Access, Credential};

/// How often an answer looks whether time alone has ended its right.
const LOOK: Duration = Duration::from_secs(60);

/// The answer, which ends with the credential. One whose length is known is not worth watching.
pub(super) fn revoked(response: Response, access: &Arc<Access>, by: Credential) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    let access = Arc::clone(access);
    let over = Box::pin(async move {
        let mut ended = access.ended();
        while access.holds(&by) {
            // The sender lives as long as `access` does.
            let _ = tokio::time::timeout(LOOK, ended.changed()).await;
        }
    });
    response.map(|body| Body::new(Until { body, over }))
}

struct Until {
    body: Body,
    over: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl hyper::body::Body for Until {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.over.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
