//! HTTP over TCP while this daemon lives: where the plan says, until it says otherwise.
//!
//! ```text
//!             begin, or another plan
//!   ┌──────────────┐  bound   ┌─────────┐
//!   │ try to bind  ├─────────►│ serving │
//!   └──────▲───┬───┘          └────┬────┘
//!    5 s   │   │ not free,         │ another plan: stop accepting,
//!   ┌──────┴───▼───┐ not allowed   │ let answers end, and try anew
//!   │   trouble    │◄──────────────┘
//!   └──────────────┘
//! ```
//!
//! A port that is taken is no reason to leave services alone: it is a trouble that `status` shows and an event tells, and
//! it is tried again. The first try is over before the daemon says that it is ready.
//!
//! Invariant: without TLS nothing is served beyond loopback unless `allow_insecure` says so, whatever a name resolves to.
//! Tests: below, and `tests/e2e/access.rs`.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use runwisp_core::config::plan::{DaemonPlan, Plan};
use tokio::net::{TcpListener, lookup_host};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::handle::{Handle, Web};
use super::main_loop::Back;
use super::measured::{self, Measured};
use super::options::Options;
use super::watch::Watches;
use crate::http::access::host::host_of;
use crate::http::access::settings::Settings;
use crate::http::router;
use crate::http::tcp::{self, Room, Served};
use crate::http::tls::Pair;

/// How soon an address that could not be taken is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// How often the files of a certificate are looked at, where no watch tells of a change.
const LOOK: Duration = Duration::from_secs(60);

/// How long it may take to find the address of a name: services wait for nothing longer.
const LOOKUP: Duration = Duration::from_secs(2);

/// Connections at once, if there are descriptors for them.
const CONNECTIONS: u64 = 1_500;

/// Descriptors that are not for connections over TCP: the socket's callers, logs, the store.
const RESERVED: u64 = 768;

/// What the configuration and the command line want.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    /// `host:port`; none is nowhere.
    address: Option<String>,
    tls: Tls,
    insecure: bool,
    external: Option<String>,
    settings: Settings,
}

/// Which certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tls {
    Off,
    /// Our own, on every address but loopback.
    Auto,
    Files {
        cert: PathBuf,
        key: PathBuf,
    },
}

impl Wanted {
    fn of(daemon: &DaemonPlan, said: Option<&str>) -> Wanted {
        let text = |key: &str| daemon.http[key].as_str();
        let tls = match (text("tls_cert"), text("tls_key")) {
            (Some(cert), Some(key)) => Tls::Files {
                cert: cert.into(),
                key: key.into(),
            },
            _ if text("tls") == Some("auto") => Tls::Auto,
            _ => Tls::Off,
        };
        let address = match said {
            Some("off") => None,
            Some(said) => Some(said.to_owned()),
            None => daemon.listen.clone(),
        };
        let hostname = nix::unistd::gethostname().ok();
        let hostname = hostname.and_then(|name| name.into_string().ok());
        Wanted {
            settings: Settings::of(daemon, address.as_deref(), hostname.as_deref()),
            address,
            tls,
            insecure: daemon.http["allow_insecure"].as_bool() == Some(true),
            external: daemon.external_url.clone(),
        }
    }

    /// The certificate to serve on an address; none is plain HTTP.
    fn certificate(&self, address: IpAddr) -> Option<&Tls> {
        match &self.tls {
            Tls::Off => None,
            Tls::Auto if address.to_canonical().is_loopback() => None,
            tls => Some(tls),
        }
    }

    /// Where a browser finds the page.
    fn url(&self, bound: SocketAddr, tls: bool) -> String {
        if let Some(external) = &self.external {
            return external.clone();
        }
        let scheme = if tls { "https" } else { "http" };
        // Nobody can go to all addresses; this one is reached from here.
        let host = match bound.ip() {
            IpAddr::V4(v4) if v4.is_unspecified() => "127.0.0.1".to_owned(),
            IpAddr::V6(v6) if v6.is_unspecified() => "[::1]".to_owned(),
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("[{v6}]"),
        };
        format!("{scheme}://{host}:{}/", bound.port())
    }
}

