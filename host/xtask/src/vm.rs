//! `cargo xtask vm`: the end-to-end tests that want a machine of their own, on one. A small Debian with systemd and
//! every controller of cgroup version 2 is made once and booted under an emulator; the tests in it may set its clock,
//! suspend it and install units.
//!
//! Not part of `cargo xtask test`: it needs root, Debian's archive and three minutes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::say;
use crate::shell::{Outcome, cargo, command, run, show, target_dir, works};

/// What is needed of the machine, and which of Debian's packages has it.
const NEEDED: [(&str, &str); 3] = [
    ("mmdebstrap", "mmdebstrap"),
    ("mke2fs", "e2fsprogs"),
    ("qemu-system-x86_64", "qemu-system-x86"),
];

/// What is in the machine beside Debian's minimum.
const PACKAGES: &str = "systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,linux-image-cloud-amd64,\
    initramfs-tools,kmod,login,passwd,procps,udev,util-linux";

/// The tests, by the modules they are in.
const TESTS: &str = "cgroups:: systemd:: clock::";

/// Runs in the machine once it is up, and turns it off.
const UNIT: &str = "\
[Unit]
After=basic.target systemd-user-sessions.service
[Service]
Type=oneshot
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
TimeoutStartSec=infinity
Delegate=yes
OOMPolicy=continue
ExecStopPost=poweroff -f
ExecStart=/bin/sh -c 'mount -o ro /dev/vdb /payload && sh /payload/run.sh; echo \"ended with $?\"'
[Install]
WantedBy=multi-user.target
";

/// Where Debian's root, its kernel and the disks are kept.
struct Files {
    dir: PathBuf,
}

impl Files {
    fn at(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Does it; more words replace the tests to run.
pub(crate) fn vm(words: &[&str]) -> Outcome {
    let missing: Vec<&str> = NEEDED
        .iter()
        .filter(|(program, _)| !works("which", &[program]))
        .map(|(_, package)| *package)
        .collect();
    if !missing.is_empty() {
        let missing = missing.join(" ");
        return Err(format!(
            "this needs more programs: apt-get install {missing}"
        ));
    }
    let files = Files {
        dir: target_dir().join("vm"),
    };
    fs::create_dir_all(&files.dir).map_err(|e| format!("could not make {:?}: {e}", files.dir))?;
    if !files.at("root.img").exists() {
        make_root(&files)?;
    }
    let tests = if words.is_empty() {
        TESTS.to_owned()
    } else {
        words.join(" ")
    };
    make_payload(&files, &tests)?;
    boot(&files)
}

/// A root file system of Debian with our unit in it.
fn make_root(files: &Files) -> Outcome {
    let root = files.at("root");
    let _ = fs::remove_dir_all(&root);
    let include = format!("--include={PACKAGES}");
    let path = root.to_string_lossy().into_owned();
    let words = ["--variant=minbase", &include, "bookworm", &path];
    run(&mut command("mmdebstrap", &words))?;
    let put = |name: &str, text: &str| {
        let at = root.join(name);
        at.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&at, text))
            .map_err(|e| format!("could not write {}: {e}", at.display()))
    };
    put("etc/systemd/system/payload.service", UNIT)?;
    put("etc/fstab", "/dev/vda / ext4 rw 0 1\n")?;
    put("payload/.keep", "")?;
    for inside in ["useradd -m -u 1000 alice", "systemctl enable payload"] {
        run(command("chroot", &[&path]).args(inside.split(' ')))?;
    }
    for (from, to) in [("vmlinuz-", "vmlinuz"), ("initrd.img-", "initrd")] {
        copy_first(&root.join("boot"), from, &files.at(to))?;
    }
    disk(&root, &files.at("root.img"), "2000M")?;
    fs::remove_dir_all(&root).map_err(|e| format!("could not remove {path}: {e}"))
}

