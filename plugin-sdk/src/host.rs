//! Where calls of the host go when there is no host: natively, to the one that a test has put here.
//!
//! Invariant: on wasm this module is empty, and nothing stands between a plugin and the host.

#![cfg(not(target_family = "wasm"))]

use std::cell::RefCell;
use std::rc::Rc;

use crate::{files, http, log, mail, template};

/// What a host can be asked for.
pub(crate) trait Host {
    fn now(&self) -> u64;
    fn log(&self, level: log::Level, message: &str);
    fn http(&self, request: &http::Request) -> Result<http::Response, http::Error>;
    fn mail(
        &self,
        server: &mail::Server,
        envelope: &mail::Envelope,
        message: &[u8],
    ) -> Result<String, mail::Error>;
    fn render(
        &self,
        template: &str,
        values: &str,
        escaping: template::Escaping,
    ) -> Result<String, String>;
    fn read(&self, base: Option<&str>, path: &str) -> Result<files::Content, files::Error>;
    fn glob(&self, base: Option<&str>, pattern: &str) -> Result<Vec<String>, files::Error>;
}

thread_local! {
    static SEAT: RefCell<Option<Rc<dyn Host>>> = const { RefCell::new(None) };
}

/// The host of this thread, if a test has brought one.
pub(crate) fn current() -> Option<Rc<dyn Host>> {
    SEAT.with(|seat| seat.borrow().clone())
}

/// Lets `work` run with a host, and takes the host away again, also after a panic.
#[cfg(feature = "testing")]
pub(crate) fn with<T>(host: Rc<dyn Host>, work: impl FnOnce() -> T) -> T {
    struct Restore(Option<Rc<dyn Host>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let before = self.0.take();
            SEAT.with(|seat| *seat.borrow_mut() = before);
        }
    }
    let before = SEAT.with(|seat| seat.borrow_mut().replace(host));
    let _restore = Restore(before);
    work()
}

/// What a call says where no test has brought a host.
pub(crate) const NOBODY: &str =
    "there is no host: natively, call plugins through `runwisp_plugin::testing::Host`";