/// An address that is listened on.
struct Open {
    listener: TcpListener,
    pair: Option<Pair>,
    web: Web,
}

/// A first try, over before the loop turns.
pub(super) struct First {
    handle: Handle,
    options: Options,
    wanted: Wanted,
    open: Result<Option<Open>, String>,
}

/// Tries for the first time.
pub(super) async fn first(handle: Handle, options: Options) -> First {
    let wanted = Wanted::of(&handle.plan().daemon, options.listen.as_deref());
    let open = open(&wanted, &options.data).await;
    First {
        handle,
        options,
        wanted,
        open,
    }
}

impl First {
    /// Why nothing is listened on that should be.
    pub(super) fn trouble(&self) -> Option<String> {
        self.open.as_ref().err().cloned()
    }

    /// Serves from now on.
    pub(super) fn follow(
        self,
        back: mpsc::UnboundedSender<Back>,
    ) -> (Listening, watch::Receiver<Web>) {
        let measured = measured::follow(self.handle.clone(), back.clone());
        let (told, web) = watch::channel(Web::default());
        let follower = Follower {
            room: Room::new(room()),
            plans: self.handle.plans(),
            handle: self.handle,
            options: self.options,
            back,
            told,
        };
        // The first status already says where.
        let serving = self
            .open
            .map(|open| open.map(|open| follower.serve(&self.wanted, open)));
        let task = tokio::spawn(follower.follow(self.wanted, serving));
        let listening = Listening {
            task,
            _measured: measured,
        };
        (listening, web)
    }
}

/// Served as long as this lives.
pub(crate) struct Listening {
    task: JoinHandle<()>,
    _measured: Measured,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Follower {
    handle: Handle,
    options: Options,
    plans: watch::Receiver<Arc<Plan>>,
    room: Arc<Room>,
    back: mpsc::UnboundedSender<Back>,
    told: watch::Sender<Web>,
}

/// What is being served. Dropped, it stops accepting and lets answers end.
struct Serving {
    _stop: watch::Sender<()>,
    pair: Option<watch::Sender<Arc<Pair>>>,
    task: JoinHandle<()>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Aborted, it lets go of the address at once, so that it can be taken anew.
        self.task.abort();
    }
}

