//! What is sent: the document, and the headers around it.
//!
//! Invariant: the same delivery makes the same document at every attempt, but for the number of the attempt.

use runwisp_plugin::message::{event_json, template_values};
use runwisp_plugin::serde_json;
use runwisp_plugin::template::{self, Escaping};
use runwisp_plugin::{Context, Event, Failure, http};
use serde::de::IgnoredAny;

use crate::settings::Settings;
use crate::signature::{self, Key};

/// The content: none for methods that have none, else our document or what the template makes.
pub(crate) fn body(
    settings: &Settings,
    event: &Event,
    context: &Context,
) -> Result<Option<Vec<u8>>, Failure> {
    if !settings.has_body() {
        return Ok(None);
    }
    let Some(template) = &settings.body else {
        return Ok(Some(event_json(event, context).to_string().into_bytes()));
    };
    // There is nothing to fall back to: who wants another document can do nothing with ours.
    let text = template::render(template, &template_values(event, context), Escaping::None)
        .map_err(|why| Failure::Config(format!("body: the template can't be filled: {why}")))?;
    if settings.is_json()
        && let Some(why) = json_fault(&text)
    {
        return Err(Failure::Rejected(format!(
            "body: the template makes no JSON of this event: {why}"
        )));
    }
    Ok(Some(text.into_bytes()))
}

/// What is wrong with a text that has to be JSON. The text itself is not told.
pub(crate) fn json_fault(text: &str) -> Option<String> {
    let read = serde_json::from_str::<IgnoredAny>(text);
    read.err().map(|why| why.to_string())
}

/// The request, with the names of the Standard Webhooks.
pub(crate) fn request(
    settings: &Settings,
    context: &Context,
    body: Option<Vec<u8>>,
    now: u64,
) -> http::Request {
    let id = &context.delivery_id;
    let timestamp = now / 1000;
    let mut request = http::Request::new(&settings.method, &settings.url);
    if body.is_some() && settings.header("content-type").is_none() {
        request = request.header("content-type", settings.content_type());
    }
    for (name, value) in &settings.headers {
        request = request.header(name, value);
    }
    request = request
        .header(signature::ID, id)
        .header(signature::TIMESTAMP, timestamp.to_string());
    if let Some(Ok(key)) = settings.secret.as_deref().map(Key::read) {
        let content = body.as_deref().unwrap_or_default();
        request = request.header(signature::SIGNATURE, key.sign(id, timestamp, content));
    }
    request.body = body;
    request
}
