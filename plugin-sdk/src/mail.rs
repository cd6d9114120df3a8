//! Mail. The plugin writes the message; the host owns sockets, TLS, authentication and time limits. Needs
//! [`Need::Mail`](crate::Need::Mail).

pub use crate::wit::notifier::runwisp::plugin::mail::{Envelope, Error, Login, Security, Server};

use crate::{Failure, Later};

/// Sends one message, a whole one as RFC 5322 has it. The answer is what the server said when it took it.
pub fn send(server: &Server, envelope: &Envelope, message: &[u8]) -> Result<String, Error> {
    #[cfg(target_family = "wasm")]
    return crate::wit::notifier::runwisp::plugin::mail::send(server, envelope, message);
    #[cfg(not(target_family = "wasm"))]
    match crate::host::current() {
        Some(host) => host.mail(server, envelope, message),
        None => Err(Error::Denied(crate::host::NOBODY.into())),
    }
}

/// What a mail error means for a delivery: a grant or a login that is missing stays missing, what the server refuses
/// for good is refused, and the rest may work later.
impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::Denied(why) => Failure::Config(why),
            Error::Auth(why) => Failure::Config(format!("the server refused the login: {why}")),
            Error::Invalid(why) | Error::Permanent(why) => Failure::Rejected(why),
            Error::Connect(why) | Error::Tls(why) | Error::Temporary(why) => {
                Failure::Retry(Later {
                    message: why,
                    after_seconds: None,
                })
            }
        }
    }
}
