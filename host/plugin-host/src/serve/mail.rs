//! `mail`: one message through one server. The host owns the socket, TLS, the login and the time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters,
};
use lettre::transport::smtp::extension::ClientId;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use crate::call::exchange::{HostCall, beginning};
use crate::call::state::State;
use crate::grant::address::Reach;
use crate::serve::names::NoAddress;
use crate::serve::smtp_stream::SmtpStream;
use crate::serve::{Gate, Services, whole};
use crate::since_v0_1::notifier::runwisp::plugin::mail as wit;
use crate::since_v0_1::notifier::runwisp::plugin::mail::{Error, Security};

/// The longest that one message may take.
const LONGEST: Duration = Duration::from_secs(25);
/// The longest wait for one connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Recipients of one message.
const MAX_RECIPIENTS: usize = 100;
/// The largest message.
const MAX_MESSAGE: usize = 8 << 20;

impl wit::Host for State {
    async fn send(
        &mut self,
        server: wit::Server,
        envelope: wit::Envelope,
        message: Vec<u8>,
    ) -> wasmtime::Result<Result<String, Error>> {
        Ok(self.gate.mail(server, envelope, message).await)
    }
}

impl Gate {
    async fn mail(
        &mut self,
        server: wit::Server,
        envelope: wit::Envelope,
        message: Vec<u8>,
    ) -> Result<String, Error> {
        let began = Instant::now();
        let asked = format!("mail through {}:{}", server.host, server.port);
        let sent = format!(
            "from {} to {}\n\n{}",
            envelope.sender,
            envelope.recipients.join(", "),
            beginning(&message)
        );
        let answer = match self.admit_mail(&server, &envelope, &message) {
            Ok(_) if self.services.0.dry_run => Ok("250 nothing was sent".to_owned()),
            Ok((reach, envelope)) => {
                let wait = LONGEST.min(self.time_left());
                let sending = send(&self.services, &server, reach, &envelope, &message);
                tokio::time::timeout(wait, sending)
                    .await
                    .unwrap_or_else(|_| {
                        Err(Error::Connect(format!(
                            "the server was not done after {} s",
                            wait.as_secs()
                        )))
                    })
            }
            Err(error) => Err(error),
        };
        self.record(HostCall {
            asked,
            sent,
            outcome: answer.as_ref().map(|_| "taken".to_owned()).map_err(told),
            received: answer.clone().unwrap_or_default(),
            took: began.elapsed(),
        });
        answer
    }

    fn admit_mail(
        &mut self,
        server: &wit::Server,
        envelope: &wit::Envelope,
        message: &[u8],
    ) -> Result<(Reach, Envelope), Error> {
        self.count().map_err(Error::Denied)?;
        let reach = self
            .granted
            .mail(&server.host, server.port)
            .map_err(Error::Denied)?;
        if message.len() > MAX_MESSAGE {
            return Err(Error::Invalid(format!(
                "the message is larger than {MAX_MESSAGE} bytes"
            )));
        }
        if envelope.recipients.len() > MAX_RECIPIENTS {
            return Err(Error::Invalid(format!(
                "there are more than {MAX_RECIPIENTS} recipients"
            )));
        }
        if server.security == Security::None && server.login.is_some() {
            return Err(Error::Invalid(
                "a login is not sent without TLS; choose starttls or tls".to_owned(),
            ));
        }
        let address = |text: &String| {
            text.parse::<Address>()
                .map_err(|e| Error::Invalid(format!("the address `{text}`: {e}")))
        };
        let sender = address(&envelope.sender)?;
        let recipients = envelope
            .recipients
            .iter()
            .map(address)
            .collect::<Result<Vec<_>, _>>()?;
        let envelope =
            Envelope::new(Some(sender), recipients).map_err(|e| Error::Invalid(e.to_string()))?;
        Ok((reach, envelope))
    }
}

async fn send(
    services: &Services,
    server: &wit::Server,
    reach: Reach,
    envelope: &Envelope,
    message: &[u8],
) -> Result<String, Error> {
    let _place = services.0.mail_places.acquire().await;
    let mut connection = open(services, server, reach).await?;
    if let Some(login) = &server.login {
        let credentials = Credentials::new(login.user.clone(), login.password.clone());
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        connection
            .auth(&mechanisms, &credentials)
            .await
            .map_err(|e| match failure(&e) {
                // Whatever the server has against a login, it is about the login.
                Error::Permanent(why) | Error::Invalid(why) => Error::Auth(why),
                other => other,
            })?;
    }
    let said = connection
        .send(envelope, message)
        .await
        .map_err(|e| failure(&e))?;
    // The message is taken; a server that will not say goodbye changes nothing.
    let _ = connection.quit().await;
    Ok(said.message().collect::<Vec<_>>().join(" "))
}

