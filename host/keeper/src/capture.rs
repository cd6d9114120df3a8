//! Moves a run's output from its pipes, or its terminal, into its log.
//!
//! Invariant: one turn of one stream moves a bounded number of bytes ([`TURN_BYTES`]), so a flood starves nobody; and
//! a child is never left blocked on a full pipe.
//!
//! Tests: `tests/keeper/capture.rs`.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::unistd::read;
use runwisp_core::mask::{MaskState, Secrets};
use runwisp_core::words::keeper::OutputTotals;
use runwisp_core::words::log_index::Kind;

use crate::log_file::{Disk, RunLog, Taken};

/// The most one stream gets in one turn.
const TURN_BYTES: usize = 512 * 1024;

/// A pipe that was found full this often gets a larger buffer.
const FULL_TURNS: u8 = 4;

/// What a pipe holds unless told otherwise, and what a busy one is given: the largest an unprivileged process may ask.
const PIPE_SIZE: usize = 64 * 1024;
const LARGE_PIPE: i32 = 1024 * 1024;

/// One end that output comes out of.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) fd: OwnedFd,
    pub(crate) kind: Kind,
    /// Whether bytes are read and written instead of spliced: a terminal, secrets, or a file system that insists.
    pub(crate) copied: bool,
    pub(crate) mask: MaskState,
    /// Turns that found the pipe full; `FULL_TURNS` and more once it has been enlarged.
    pub(crate) full_turns: u8,
}

impl Stream {
    pub(crate) fn new(fd: OwnedFd, kind: Kind, copied: bool) -> Stream {
        Stream {
            fd,
            kind,
            copied,
            mask: MaskState::default(),
            full_turns: 0,
        }
    }
}

/// A run's output: where it comes from and where it goes.
#[derive(Debug)]
pub(crate) struct Capture {
    /// Standard output (or the terminal) and standard error, as long as they are open.
    pub(crate) streams: [Option<Stream>; 2],
    /// None once the log is complete.
    pub(crate) log: Option<RunLog>,
    pub(crate) secrets: Secrets,
    /// The same as they came, for whoever continues this.
    pub(crate) secret_texts: Vec<String>,
    /// Where the log ended and what became of the output, once it is complete.
    pub(crate) result: Option<(u64, OutputTotals)>,
}

/// What all captures share: a place to drop things, and a buffer for what must be copied.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) null: OwnedFd,
    pub(crate) buffer: Vec<u8>,
    pub(crate) disk: Disk,
}

/// Where a stream stands after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing is left in it for now.
    Dry,
    /// There may be more.
    More,
    /// It has ended and is closed.
    Ended,
}

impl Capture {
    /// Of a run that has no output (any more).
    pub(crate) fn empty(totals: OutputTotals) -> Capture {
        Capture {
            streams: [None, None],
            log: None,
            secrets: Secrets::new::<String>(&[]),
            secret_texts: Vec::new(),
            result: Some((0, totals)),
        }
    }

    /// Logical end of the log.
    pub(crate) fn end(&self) -> u64 {
        match (&self.log, self.result) {
            (Some(log), _) => log.end(),
            (None, Some((end, _))) => end,
            (None, None) => 0,
        }
    }

    /// Whether no more output will come.
    pub(crate) fn is_complete(&self) -> bool {
        self.log.is_none()
    }

    /// Printed and dropped so far.
    pub(crate) fn totals(&self) -> OutputTotals {
        match (&self.log, self.result) {
            (Some(log), _) => log.state.totals,
            (None, Some((_, totals))) => totals,
            (None, None) => OutputTotals::default(),
        }
    }

    /// Whether more was printed than is kept.
    pub(crate) fn is_full(&self) -> bool {
        self.log.as_ref().is_some_and(|log| log.state.full)
    }

