//! Templates in the syntax of Jinja, rendered by the host within limits of time and size. Needs
//! [`Need::Template`](crate::Need::Template).

pub use crate::wit::notifier::runwisp::plugin::template::Escaping;

use serde::Serialize;

/// Fills a template with values, which become a JSON object. The error says what is wrong and in which line.
pub fn render(
    template: &str,
    values: &impl Serialize,
    escaping: Escaping,
) -> Result<String, String> {
    let values = serde_json::to_string(values).map_err(|why| why.to_string())?;
    #[cfg(target_family = "wasm")]
    return crate::wit::notifier::runwisp::plugin::template::render(template, &values, escaping);
    #[cfg(not(target_family = "wasm"))]
    match crate::host::current() {
        Some(host) => host.render(template, &values, escaping),
        None => Err(crate::host::NOBODY.into()),
    }
}
