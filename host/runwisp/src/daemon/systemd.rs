//! What the daemon tells the init system that started it: the sd_notify(3) protocol, spoken by hand.
//!
//! The watchdog is fed by the main loop itself, never from the side, so a stuck loop is noticed.
//!
//! Invariant: never blocks and never fails; an init system that does not listen is no trouble of ours.
//! Tests: below.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The init system's ear, if there is one.
pub(crate) struct Init {
    socket: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Init {
    /// Reads `NOTIFY_SOCKET` and `WATCHDOG_USEC` as found in the daemon's environment.
    pub(crate) fn from_env(var: impl Fn(&str) -> Option<String>) -> Self {
        let socket = var("NOTIFY_SOCKET").and_then(|path| {
            let address = match path.strip_prefix('@') {
                Some(name) => SocketAddr::from_abstract_name(name).ok()?,
                None => SocketAddr::from_pathname(&path).ok()?,
            };
            let socket = UnixDatagram::unbound().ok()?;
            socket.set_nonblocking(true).ok()?;
            Some((socket, address))
        });
        let watchdog = var("WATCHDOG_USEC")
            .and_then(|text| text.parse().ok())
            .map(Duration::from_micros);
        Init {
            watchdog: watchdog.filter(|_| socket.is_some()),
            socket,
        }
    }

    /// How often `WATCHDOG=1` is due: half of what the init system waits for.
    pub(crate) fn watchdog_interval(&self) -> Option<Duration> {
        self.watchdog.map(|limit| limit / 2)
    }

    /// Everything is up.
    pub(crate) fn ready(&self, status: &str) {
        self.send(&format!("READY=1\nSTATUS={status}"));
    }

    /// A reload began; [`Init::ready`] ends it. `Type=notify-reload` wants the monotonic time with it.
    pub(crate) fn reloading(&self, mono_nanos: u64) {
        self.send(&format!(
            "RELOADING=1\nMONOTONIC_USEC={}",
            mono_nanos / 1_000
        ));
    }

    /// Everything is being stopped, which may take so long.
    pub(crate) fn stopping(&self, ceiling: Duration) {
        let usec = (ceiling + Duration::from_secs(5)).as_micros();
        self.send(&format!(
            "STOPPING=1\nSTATUS=stopping everything\nEXTEND_TIMEOUT_USEC={usec}"
        ));
    }

    /// The loop turns.
    pub(crate) fn alive(&self) {
        self.send("WATCHDOG=1");
    }

    fn send(&self, text: &str) {
        if let Some((socket, address)) = &self.socket {
            // A full or vanished socket is the init system's trouble.
            let _ = socket.send_to_addr(text.as_bytes(), address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_reaches_a_socket_named_by_path() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let ear = UnixDatagram::bind(&path).unwrap();
        let init = Init::from_env(|name| match name {
            "NOTIFY_SOCKET" => Some(path.to_string_lossy().into_owned()),
            "WATCHDOG_USEC" => Some("3000000".to_owned()),
            _ => None,
        });
        init.ready("2 units");
        let mut text = [0; 64];
        let n = ear.recv(&mut text).unwrap();
        assert_eq!(&text[..n], b"READY=1\nSTATUS=2 units");
        assert_eq!(init.watchdog_interval(), Some(Duration::from_millis(1_500)));
    }

    #[test]
    fn without_an_init_system_nothing_happens() {
        let init = Init::from_env(|_| None);
        init.ready("");
        assert_eq!(init.watchdog_interval(), None);
    }
}
