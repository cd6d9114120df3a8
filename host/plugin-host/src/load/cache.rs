//! Compiled code on disk: `DIGEST-KEY-SUM.cwasm`, of the component, of everything that decides what its code looks
//! like, and of the code itself.
//!
//! wasmtime refuses code of another engine but does not notice a flipped bit, and loading code is running it. So the
//! folder is ours alone, a file appears by a rename and carries its own sum in its name, and what does not have that
//! sum is thrown away and compiled again.
//!
//! Invariant: without a usable folder everything still works; it is compiled again by each program.

use std::fs::{self, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component as Compiled;

use crate::load::compile::write_new;
use crate::load::component::Digest;

/// Code that nobody has loaded for this long makes room.
const UNUSED: Duration = Duration::from_secs(30 * 86_400);
/// What a killed program left behind is removed after this long.
const LEFT_BEHIND: Duration = Duration::from_secs(86_400);
const SUFFIX: &str = ".cwasm";

/// The folder, known to be ours alone.
pub(crate) struct Cache {
    folder: PathBuf,
    key: String,
}

impl Cache {
    /// The folder, made if missing. The error says why it can't be used.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> io::Result<Cache> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let facts = fs::symlink_metadata(folder)?;
        if !facts.is_dir() || facts.uid() != nix::unistd::geteuid().as_raw() {
            return Err(io::Error::other("it is no folder of this user"));
        }
        if facts.mode() & 0o077 != 0 {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
        Ok(Cache {
            folder: folder.to_owned(),
            key: key(engine),
        })
    }

    /// The code of a component, if it is there and whole.
    pub(crate) fn load(&self, engine: &Engine, digest: Digest) -> Option<Compiled> {
        for path in self.files(digest) {
            let loaded = sum(&path)
                .ok()
                .filter(|sum| path == self.place(digest, *sum))
                // SAFETY: the bytes have the sum that this program gave them when it compiled them, and stand in a
                // folder that only this user can write.
                .and_then(|_| unsafe { Compiled::deserialize_file(engine, &path) }.ok());
            if let Some(compiled) = loaded {
                // Only to tell what is in use from what is not; a read-only disk may refuse.
                let _ = File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
                return Some(compiled);
            }
            tracing::warn!(
                "compiled code of a plugin was damaged and is made again: {}",
                path.display()
            );
            let _ = fs::remove_file(&path);
        }
        None
    }

    /// Puts a component where the compiler finds it, and says where its code belongs.
    pub(crate) fn prepare(&self, digest: Digest, component: &[u8]) -> io::Result<Workplace> {
        let id = std::process::id();
        let workplace = Workplace {
            from: self.folder.join(format!("{digest}-{id}.wasm")),
            to: self.folder.join(format!("{digest}-{id}.new")),
        };
        write_new(&workplace.from, component)?;
        Ok(workplace)
    }

    /// Takes in code that was just compiled.
    pub(crate) fn adopt(&self, digest: Digest, code: &Path) -> io::Result<()> {
        self.make_room();
        let sum = sum(code)?;
        fs::rename(code, self.place(digest, sum))
    }

    fn place(&self, digest: Digest, sum: Digest) -> PathBuf {
        self.folder
            .join(format!("{digest}-{}-{sum}{SUFFIX}", self.key))
    }

    fn files(&self, digest: Digest) -> Vec<PathBuf> {
        let begins = format!("{digest}-{}-", self.key);
        let named = |path: &PathBuf| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            name.starts_with(&begins) && name.ends_with(SUFFIX)
        };
        self.all().into_iter().filter(named).collect()
    }

    fn all(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }

    fn make_room(&self) {
        let now = SystemTime::now();
        for path in self.all() {
            let limit = if path.to_string_lossy().ends_with(SUFFIX) {
                UNUSED
            } else {
                LEFT_BEHIND
            };
            let age = fs::metadata(&path).and_then(|facts| facts.modified()).ok();
            let age = age.and_then(|modified| now.duration_since(modified).ok());
            if age.is_some_and(|age| age > limit) {
                let _ = fs::remove_file(&path);
            }
        }
    }
}

