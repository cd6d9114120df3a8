//! Against a mail server made of closures; what was written is read by another parser.

mod check;
mod compose;
mod deliver;

use runwisp_plugin::Context;
use runwisp_plugin::serde_json::{self, Value, json};
use runwisp_plugin::testing::{Host, Mail};

/// Settings with everything that has to be there, and more.
fn settings(more: Value) -> String {
    let mut settings = json!({
        "host": "smtp.example.com",
        "from": "runwisp <runwisp@example.com>",
        "to": "ops@example.com",
    });
    settings
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    serde_json::to_string(&settings).unwrap()
}

fn takes_all() -> Host {
    Host::new().on_mail(|_| Ok("2.0.0 OK: queued as 4711".into()))
}

fn context() -> Context {
    Context {
        delivery_id: "01JDELIVERY000000000000000".into(),
        ..Context::default()
    }
}

fn only(host: &Host) -> Mail {
    let mut mails = host.mails();
    assert_eq!(mails.len(), 1);
    mails.remove(0)
}
