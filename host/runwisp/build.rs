//! Builds the bundled plugins with a cargo of its own, and leaves `bundled_components.rs` with their bytes, packed; for a
//! release, builds the page, too, and leaves `page_files.rs` with its files.
//!
//! Where they come from, the first that is there:
//!   1. `RUNWISP_PLUGINS_DIR`: a folder of built components, for those who build them apart or offline
//!   2. `plugins/` of this checkout, built now
//!   3. `bundled/` beside this file, which is what a packed crate carries
//!
//! Where the page comes from, in a release alone (a debug build reads `web/dist` when it is asked for it):
//!   1. `RUNWISP_WEB_DIR`: a folder with the built page, for those who build it apart or offline
//!   2. `web/` of this checkout, built now by npm where `web/dist` is missing or older than its sources
//!   3. `page/` beside this file, which is what a packed crate carries
//!
//! Invariant: nothing meant for the outer build reaches the inner one, so its components are the same wherever and
//! however the host is built.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use sha2::{Digest, Sha256};

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
    if let Err(why) = bundle().and_then(|()| page()) {
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
        let wasm = fs::read(file).map_err(|e| format!("could not read {}: {e}", file.display()))?;
        let to = out.join(format!("{name}.wasm.zst"));
        write_changed(&to, &packed(&wasm)?)?;
        let digest: [u8; 32] = Sha256::digest(&wasm).into();
        list.push_str(&format!(
            "    ({name:?}, {digest:?}, include_bytes!({:?})),\n",
            to.display().to_string()
        ));
    }
    list.push_str("]\n");
    write_changed(&out.join("bundled_components.rs"), list.as_bytes())
}

/// What makes the page what it is.
const PAGE_SOURCES: [&str; 7] = [
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "tsconfig.json",
];

fn page() -> Result<(), String> {
    println!("cargo::rerun-if-env-changed=RUNWISP_WEB_DIR");
    println!("cargo::rustc-check-cfg=cfg(page_embedded)");
    if env::var("PROFILE").as_deref() != Ok("release") {
        return Ok(());
    }
    println!("cargo::rustc-cfg=page_embedded");
    let here = PathBuf::from(given("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(given("OUT_DIR")?);
    let web = here.ancestors().nth(2).map(|root| root.join("web"));
    let web = web.filter(|web| web.join("package.json").is_file());
    let dist = match (env::var_os("RUNWISP_WEB_DIR"), web) {
        (Some(folder), _) => PathBuf::from(folder),
        (None, Some(web)) => built_page(&web)?,
        (None, None) => here.join("page"),
    };
    let mut files = Vec::new();
    collect(&dist, &mut files)
        .map_err(|e| format!("could not read the page in {}: {e}", dist.display()))?;
    files.sort();
    let packed = out.join("page");
    fs::create_dir_all(&packed).map_err(|e| format!("could not make a folder: {e}"))?;
    let mut list = String::from("&[\n");
    for (at, file) in files.iter().enumerate() {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&dist).map_err(|e| e.to_string())?;
        let gzip = packed.join(format!("{at}.gz"));
        let form = match compress(file, &gzip)? {
            true => format!("Some(include_bytes!({:?}))", gzip.display().to_string()),
            false => "None".to_owned(),
        };
        list.push_str(&format!(
            "    ({:?}, include_bytes!({:?}), {form}),\n",
            name.display().to_string(),
            file.display().to_string()
        ));
    }
    list.push_str("]\n");
    write_changed(&out.join("page_files.rs"), list.as_bytes())
}

/// The folder of the built page; built now, if its sources are newer.
fn built_page(web: &Path) -> Result<PathBuf, String> {
    let dist = web.join("dist");
    let mut newest = None;
    for source in PAGE_SOURCES {
        let source = web.join(source);
        println!("cargo::rerun-if-changed={}", source.display());
        let mut files = Vec::new();
        if collect(&source, &mut files).is_ok() {
            newest = files
                .iter()
                .filter_map(|file| changed(file))
                .chain(newest)
                .max();
        }
    }
    let there = changed(&dist.join("index.html"));
    if there.is_some() && there >= newest {
        return Ok(dist);
    }
    for arguments in [&["ci"][..], &["run", "build"]] {
        let told = format!("npm {}", arguments.join(" "));
        let failed = |why: String| {
            format!(
                "a release carries the page, and {why}: run `npm ci && npm run build` in {}, \
                 or name a folder with the built page in RUNWISP_WEB_DIR",
                web.display()
            )
        };
        let mut npm = Command::new("npm");
        // What it says is for people, not for cargo.
        let ran = npm.args(arguments).current_dir(web).output();
        let ran = ran.map_err(|e| failed(format!("`{told}` could not be run ({e})")))?;
        if !ran.status.success() {
            let said = String::from_utf8_lossy(&ran.stderr).into_owned();
            return Err(failed(format!("`{told}` failed ({})", said.trim())));
        }
    }
    Ok(dist)
}

fn changed(path: &Path) -> Option<std::time::SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

/// Every file below a path, or the path itself.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        fs::metadata(path)?;
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}

/// Compresses a file, where that makes it a tenth smaller; whether it did.
fn compress(file: &Path, to: &Path) -> Result<bool, String> {
    use std::io::Write;
    let bytes = fs::read(file).map_err(|e| format!("could not read {}: {e}", file.display()))?;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let packed = encoder.write_all(&bytes).and_then(|()| encoder.finish());
    let packed = packed.map_err(|e| format!("could not compress {}: {e}", file.display()))?;
    if packed.len() * 10 > bytes.len() * 9 {
        return Ok(false);
    }
    write_changed(to, &packed).map(|()| true)
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

/// As small as it gets where the program is shipped, and quickly where it is only tried.
fn packed(wasm: &[u8]) -> Result<Vec<u8>, String> {
    let level = match env::var("PROFILE").as_deref() {
        Ok("release") => 19,
        _ => 1,
    };
    let mut packed = Vec::with_capacity(zstd_safe::compress_bound(wasm.len()));
    zstd_safe::compress(&mut packed, wasm, level)
        .map_err(|code| format!("could not pack: {}", zstd_safe::get_error_name(code)))?;
    Ok(packed)
}

/// Leaves a file alone that is right already, so that nothing is compiled again for its time stamp.
fn write_changed(to: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    fs::write(to, bytes).map_err(|e| format!("could not write {}: {e}", to.display()))
}