/// Where one component is compiled. What is left there is removed with it.
pub(crate) struct Workplace {
    pub(crate) from: PathBuf,
    pub(crate) to: PathBuf,
}

impl Drop for Workplace {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.from);
        let _ = fs::remove_file(&self.to);
    }
}

/// The sum of a file, read a piece at a time: Python's code is 35 MB.
fn sum(path: &Path) -> io::Result<Digest> {
    let nofollow = nix::fcntl::OFlag::O_NOFOLLOW.bits();
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(nofollow)
        .open(path)?;
    let mut sum = Sha256::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            return Ok(Digest::from(sum));
        }
        sum.update(&piece[..read]);
    }
}

/// Everything that decides what code looks like: wasmtime, its settings, this processor, this program.
fn key(engine: &Engine) -> String {
    struct Feed(Sha256);
    impl Hasher for Feed {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }

        fn finish(&self) -> u64 {
            0
        }
    }
    let mut feed = Feed(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut feed);
    env!("CARGO_PKG_VERSION").hash(&mut feed);
    Digest::from(feed.0).to_string()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The smallest component there is.
    const EMPTY: [u8; 8] = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];

    struct Place {
        _dir: tempfile::TempDir,
        engine: Engine,
        cache: Cache,
        digest: Digest,
    }

    fn place() -> Place {
        let dir = tempfile::tempdir().unwrap();
        let engine = crate::engine::engine().unwrap();
        let cache = Cache::open(&dir.path().join("cache"), &engine).unwrap();
        let digest = Digest::of(&EMPTY);
        let work = cache.prepare(digest, &EMPTY).unwrap();
        let code = engine
            .precompile_component(&fs::read(&work.from).unwrap())
            .unwrap();
        fs::write(&work.to, code).unwrap();
        cache.adopt(digest, &work.to).unwrap();
        Place {
            _dir: dir,
            engine,
            cache,
            digest,
        }
    }

    impl Place {
        fn load(&self) -> Option<Compiled> {
            self.cache.load(&self.engine, self.digest)
        }

        fn file(&self) -> PathBuf {
            self.cache.files(self.digest).remove(0)
        }
    }

    #[test]
    fn what_was_compiled_is_loaded_and_nothing_else_is_left() {
        let place = place();
        assert!(place.load().is_some());
        assert_eq!(place.cache.all().len(), 1);
        assert!(
            place
                .cache
                .load(&place.engine, Digest::of(b"other"))
                .is_none()
        );
    }

    #[test]
    fn a_flipped_bit_or_a_missing_end_is_thrown_away() {
        let place = place();
        let file = place.file();
        let good = fs::read(&file).unwrap();
        for damaged in [
            {
                let mut bytes = good.clone();
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
                bytes
            },
            good[..good.len() / 2].to_vec(),
            Vec::new(),
        ] {
            fs::write(&file, damaged).unwrap();
            assert!(place.load().is_none());
            assert!(!file.exists());
        }
    }

    #[test]
    fn a_link_in_place_of_the_file_is_not_followed() {
        let place = place();
        let file = place.file();
        let elsewhere = place.cache.folder.join("elsewhere");
        fs::rename(&file, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
        assert!(place.load().is_none());
    }

    #[test]
    fn the_folder_is_ours_alone_or_made_so() {
        let place = place();
        let folder = place.cache.folder.clone();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        Cache::open(&folder, &place.engine).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        assert!(Cache::open(&place.file(), &place.engine).is_err());
    }

    #[test]
    fn what_nobody_uses_makes_room() {
        let place = place();
        let old = place.cache.folder.join(format!("old{SUFFIX}"));
        let left = place.cache.folder.join("left.wasm");
        for (path, age) in [(&old, UNUSED * 2), (&left, LEFT_BEHIND * 2)] {
            let file = File::create(path).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        place.cache.make_room();
        assert!(!old.exists() && !left.exists());
        assert!(place.load().is_some());
    }
}