    /// One bounded turn of one stream. When the last stream ends, the log is completed.
    pub(crate) fn turn(&mut self, part: usize, tools: &mut Tools) -> Turn {
        let (Some(log), Some(Some(stream))) = (&mut self.log, self.streams.get_mut(part)) else {
            return Turn::Ended;
        };
        let turn = if stream.copied {
            copy(stream, log, &self.secrets, tools)
        } else {
            move_pages(stream, log, tools)
        };
        log.finish_chunk();
        if turn == Turn::Ended {
            self.streams[part] = None;
            self.complete_if_closed();
        }
        turn
    }

    /// Takes what is in the pipes right now, at most a few megabytes.
    pub(crate) fn drain(&mut self, tools: &mut Tools) {
        for part in 0..self.streams.len() {
            for _ in 0..8 {
                if self.turn(part, tools) != Turn::More {
                    break;
                }
            }
        }
    }

    /// Stops listening: whoever still holds the other ends is none of ours.
    pub(crate) fn close(&mut self, tools: &mut Tools) {
        self.drain(tools);
        for stream in self.streams.iter_mut().filter_map(Option::take) {
            if let Some(log) = &mut self.log {
                end_of_stream(stream, log, &self.secrets, tools);
            }
        }
        self.complete_if_closed();
    }

    fn complete_if_closed(&mut self) {
        if self.streams.iter().all(Option::is_none)
            && let Some(mut log) = self.log.take()
        {
            log.complete();
            self.result = Some((log.end(), log.state.totals));
        }
    }
}

fn move_pages(stream: &mut Stream, log: &mut RunLog, tools: &mut Tools) -> Turn {
    let null = tools.null.as_fd();
    let mut left = TURN_BYTES;
    while left > 0 {
        match log.take(stream.fd.as_fd(), stream.kind, left, null, &mut tools.disk) {
            Taken::Bytes(n) => {
                left -= n.min(left);
                if n >= PIPE_SIZE {
                    enlarge(stream);
                } else if n < PIPE_SIZE / 2 {
                    // Most likely all there was; if not, there will be another turn.
                    return Turn::More;
                }
            }
            Taken::Empty => return Turn::Dry,
            Taken::End => return Turn::Ended,
            Taken::CannotSplice => {
                stream.copied = true;
                return Turn::More;
            }
        }
    }
    Turn::More
}

/// Gives a pipe that keeps being full a larger buffer, so that it is emptied in fewer, larger pieces. Not getting it
/// costs nothing but speed.
fn enlarge(stream: &mut Stream) {
    if stream.full_turns < FULL_TURNS {
        stream.full_turns += 1;
        if stream.full_turns == FULL_TURNS {
            // SAFETY: the call takes a descriptor and a number.
            unsafe { libc::fcntl(stream.fd.as_raw_fd(), libc::F_SETPIPE_SZ, LARGE_PIPE) };
        }
    }
}

fn copy(stream: &mut Stream, log: &mut RunLog, secrets: &Secrets, tools: &mut Tools) -> Turn {
    let mut left = TURN_BYTES;
    let mut shown = Vec::new();
    while left > 0 {
        let n = match read(&stream.fd, &mut tools.buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(Errno::EINTR) => continue,
            Err(Errno::EAGAIN) => return Turn::Dry,
            // A terminal whose last user has gone says EIO; there is nothing behind any other error either.
            Err(_) => break,
        };
        left = left.saturating_sub(n);
        log.count_printed(n);
        if secrets.is_empty() {
            log.append(&tools.buffer[..n], stream.kind, &mut tools.disk);
        } else {
            shown.clear();
            stream.mask.feed(secrets, &tools.buffer[..n], &mut shown);
            log.append(&shown, stream.kind, &mut tools.disk);
        }
        if left == 0 {
            return Turn::More;
        }
    }
    let mut rest = Vec::new();
    stream.mask.finish(secrets, &mut rest);
    log.append(&rest, stream.kind, &mut tools.disk);
    Turn::Ended
}

fn end_of_stream(mut stream: Stream, log: &mut RunLog, secrets: &Secrets, tools: &mut Tools) {
    let mut rest = Vec::new();
    stream.mask.finish(secrets, &mut rest);
    log.append(&rest, stream.kind, &mut tools.disk);
}
