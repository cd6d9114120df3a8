//! The daemon dies, comes back, leaves on purpose, misbehaves; runs go on.

use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use runwisp_core::words::keeper::{AfterLeave, Ask};
use runwisp_core::words::signal::Signal;
use runwisp_core::words::spawn::Scope;

use crate::bench::{Bench, Process, pid_in, send, sh};

#[test]
fn a_new_daemon_is_told_what_is_held() {
    let mut bench = Bench::new();
    bench.fifo("go");
    let lives = bench.spawn(&sh("echo main=$$; read x < go; exit 9"));
    let ended = bench.spawn(&sh("exit 3"));
    let failed = bench.spawn(&{
        let mut spec = sh("");
        spec.argv = vec!["/no/such".into()];
        spec
    });
    let acked = bench.spawn(&sh("exit 0"));
    bench.printed(lives, "main=");
    bench.gone(ended);
    bench.gone(acked);
    bench.failed(failed);
    bench.ask(&Ask::Ack { run: acked });
    // Not over yet, so not forgotten.
    bench.ask(&Ask::Ack { run: lives });
    send(bench.daemon.as_ref().unwrap().pid, libc::SIGKILL);

    let held = bench.connect();
    let runs: Vec<_> = held.iter().map(|h| h.run).collect();
    assert_eq!(runs, [lives, ended, failed]);
    assert_eq!(held[0].pid, Some(pid_in(&bench.log(lives), "main")));
    assert_eq!(held[0].tag, format!("tag of {lives}"));
    assert_eq!(held[1].exit.as_ref().unwrap().code, Some(3));
    assert!(held[1].gone.is_some() && held[2].failed.is_some());

    std::fs::write(bench.dir.path().join("go"), "\n").unwrap();
    assert_eq!(bench.exited(lives).code, Some(9));
    bench.gone(lives);
}

#[test]
fn what_happens_without_a_daemon_is_not_lost() {
    let mut bench = Bench::new();
    bench.fifo("go");
    let run = bench.spawn(&sh("read x < go; seq 1 100000; exit 7"));
    let main = Process::of(bench.spawned(run));
    bench.daemon_exits(1);
    bench.accept();
    // This one never says hello, and is not told anything.
    std::fs::write(bench.dir.path().join("go"), "\n").unwrap();
    main.wait_for_end();
    bench.daemon_exits(1);
    let held = bench.connect();
    assert_eq!(held.len(), 1);
    if held[0].exit.is_none() {
        bench.exited(run);
    }
    if held[0].gone.is_none() {
        bench.gone(run);
    }
    assert_eq!(bench.log(run).lines().count(), 100_000);
}

#[test]
fn a_first_daemon_that_ends_before_its_first_word_ends_the_keeper() {
    let mut bench = Bench::start(&[], |_| {});
    bench.accept();
    bench.daemon_exits(78);
    assert_eq!(bench.keeper_exits(), Some(78));
}

#[test]
fn leaving_for_good_kills_what_is_left() {
    let mut bench = Bench::new();
    let run = bench.spawn(&sh("trap '' TERM; setsid sleep 300 & echo sub=$!; wait"));
    bench.printed(run, "sub=");
    let sub = Process::of(pid_in(&bench.log(run), "sub"));
    bench.leave(AfterLeave::Exit(5));
    assert_eq!(bench.keeper_exits(), Some(5));
    assert!(!sub.is_alive());
}

#[test]
fn last_words_count_even_if_the_daemon_did_not_listen_any_more() {
    let mut bench = Bench::new();
    bench.spawn(&sh("exec sleep 300"));
    bench.leave_unread(AfterLeave::Exit(6));
    assert_eq!(bench.keeper_exits(), Some(6));
}

#[test]
fn a_replaced_daemon_finds_everything_alive() {
    let mut bench = Bench::new();
    let run = bench.spawn(&sh("exec sleep 300"));
    let pid = bench.spawned(run);
    for _ in 0..3 {
        bench.leave(AfterLeave::Restart);
        let held = bench.connect();
        assert_eq!((held[0].run, held[0].pid), (run, Some(pid)));
    }
    bench.signal(run, Signal::KILL, Scope::All);
    bench.gone(run);
}

#[test]
fn a_daemon_that_hangs_up_or_talks_nonsense_is_replaced() {
    let mut bench = Bench::new();
    let run = bench.spawn(&sh("exec sleep 300"));
    bench.spawned(run);
    let first = Process::of(bench.daemon.as_ref().unwrap().pid);
    bench.send_raw(b"nonsense");
    first.wait_for_end();
    assert_eq!(bench.connect().len(), 1);
    // JSON that is no message is passed over.
    bench.send_raw(b"\x02\0\0\0{}");
    bench.signal(run, Signal::KILL, Scope::All);
    bench.gone(run);
}

#[test]
fn a_daemon_that_does_not_listen_blocks_nothing() {
    let mut bench = Bench::new();
    let runs: Vec<_> = (0..700).map(|_| bench.spawn(&sh("exit 0"))).collect();
    for run in runs {
        assert_eq!(bench.exited(run).code, Some(0));
        bench.gone(run);
    }
    // A list too long for one packet.
    assert_eq!(bench.held_after_restart().len(), 700);
}

#[test]
fn messages_of_children_reach_every_daemon() {
    let mut bench = Bench::new();
    for _ in 0..2 {
        let name = bench.notify.as_ref().unwrap().as_raw_fd();
        let address: nix::sys::socket::UnixAddr = nix::sys::socket::getsockname(name).unwrap();
        let child = UnixDatagram::unbound().unwrap();
        let address = SocketAddr::from_abstract_name(address.as_abstract().unwrap()).unwrap();
        child.send_to_addr(b"READY=1", &address).unwrap();
        let mut buffer = [0; 16];
        let n = nix::unistd::read(bench.notify.as_ref().unwrap(), &mut buffer).unwrap();
        assert_eq!(&buffer[..n], b"READY=1");
        bench.leave(AfterLeave::Restart);
        bench.connect();
    }
}
