//! What the user does, and what the system says: keys, mouse and size from a thread that waits for them, and signals.

use ratatui::crossterm::event::{self, Event};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Sender;

use crate::tui::message::Message;

/// Listens until nobody hears it or the terminal has gone.
pub(super) fn listen(say: Sender<Message>) {
    std::thread::spawn(move || {
        loop {
            let message = match event::read() {
                Ok(Event::Key(key)) => Message::Key(key),
                Ok(Event::Mouse(mouse)) => Message::Mouse(mouse),
                Ok(Event::Paste(text)) => Message::Paste(text),
                Ok(Event::Resize(width, height)) => Message::Resize(width, height),
                Ok(Event::FocusGained | Event::FocusLost) => continue,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(_) => Message::Leave,
            };
            let last = matches!(message, Message::Leave);
            if say.blocking_send(message).is_err() || last {
                return;
            }
        }
    });
}

/// A signal that asks to leave, or says that the process was continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Leave,
    Continued,
}

/// Signals, as far as they can be had.
pub(super) struct Signals {
    leave: Vec<tokio::signal::unix::Signal>,
    continued: Option<tokio::signal::unix::Signal>,
}

impl Signals {
    pub(super) fn new() -> Signals {
        let leave = [
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::interrupt(),
        ];
        Signals {
            leave: leave
                .into_iter()
                .filter_map(|kind| signal(kind).ok())
                .collect(),
            continued: signal(SignalKind::from_raw(libc::SIGCONT)).ok(),
        }
    }

    pub(super) async fn next(&mut self) -> Heard {
        std::future::poll_fn(|context| {
            for signal in &mut self.leave {
                if signal.poll_recv(context).is_ready() {
                    return std::task::Poll::Ready(Heard::Leave);
                }
            }
            let continued = self.continued.as_mut();
            if continued.is_some_and(|signal| signal.poll_recv(context).is_ready()) {
                return std::task::Poll::Ready(Heard::Continued);
            }
            std::task::Poll::Pending
        })
        .await
    }
}
