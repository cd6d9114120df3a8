//! What the keeper waits for, with a name for each.

use std::os::fd::AsFd;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use runwisp_core::words::time::Mono;

use crate::clock;

/// Who has news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Signals,
    Channel,
    /// The loader's standard output (0) or error (1).
    Loader(usize),
    /// The exec pipe of the run with this slot.
    Exec(u32),
    /// Stream 0 or 1 of the run with this slot.
    Stream(u32, usize),
}

impl Token {
    fn number(self) -> u64 {
        match self {
            Token::Signals => 0,
            Token::Channel => 1,
            Token::Loader(part) => 2 + part as u64,
            Token::Exec(slot) => (u64::from(slot) << 3) | 4,
            Token::Stream(slot, part) => (u64::from(slot) << 3) | (5 + part as u64),
        }
    }

    fn from_number(number: u64) -> Token {
        let slot = u32::try_from(number >> 3).unwrap_or(u32::MAX);
        match number & 7 {
            0 => Token::Signals,
            1 => Token::Channel,
            2 => Token::Loader(0),
            3 => Token::Loader(1),
            4 => Token::Exec(slot),
            5 => Token::Stream(slot, 0),
            _ => Token::Stream(slot, 1),
        }
    }
}

/// The epoll descriptor. Level-triggered throughout: what is left unread is reported again.
#[derive(Debug)]
pub(crate) struct Poll(Epoll);

impl Poll {
    pub(crate) fn new() -> nix::Result<Poll> {
        Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map(Poll)
    }

    /// Wants to hear of `fd`. It is forgotten when its last copy is closed.
    pub(crate) fn add<Fd: AsFd>(&self, fd: Fd, token: Token) -> nix::Result<()> {
        let event = EpollEvent::new(EpollFlags::EPOLLIN, token.number());
        self.0.add(fd, event)
    }

    /// No longer wants to hear of `fd`.
    pub(crate) fn remove<Fd: AsFd>(&self, fd: Fd) {
        // It may have been forgotten already.
        let _ = self.0.delete(fd);
    }

    /// Whether room for writing is news, too.
    pub(crate) fn want_write<Fd: AsFd>(&self, fd: Fd, token: Token, wanted: bool) {
        let mut flags = EpollFlags::EPOLLIN;
        flags.set(EpollFlags::EPOLLOUT, wanted);
        let _ = self
            .0
            .modify(fd, &mut EpollEvent::new(flags, token.number()));
    }

    /// Sleeps until there is news or the deadline has come; without one, for ever.
    pub(crate) fn wait(&self, deadline: Option<Mono>) -> Vec<Token> {
        let timeout = deadline.map_or(EpollTimeout::NONE, |deadline| {
            let millis = deadline.since(clock::mono()).as_nanos().div_ceil(1_000_000);
            EpollTimeout::from(u16::try_from(millis).unwrap_or(u16::MAX))
        });
        let mut events = [EpollEvent::empty(); 64];
        // An interruption is no news either.
        let n = self.0.wait(&mut events, timeout).unwrap_or(0);
        events[..n]
            .iter()
            .map(|e| Token::from_number(e.data()))
            .collect()
    }
}