/// A connection on which the server has said who it is, protected as asked.
async fn open(
    services: &Services,
    server: &wit::Server,
    reach: Reach,
) -> Result<AsyncSmtpConnection, Error> {
    let host = server.host.trim_matches(['[', ']']);
    let found = services
        .0
        .names
        .addresses(host, reach)
        .await
        .map_err(|error| match error {
            NoAddress::Refused { .. } => Error::Denied(error.to_string()),
            NoAddress::Unknown { .. } => Error::Connect(error.to_string()),
        })?;
    let addresses: Vec<SocketAddr> = found
        .into_iter()
        .map(|address| SocketAddr::new(address, server.port))
        .collect();
    let connecting = tokio::time::timeout(CONNECT, TcpStream::connect(&*addresses));
    let stream = match connecting.await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(Error::Connect(error.to_string())),
        Err(_) => {
            return Err(Error::Connect(format!(
                "no connection after {} s",
                CONNECT.as_secs()
            )));
        }
    };
    let peer = stream
        .peer_addr()
        .map_err(|e| Error::Connect(e.to_string()))?;
    let hello = hello();
    if server.security == Security::Tls {
        let name = ServerName::try_from(host.to_owned()).map_err(|e| Error::Tls(e.to_string()))?;
        let config = services.0.trust.config().map_err(Error::Tls)?;
        let tls = tokio_rustls::TlsConnector::from(Arc::clone(&config))
            .connect(name, stream)
            .await;
        let tls = tls.map_err(|e| Error::Tls(e.to_string()))?;
        let stream = Box::new(SmtpStream::new(tls, peer));
        return AsyncSmtpConnection::connect_with_transport(stream, &hello)
            .await
            .map_err(|e| failure(&e));
    }
    let stream = Box::new(SmtpStream::new(stream, peer));
    let mut connection = AsyncSmtpConnection::connect_with_transport(stream, &hello)
        .await
        .map_err(|e| failure(&e))?;
    if server.security == Security::Starttls {
        if !connection.can_starttls() {
            return Err(Error::Tls("the server does not offer STARTTLS".to_owned()));
        }
        let tls = tls_parameters(services, host)?;
        connection
            .starttls(tls, &hello)
            .await
            .map_err(|e| match failure(&e) {
                Error::Connect(why) => Error::Tls(why),
                other => other,
            })?;
    }
    Ok(connection)
}

/// STARTTLS is done by the SMTP client, which makes its own TLS; it gets the same roots.
fn tls_parameters(services: &Services, host: &str) -> Result<TlsParameters, Error> {
    let tls = |error: SmtpError| Error::Tls(whole(&error));
    let mut builder =
        TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::None);
    for root in services.0.trust.roots().map_err(Error::Tls)? {
        builder = builder.add_root_certificate(Certificate::from_der(root.to_vec()).map_err(tls)?);
    }
    builder.build().map_err(tls)
}

/// The name we give. A host without a proper one gives an address literal, as RFC 5321 (4.1.4) has it.
fn hello() -> ClientId {
    let name = nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok());
    let proper = |name: &String| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
    };
    name.filter(proper)
        .map_or_else(ClientId::default, ClientId::Domain)
}

fn failure(error: &SmtpError) -> Error {
    let text = whole(error);
    if error.is_transient() {
        Error::Temporary(text)
    } else if error.is_permanent() {
        // 530 "authentication required", 534, 535 and 538 are about the login (RFC 4954, 6).
        let code = error
            .status()
            .map(|code| code.to_string())
            .unwrap_or_default();
        if ["530", "534", "535", "538"].contains(&&*code) {
            Error::Auth(text)
        } else {
            Error::Permanent(text)
        }
    } else if error.is_tls() {
        Error::Tls(text)
    } else if error.is_client() {
        Error::Invalid(text)
    } else {
        Error::Connect(text)
    }
}

fn told(error: &Error) -> String {
    let (what, why) = match error {
        Error::Denied(why) => ("denied", why),
        Error::Invalid(why) => ("no proper mail", why),
        Error::Connect(why) => ("no connection", why),
        Error::Tls(why) => ("no trust", why),
        Error::Auth(why) => ("the login is refused", why),
        Error::Temporary(why) => ("not now", why),
        Error::Permanent(why) => ("never", why),
    };
    format!("{what}: {why}")
}
