//! The listener for metrics alone, while the plan wants one: `metrics = "host:port"`.
//!
//! As with the API's own address, one that is taken is a trouble that `status` shows, and is tried again.
//!
//! Tests: `tests/e2e/metrics.rs`.

use std::sync::Arc;
use std::time::Duration;

use runwisp_core::config::plan::Metrics;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::handle::Handle;
use super::main_loop::Back;
use crate::http::router;
use crate::http::tcp::{self, Room, Served};

/// How soon an address that could not be taken is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Connections at once: a few readers, each with one or two.
const CONNECTIONS: usize = 64;

/// Served as long as this lives.
pub(super) struct Measured(JoinHandle<()>);

impl Drop for Measured {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves where the plan says, and follows it.
pub(super) fn follow(handle: Handle, back: mpsc::UnboundedSender<Back>) -> Measured {
    let follower = Follower { handle, back };
    Measured(tokio::spawn(follower.follow()))
}

struct Follower {
    handle: Handle,
    back: mpsc::UnboundedSender<Back>,
}

/// What is being served. Dropped, it lets go of the address at once, and answers end.
struct Serving {
    _stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Follower {
    async fn follow(self) {
        let mut plans = self.handle.plans();
        let mut troubled = false;
        loop {
            let wanted = plans.borrow_and_update().daemon.metrics();
            let opened = self.open(&wanted).await;
            let trouble = opened.as_ref().err().cloned();
            let failed = trouble.is_some();
            if failed || troubled {
                let _ = self.back.send(Back::Trouble("metrics", trouble));
            }
            troubled = failed;
            // Until there is a reason to try anew: what is served ends with it.
            let again = tokio::time::sleep(AGAIN);
            tokio::pin!(again);
            loop {
                tokio::select! {
                    changed = plans.changed() => match changed {
                        Err(_) => return,
                        Ok(()) if plans.borrow_and_update().daemon.metrics() == wanted => {}
                        Ok(()) => break,
                    },
                    () = again.as_mut(), if failed => break,
                }
            }
            if let Ok(Some(serving)) = opened {
                let mut serving = serving;
                serving.task.abort();
                let _ = (&mut serving.task).await;
            }
        }
    }

    async fn open(&self, wanted: &Metrics) -> Result<Option<Serving>, String> {
        let Metrics::At(address) = wanted else {
            return Ok(None);
        };
        let listener = TcpListener::bind(address.as_str()).await.map_err(|error| {
            format!("metrics are not served: could not listen on {address}: {error}")
        })?;
        if let Ok(at) = listener.local_addr() {
            tracing::info!("serving metrics on {at}");
        }
        let (stop, stopped) = watch::channel(());
        let served = Served {
            router: router::metrics_alone(self.handle.clone()),
            room: Room::new(CONNECTIONS),
            proxies: Arc::default(),
            tls: None,
        };
        let task = tokio::spawn(tcp::serve(listener, served, stopped));
        Ok(Some(Serving { _stop: stop, task }))
    }
}