impl Follower {
    async fn follow(mut self, mut wanted: Wanted, first: Result<Option<Serving>, String>) {
        let mut serving = first;
        loop {
            let failed = serving.is_err();
            let watched = match &wanted.tls {
                Tls::Files { cert, key } => Some([cert.clone(), key.clone()]),
                _ => None,
            };
            tokio::select! {
                changed = self.plans.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let daemon = &self.handle.plan().daemon;
                    let now = Wanted::of(daemon, self.options.listen.as_deref());
                    if now != wanted {
                        wanted = now;
                        serving = self.again(&wanted, serving).await;
                    }
                }
                () = tokio::time::sleep(AGAIN), if failed => {
                    serving = self.again(&wanted, serving).await;
                }
                () = changed(watched), if !failed => {
                    if let (Ok(Some(serving)), Tls::Files { cert, key }) = (&serving, &wanted.tls) {
                        self.renew(serving, cert, key).await;
                    }
                }
            }
        }
    }

    /// Ends what is served, and tries anew.
    async fn again(
        &self,
        wanted: &Wanted,
        before: Result<Option<Serving>, String>,
    ) -> Result<Option<Serving>, String> {
        if let Ok(Some(before)) = before {
            let task = before.stop();
            let _ = task.await;
        }
        let opened = open(wanted, &self.options.data).await;
        self.trouble("listen", opened.as_ref().err().cloned());
        self.trouble("certificate", None);
        if !matches!(opened, Ok(Some(_))) {
            self.told.send_replace(Web::default());
        }
        opened.map(|open| open.map(|open| self.serve(wanted, open)))
    }

    fn serve(&self, wanted: &Wanted, open: Open) -> Serving {
        let Open {
            listener,
            pair,
            web,
        } = open;
        tracing::info!(
            url = web.url.as_deref().unwrap_or_default(),
            certificate = web.certificate.as_deref(),
            "serving HTTP on {}",
            web.listen.map(|at| at.to_string()).unwrap_or_default()
        );
        self.told.send_replace(web);
        let (pair, tls) = pair.map(|pair| watch::channel(Arc::new(pair))).unzip();
        let (stop, stopped) = watch::channel(());
        let served = Served {
            router: router::guarded(self.handle.clone(), self.options.listen.clone()),
            room: Arc::clone(&self.room),
            proxies: Arc::new(wanted.settings.proxies.clone()),
            tls,
        };
        let task = tokio::spawn(tcp::serve(listener, served, stopped));
        Serving {
            _stop: stop,
            pair,
            task,
        }
    }

    /// The files of the certificate may have changed. A pair that can't be used is a trouble, and the old one stays.
    async fn renew(&self, serving: &Serving, cert: &Path, key: &Path) {
        let Some(sender) = &serving.pair else { return };
        let (cert, key) = (cert.to_owned(), key.to_owned());
        let read = tokio::task::spawn_blocking(move || Pair::read(&cert, &key)).await;
        let Ok(read) = read else { return };
        match read {
            Ok(pair) if pair.fingerprint == sender.borrow().fingerprint => {
                self.trouble("certificate", None);
            }
            Ok(pair) => {
                tracing::info!(
                    certificate = pair.fingerprint,
                    "the certificate was renewed"
                );
                let fingerprint = pair.fingerprint.clone();
                self.told
                    .send_modify(|web| web.certificate = Some(fingerprint));
                sender.send_replace(Arc::new(pair));
                self.trouble("certificate", None);
            }
            Err(why) => self.trouble(
                "certificate",
                Some(format!(
                    "the old certificate stays in force: could not {why}"
                )),
            ),
        }
    }

    fn trouble(&self, part: &'static str, message: Option<String>) {
        // A loop that has ended needs no news.
        let _ = self.back.send(Back::Trouble(part, message));
    }
}

impl Serving {
    /// Stops accepting. The task is over once the address is free.
    fn stop(self) -> JoinHandle<()> {
        self.task.abort();
        let mut serving = self;
        std::mem::replace(&mut serving.task, tokio::spawn(async {}))
    }
}

/// Binds the first address that can be, if all of them may be.
async fn open(wanted: &Wanted, data: &Path) -> Result<Option<Open>, String> {
    let Some(text) = &wanted.address else {
        return Ok(None);
    };
    let failed = |error: &io::Error| {
        let more = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "; another program listens there, and it is tried again until it is free"
            }
            io::ErrorKind::PermissionDenied => {
                "; ports below 1024 are for root, or for CAP_NET_BIND_SERVICE"
            }
            _ => "",
        };
        format!("HTTP is not served: could not listen on {text}: {error}{more}")
    };
    let named = tokio::time::timeout(LOOKUP, lookup_host(text)).await;
    let named = named.unwrap_or_else(|_| Err(io::Error::other("the name was not found in time")));
    let addresses: Vec<SocketAddr> = named.map_err(|e| failed(&e))?.collect();
    let beyond = addresses.iter().find(|at| {
        let open = !at.ip().to_canonical().is_loopback();
        open && !wanted.insecure && wanted.certificate(at.ip()).is_none()
    });
    if let Some(beyond) = beyond {
        return Err(format!(
            "HTTP is not served: {text} is {beyond}, which is beyond loopback, and without TLS passwords would be shown \
             to the network; write `tls = \"auto\"`, or `allow_insecure = true` behind a proxy that speaks TLS"
        ));
    }
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpListener::bind(address).await {
            Ok(listener) => {
                let bound = listener.local_addr().map_err(|e| failed(&e))?;
                let pair = certificate(wanted, bound.ip(), data).await?;
                let web = Web {
                    listen: Some(bound),
                    url: Some(wanted.url(bound, pair.is_some())),
                    certificate: pair.as_ref().map(|pair| pair.fingerprint.clone()),
                };
                return Ok(Some(Open {
                    listener,
                    pair,
                    web,
                }));
            }
            Err(error) => last = error,
        }
    }
    Err(failed(&last))
}

