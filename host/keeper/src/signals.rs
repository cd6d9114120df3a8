//! Signals as data: all are blocked for good, and the few that matter are read from a descriptor. But SIGABRT ends the
//! keeper as it ends any process: an init system whose watchdog has run out sends it, and waits.

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Blocks the signals and opens the descriptor that delivers the keeper's.
pub(crate) fn open() -> nix::Result<SignalFd> {
    let mut blocked = SigSet::all();
    blocked.remove(Signal::SIGABRT);
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&blocked), None)?;
    let mut wanted = SigSet::empty();
    for signal in [
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGHUP,
        Signal::SIGUSR1,
        Signal::SIGCHLD,
    ] {
        wanted.add(signal);
    }
    SignalFd::with_flags(&wanted, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}

/// The next signal, if one has come.
pub(crate) fn next(signals: &SignalFd) -> Option<Signal> {
    loop {
        match signals.read_signal() {
            Ok(Some(info)) => {
                let number = i32::try_from(info.ssi_signo).unwrap_or(0);
                if let Ok(signal) = Signal::try_from(number) {
                    return Some(signal);
                }
            }
            Err(Errno::EINTR) => {}
            Ok(None) | Err(_) => return None,
        }
    }
}

/// For a child before it executes its program: default dispositions, nothing blocked.
pub(crate) fn reset_in_child() {
    // The kernel's `struct sigaction`, all zero: the default disposition. Not by way of the C library, which keeps
    // two signals to itself and would leave them ignored if the keeper was started so.
    let default = [0usize; 4];
    let none = std::ptr::null::<libc::c_void>();
    for number in 1..=64 {
        // SAFETY: `default` is a valid value for the length of the call, and nothing is written. It fails for the
        // signals nobody may set, and that is as it should be.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, number, default.as_ptr(), none, 8) };
    }
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None);
}
