//! The keeper's own words, for whoever reads its standard error.
//!
//! Invariant: never blocks. A reader that is stuck or gone costs the line, nothing else.

use std::os::fd::{AsFd, BorrowedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Writes one line to standard error, if it can be taken at once. Cut to what a pipe takes as a whole.
pub(crate) fn say(text: &str) {
    let mut line = format!("runwisp keeper: {text}")
        .replace('\n', "; ")
        .into_bytes();
    line.truncate(libc::PIPE_BUF - 1);
    line.push(b'\n');
    let stderr = std::io::stderr();
    let stderr: BorrowedFd<'_> = stderr.as_fd();
    let mut wanted = [PollFd::new(stderr, PollFlags::POLLOUT)];
    let ready = poll(&mut wanted, PollTimeout::ZERO).is_ok_and(|n| n > 0)
        && wanted[0]
            .revents()
            .is_some_and(|r| r.contains(PollFlags::POLLOUT));
    if ready {
        // Nobody is left to tell of a failure.
        let _ = nix::unistd::write(stderr, &line);
    }
}
