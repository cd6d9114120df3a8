//! Builds the bundled plugins with a cargo of its own, and leaves `bundled_components.rs` with their bytes.
//!
//! Where they come from, the first that is there:
//!   1. `RUNWISP_PLUGINS_DIR`: a folder of built components, for those who build them apart or offline
//!   2. `plugins/` of this checkout, built now
//!   3. `bundled/` beside this file, which is what a packed crate carries
//!
//! Invariant: nothing meant for the outer build reaches the inner one, so its components are the same wherever and
//! however the host is built.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// In the order in which `runwisp plugin list` names them.
const BUNDLED: &[&str] = &[
    "slack",
    "telegram",
    "email",
    "webhook",
    "supervisord",
    "crontab",
];
const TARGET: &str = "wasm32-wasip2";
/// The profile of the workspace that is made for plugins.
const PROFILE: &str = "plugin";
/// What has to be looked at when deciding whether to build again.
const SOURCES: [&str; 6] = [
    "plugins",
    "plugin-sdk",
    "wit",
    "Cargo.lock",
    "Cargo.toml",
    "rust-toolchain.toml",
];
/// Variables meant for the outer build. `CARGO_MAKEFLAGS` stays: both builds share the job slots.
const FOREIGN: [&str; 12] = [
    "RUSTFLAGS",
    "RUSTDOCFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_TARGET_DIR",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CLIPPY_ARGS",
    "LLVM_PROFILE_FILE",
    "TARGET",
    "HOST",
];
const FOREIGN_PREFIXES: [&str; 5] = [
    "CARGO_FEATURE_",
    "CARGO_CFG_",
    "CARGO_PROFILE_",
    "CARGO_PKG_",
    "DEP_",
];

fn main() {
    if let Err(why) = bundle() {
        println!("cargo::error={why}");
        std::process::exit(1);
    }
}

fn bundle() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=RUNWISP_PLUGINS_DIR");
    let here = PathBuf::from(given("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(given("OUT_DIR")?);
    let checkout = here
        .ancestors()
        .nth(2)
        .filter(|root| root.join("plugins/slack/Cargo.toml").is_file());
    let built = match (env::var_os("RUNWISP_PLUGINS_DIR"), checkout) {
        (Some(folder), _) => PathBuf::from(folder),
        (None, Some(root)) => build(root, &out)?,
        (None, None) => here.join("bundled"),
    };
    let mut list = String::from("&[\n");
    for name in BUNDLED {
        let file =
            [format!("{name}.wasm"), format!("runwisp_{name}.wasm")].map(|file| built.join(file));
        let file = file.iter().find(|file| file.is_file());
        let file = file.ok_or_else(|| format!("there is no {name}.wasm in {}", built.display()))?;
        println!("cargo::rerun-if-changed={}", file.display());
        let to = out.join(format!("{name}.wasm"));
        copy_changed(file, &to)?;
        list.push_str(&format!(
            "    ({name:?}, include_bytes!({:?})),\n",
            to.display().to_string()
        ));
    }
    list.push_str("]\n");
    write_changed(&out.join("bundled_components.rs"), list.as_bytes())
}

fn build(root: &Path, out: &Path) -> Result<PathBuf, String> {
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    let libraries = target_libraries()?;
    let target_dir = target_dir(out);
    let mut cargo = Command::new(given("CARGO")?);
    cargo.current_dir(root);
    cargo
        .args([
            "build",
            "--target",
            TARGET,
            "--profile",
            PROFILE,
            "--target-dir",
        ])
        .arg(&target_dir);
    for name in BUNDLED {
        cargo.args(["--package", &format!("runwisp-{name}")]);
    }
    for name in FOREIGN {
        cargo.env_remove(name);
    }
    for (name, _) in env::vars_os() {
        let foreign = |prefix: &str| name.to_string_lossy().starts_with(prefix);
        if FOREIGN_PREFIXES.iter().any(|prefix| foreign(prefix)) {
            cargo.env_remove(&name);
        }
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(root, &libraries));
    let status = cargo
        .status()
        .map_err(|e| format!("could not run cargo for the bundled plugins: {e}"))?;
    if !status.success() {
        return Err("the bundled plugins did not build; cargo says above why".to_owned());
    }
    Ok(target_dir.join(TARGET).join(PROFILE))
}

/// The toolchain's folder, once it is sure that it can build for plugins.
fn target_libraries() -> Result<String, String> {
    let rustc = given("RUSTC")?;
    let asked = Command::new(&rustc).args(["--print", "sysroot"]).output();
    let asked = asked.map_err(|e| format!("could not run {}: {e}", rustc.to_string_lossy()))?;
    let sysroot = String::from_utf8_lossy(&asked.stdout).trim().to_owned();
    if Path::new(&sysroot)
        .join("lib/rustlib")
        .join(TARGET)
        .is_dir()
    {
        return Ok(sysroot);
    }
    Err(format!(
        "the bundled plugins are built for {TARGET}, which this toolchain lacks: run `rustup target add {TARGET}`, \
         or name a folder of built plugins in RUNWISP_PLUGINS_DIR"
    ))
}

/// A folder of the inner build's own, shared by all profiles: in the outer one it would wait for the outer lock for
/// ever.
fn target_dir(out: &Path) -> PathBuf {
    let profile = out
        .ancestors()
        .find(|folder| folder.file_name().is_some_and(|name| name == "build"));
    let target = profile.and_then(Path::parent).and_then(Path::parent);
    target.unwrap_or(out).join("bundled-plugins")
}

/// Keeps the places of this machine out of the components, so that two machines build the same bytes.
fn flags(root: &Path, sysroot: &str) -> String {
    let home = env::var("CARGO_HOME")
        .unwrap_or_else(|_| format!("{}/.cargo", env::var("HOME").unwrap_or_default()));
    [
        format!("--remap-path-prefix={}=/runwisp", root.display()),
        format!("--remap-path-prefix={home}=/cargo"),
        format!("--remap-path-prefix={sysroot}/lib/rustlib/src/rust=/rust"),
    ]
    .join("\u{1f}")
}

fn given(name: &str) -> Result<OsString, String> {
    env::var_os(name).ok_or_else(|| format!("cargo did not set {name}"))
}

fn copy_changed(from: &Path, to: &Path) -> Result<(), String> {
    let bytes = fs::read(from).map_err(|e| format!("could not read {}: {e}", from.display()))?;
    write_changed(to, &bytes)
}

/// Leaves a file alone that is right already, so that nothing is compiled again for its time stamp.
fn write_changed(to: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    fs::write(to, bytes).map_err(|e| format!("could not write {}: {e}", to.display()))
}