async fn certificate(wanted: &Wanted, at: IpAddr, data: &Path) -> Result<Option<Pair>, String> {
    let Some(tls) = wanted.certificate(at).cloned() else {
        return Ok(None);
    };
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    names.extend(
        wanted
            .settings
            .names
            .iter()
            .filter_map(|name| host_of(name)),
    );
    names.dedup();
    let data = data.to_owned();
    let read = tokio::task::spawn_blocking(move || match tls {
        Tls::Files { cert, key } => Pair::read(&cert, &key),
        Tls::Auto | Tls::Off => Pair::own(&data, &names),
    });
    let read = read.await.unwrap_or_else(|error| Err(error.to_string()));
    read.map(Some)
        .map_err(|why| format!("HTTP is not served: could not {why}"))
}

/// Waits until one of the files may have changed; for ever where there is nothing to look at.
async fn changed(files: Option<[PathBuf; 2]>) {
    let Some([cert, key]) = files else {
        return std::future::pending().await;
    };
    // Links may lead elsewhere, where no watch is: then a look now and then has to do.
    if let Ok(mut watches) = Watches::new() {
        let troubles = watches.set(&[("cert", cert), ("key", key)]);
        if troubles.is_empty() {
            let _ = tokio::time::timeout(LOOK, watches.next()).await;
            return;
        }
    }
    tokio::time::sleep(LOOK).await;
}

/// How many connections there may be. The daemon takes all the descriptors it may have: children are the keeper's, and
/// have limits of their own.
fn room() -> usize {
    let (mut soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1024, 1024));
    let enough = hard.min(CONNECTIONS + RESERVED);
    if soft < enough && setrlimit(Resource::RLIMIT_NOFILE, enough, hard).is_ok() {
        soft = enough;
    }
    let most = soft.saturating_sub(RESERVED).clamp(64, CONNECTIONS);
    usize::try_from(most).unwrap_or(64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(address: &str, tls: Tls) -> Wanted {
        Wanted {
            address: Some(address.to_owned()),
            tls,
            insecure: false,
            external: None,
            settings: Settings::default(),
        }
    }

    #[tokio::test]
    async fn beyond_loopback_nothing_is_served_in_the_clear_unless_that_is_allowed() {
        let dir = tempfile::tempdir().unwrap();
        let mut plain = wanted("0.0.0.0:0", Tls::Off);
        let refused = open(&plain, dir.path()).await.err().unwrap();
        assert!(refused.contains("beyond loopback"), "{refused}");
        plain.insecure = true;
        assert!(
            open(&plain, dir.path())
                .await
                .is_ok_and(|o| o.is_some_and(|o| o.pair.is_none()))
        );
        let own = open(&wanted("0.0.0.0:0", Tls::Auto), dir.path())
            .await
            .unwrap()
            .unwrap();
        assert!(own.pair.is_some() && own.web.url.unwrap().starts_with("https://127.0.0.1:"));
        let near = open(&wanted("127.0.0.1:0", Tls::Auto), dir.path())
            .await
            .unwrap()
            .unwrap();
        assert!(near.pair.is_none() && near.web.url.unwrap().starts_with("http://127.0.0.1:"));
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let error = open(&wanted(&address, Tls::Off), dir.path())
            .await
            .err()
            .unwrap();
        assert!(
            error.contains(&address) && error.contains("tried again"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_certificate_that_can_not_be_read_is_said_and_off_is_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let files = Tls::Files {
            cert: dir.path().join("c"),
            key: dir.path().join("k"),
        };
        let error = open(&wanted("127.0.0.1:0", files), dir.path())
            .await
            .err()
            .unwrap();
        assert!(error.contains("could not read"), "{error}");
        let off = Wanted {
            address: None,
            ..wanted("", Tls::Off)
        };
        assert!(open(&off, dir.path()).await.unwrap().is_none());
    }
}
