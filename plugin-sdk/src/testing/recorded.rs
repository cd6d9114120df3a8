//! The host itself: answers by closure, and a record of all that was asked.
//!
//! Invariant: a request that was not granted never gets to the closure. Tests: with the plugins that are tested by it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use super::files::Files;
use super::grants::Grants;
use crate::http::{Request, Response};
use crate::mail::{Envelope, Server};
use crate::sample::NOW;
use crate::template::Escaping;
use crate::{files, http, log, mail};

/// A template that takes longer than so many steps is stopped.
const FUEL: u64 = 200_000;

type OnHttp = Box<dyn Fn(&Request) -> Result<Response, http::Error>>;
type OnMail = Box<dyn Fn(&Mail) -> Result<String, mail::Error>>;

/// A mail as the host was given it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mail {
    /// The server that the plugin named.
    pub server: Server,
    /// Who sends to whom.
    pub envelope: Envelope,
    /// The message, a whole one.
    pub message: Vec<u8>,
}

/// A host that is made of closures and remembers what it was asked. Clones are the same host.
#[derive(Clone)]
pub struct Host(pub(crate) Rc<Inner>);

pub(crate) struct Inner {
    now: Cell<u64>,
    on_http: RefCell<OnHttp>,
    on_mail: RefCell<OnMail>,
    pub(super) files: RefCell<Files>,
    pub(super) grants: RefCell<Grants>,
    requests: RefCell<Vec<Request>>,
    mails: RefCell<Vec<Mail>>,
    logged: RefCell<Vec<String>>,
}

impl Default for Host {
    fn default() -> Host {
        Host::new()
    }
}

impl Host {
    /// A host on which nothing answers: requests and mail fail as if the far side were down.
    pub fn new() -> Host {
        Host(Rc::new(Inner {
            now: Cell::new(NOW),
            on_http: RefCell::new(Box::new(|_| {
                Err(http::Error::Connect("nothing answers in this test".into()))
            })),
            on_mail: RefCell::new(Box::new(|_| {
                Err(mail::Error::Connect("nothing answers in this test".into()))
            })),
            files: RefCell::default(),
            grants: RefCell::default(),
            requests: RefCell::default(),
            mails: RefCell::default(),
            logged: RefCell::default(),
        }))
    }

    /// Answers requests.
    pub fn on_http(
        self,
        answer: impl Fn(&Request) -> Result<Response, http::Error> + 'static,
    ) -> Host {
        *self.0.on_http.borrow_mut() = Box::new(answer);
        self
    }

    /// Answers every request in the same way.
    pub fn answering(self, status: u16, body: &str) -> Host {
        let body = body.to_string();
        self.on_http(move |_| answer(status, &body))
    }

    /// Takes or refuses mail.
    pub fn on_mail(self, answer: impl Fn(&Mail) -> Result<String, mail::Error> + 'static) -> Host {
        *self.0.on_mail.borrow_mut() = Box::new(answer);
        self
    }

    /// Has these files for importers.
    pub fn with_files(self, files: Files) -> Host {
        *self.0.files.borrow_mut() = files;
        self
    }

    /// Sets the clock, in milliseconds since the epoch; it stands still.
    pub fn at(self, now: u64) -> Host {
        self.0.now.set(now);
        self
    }

    /// The requests so far, refused ones left out.
    pub fn requests(&self) -> Vec<Request> {
        self.0.requests.borrow().clone()
    }

    /// The mails so far, refused ones included.
    pub fn mails(&self) -> Vec<Mail> {
        self.0.mails.borrow().clone()
    }

    /// The lines that the plugin wrote.
    pub fn logged(&self) -> Vec<String> {
        self.0.logged.borrow().clone()
    }
}

/// An answer with a status and a text.
pub fn answer(status: u16, body: &str) -> Result<Response, http::Error> {
    Ok(Response {
        status,
        headers: Vec::new(),
        body: body.into(),
    })
}

/// An answer with a status and a value as JSON.
pub fn answer_json(status: u16, body: &impl Serialize) -> Result<Response, http::Error> {
    Ok(Response {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: serde_json::to_vec(body).expect("an answer of a test is JSON"),
    })
}

impl Response {
    /// The answer with one more header.
    pub fn with_header(mut self, name: &str, value: &str) -> Response {
        self.headers.push((name.to_lowercase(), value.into()));
        self
    }
}

impl crate::host::Host for Inner {
    fn now(&self) -> u64 {
        self.now.get()
    }

    fn log(&self, _level: log::Level, message: &str) {
        self.logged.borrow_mut().push(message.into());
    }

    fn http(&self, request: &Request) -> Result<Response, http::Error> {
        let grants = self.grants.borrow().clone();
        grants.allows(&request.url).map_err(http::Error::Denied)?;
        self.requests.borrow_mut().push(request.clone());
        (self.on_http.borrow())(request)
    }

    fn mail(
        &self,
        server: &Server,
        envelope: &Envelope,
        message: &[u8],
    ) -> Result<String, mail::Error> {
        if !self.grants.borrow().mail {
            let why = "mail is not granted: `describe` does not ask for it";
            return Err(mail::Error::Denied(why.into()));
        }
        let mail = Mail {
            server: server.clone(),
            envelope: envelope.clone(),
            message: message.to_vec(),
        };
        self.mails.borrow_mut().push(mail.clone());
        (self.on_mail.borrow())(&mail)
    }

    fn render(&self, template: &str, values: &str, escaping: Escaping) -> Result<String, String> {
        if !self.grants.borrow().template {
            return Err("templates are not granted: `describe` does not ask for them".into());
        }
        let values: serde_json::Value =
            serde_json::from_str(values).map_err(|why| why.to_string())?;
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(move |_| match escaping {
            Escaping::None => AutoEscape::None,
            Escaping::Html => AutoEscape::Html,
        });
        environment.add_filter("duration", crate::message::duration);
        environment.add_filter("truncate", |text: String, length: usize| {
            crate::message::cut(&text, length, |_| 1)
        });
        environment
            .render_str(template, minijinja::value::Serde(&values))
            .map_err(|why| why.to_string())
    }

    fn read(&self, base: Option<&str>, path: &str) -> Result<files::Content, files::Error> {
        self.files.borrow().read(base, path)
    }

    fn glob(&self, base: Option<&str>, pattern: &str) -> Result<Vec<String>, files::Error> {
        self.files.borrow().glob(base, pattern)
    }
}
