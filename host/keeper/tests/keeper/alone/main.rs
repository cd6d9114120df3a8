//! A program that is the keeper and nothing else, for tests: `keep` (options in `KEEPER_OPTIONS`), `daemon PATH`
//! (hands its end of the channel to the test that listens at PATH, then does as told) and `loader PATH` (prints a
//! file, or fails).

use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use runwisp_keeper::{DAEMON_FD, KeeperOptions, channel};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let code = match args.as_slice() {
        [_, "keep"] => keep(),
        [_, "daemon", path] => daemon(path),
        [_, "loader", path] => loader(path),
        _ => 2,
    };
    std::process::exit(code);
}

fn keep() -> i32 {
    if let Some(code) = runwisp_keeper::resume() {
        return code;
    }
    let options = std::env::var("KEEPER_OPTIONS").unwrap_or_default();
    match serde_json::from_str::<KeeperOptions>(&options) {
        Ok(options) => runwisp_keeper::run(options),
        Err(_) => 2,
    }
}

/// Ends with the code that comes as one byte, or with 3 if the test is gone.
fn daemon(path: &str) -> i32 {
    let Ok(mut test) = UnixStream::connect(path) else {
        return 4;
    };
    // SAFETY: the keeper has put our end of the channel there, and nobody else in this process uses it.
    let ours = unsafe { BorrowedFd::borrow_raw(DAEMON_FD) };
    if channel::send(test.as_fd(), &std::process::id(), &[ours]).is_err() {
        return 5;
    }
    nix::unistd::close(DAEMON_FD).ok();
    let mut code = [3];
    let _ = test.read(&mut code);
    i32::from(code[0])
}

fn loader(path: &str) -> i32 {
    let shown = std::fs::read(path).and_then(|text| std::io::stdout().write_all(&text));
    match shown {
        Ok(()) => 0,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{path}: {error}");
            1
        }
    }
}