fn copy_first(dir: &Path, prefix: &str, to: &Path) -> Outcome {
    let failed = |e| format!("could not read {}: {e}", dir.display());
    let found = fs::read_dir(dir)
        .map_err(failed)?
        .filter_map(Result::ok)
        .find(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .ok_or_else(|| format!("no {prefix}* in {}", dir.display()))?;
    fs::copy(found.path(), to)
        .map(drop)
        .map_err(|e| format!("could not copy {}: {e}", found.path().display()))
}

/// A file with an ext4 file system of what is in `dir`.
fn disk(dir: &Path, image: &Path, size: &str) -> Outcome {
    let _ = fs::remove_file(image);
    let mut make = command("mke2fs", &["-q", "-F", "-t", "ext4", "-d"]);
    run(make.arg(dir).arg(image).arg(size))
}

/// The programs and tests on a disk of their own, laid out as cargo does.
fn make_payload(files: &Files, tests: &str) -> Outcome {
    // The whole workspace, so that nothing is built anew for another choice of features.
    cargo(&["build", "--workspace", "--bins"])?;
    let payload = files.at("payload");
    let _ = fs::remove_dir_all(&payload);
    let deps = payload.join("debug/deps");
    fs::create_dir_all(&deps).map_err(|e| format!("could not make {}: {e}", deps.display()))?;
    let built = target_dir().join("debug");
    let mut programs: Vec<(PathBuf, PathBuf)> = ["runwisp", "bad-child"]
        .iter()
        .map(|name| (built.join(name), payload.join("debug").join(name)))
        .collect();
    programs.push((test_program()?, deps.join("e2e")));
    for (from, to) in programs {
        // Without its debugging information: a tenth of the size.
        let mut strip = command("strip", &["-g", "-o"]);
        run(strip.arg(&to).arg(&from))?;
    }
    let script = format!(
        "export RUNWISP_TEST_CLOCK=1 RUNWISP_TEST_SYSTEMD=1\n\
         exec /payload/debug/deps/e2e --test-threads=1 {tests}\n"
    );
    fs::write(payload.join("run.sh"), script).map_err(|e| format!("could not write: {e}"))?;
    disk(&payload, &files.at("payload.img"), "400M")
}

/// The end-to-end tests as cargo has built them: it prints the path.
fn test_program() -> Result<PathBuf, String> {
    let mut build = command("cargo", &["test", "--no-run", "--workspace"]);
    let shown = show(&build);
    say::line(&format!("$ {shown}"));
    let output = build
        .args(["--test", "e2e"])
        .output()
        .map_err(|e| format!("could not run `{shown}`: {e}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("Executable "))
        .find_map(|line| Some(line.rsplit_once('(')?.1.trim_end_matches(')')))
        .map(|path| crate::shell::root().join(path))
        .ok_or_else(|| format!("`{shown}` names no executable:\n{text}"))
}

/// Boots it, shows what it prints, and takes its word for how the tests ended.
fn boot(files: &Files) -> Outcome {
    let drive = |name: &str| {
        let path = files.at(name).to_string_lossy().into_owned();
        format!("file={path},format=raw,if=virtio")
    };
    let line = "root=/dev/vda rw console=ttyS0 loglevel=3 systemd.show_status=0 mitigations=off \
        systemd.mask=serial-getty@ttyS0.service";
    let mut machine = Command::new("qemu-system-x86_64");
    machine
        .args([
            "-machine",
            "q35",
            "-accel",
            "tcg,thread=multi",
            "-cpu",
            "max",
        ])
        .args([
            "-m", "2048", "-smp", "2", "-display", "none", "-monitor", "none",
        ])
        .args([
            "-serial",
            "stdio",
            "-no-reboot",
            "-snapshot",
            "-append",
            line,
        ])
        .arg("-kernel")
        .arg(files.at("vmlinuz"))
        .arg("-initrd")
        .arg(files.at("initrd"))
        .args([
            "-drive",
            &drive("root.img"),
            "-drive",
            &drive("payload.img"),
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let shown = show(&machine);
    say::line(&format!("$ {shown}"));
    let mut machine = machine
        .spawn()
        .map_err(|e| format!("could not run `{shown}`: {e}"))?;
    let mut ended = None;
    if let Some(output) = machine.stdout.take() {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            say::line(&line);
            if let Some(code) = line.strip_prefix("ended with ") {
                ended = Some(code == "0");
            }
        }
    }
    let _ = machine.wait();
    match ended {
        Some(true) => Ok(()),
        Some(false) => Err("not every test passed in the machine".into()),
        None => Err("the machine went down before its tests had ended".into()),
    }
}
