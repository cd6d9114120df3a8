//! Where plugins are kept: the lock file beside the configuration, and below the data directory the store of components
//! (`plugins/store/SHA256.wasm`) and the cache of compiled code.
//!
//! Invariant: a file of the store has the digest that it is named by, or is refused when it is loaded; a lock file is
//! the old one or the new one, whole.
//!
//! Tests: below.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use runwisp_plugin_host::{Compiler, Component, Digest, Plugins, Setup};

use super::lock::{self, BadLock, Locked};
use crate::config;
use crate::replace::{Change, Failed, Lock, replace};

/// The hidden verb that compiles a component in a process of its own.
const COMPILE_VERB: &str = "compile-plugin";

/// Where plugins are kept.
#[derive(Clone, Debug)]
pub struct Place {
    lock: PathBuf,
    data: PathBuf,
    folder: PathBuf,
}

/// Why it can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The lock file can't be read.
    #[error("could not read {}: {why}", file.display())]
    Unreadable {
        /// The lock file.
        file: PathBuf,
        /// Why.
        why: String,
    },
    /// The lock file is damaged, or of a later version.
    #[error("could not read {}: {why}", file.display())]
    Bad {
        /// The lock file.
        file: PathBuf,
        /// Why.
        why: BadLock,
    },
    /// A file can't be written.
    #[error("could not write {}: {why}", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The lock file can't be written.
    #[error(transparent)]
    Lock(#[from] Failed),
}

impl Place {
    /// The place that belongs to a configuration and a data directory.
    pub fn of(config: &Path, data: &Path) -> Place {
        let beside = config.parent().unwrap_or(Path::new("/"));
        Place {
            lock: beside.join("plugins.lock"),
            data: data.to_owned(),
            folder: data.join("plugins"),
        }
    }

    /// The lock file.
    pub fn lock_file(&self) -> &Path {
        &self.lock
    }

    /// Where a component of this digest is kept.
    pub fn stored(&self, digest: Digest) -> PathBuf {
        self.folder.join("store").join(format!("{digest}.wasm"))
    }

    /// A component of the store.
    pub fn component(&self, locked: &Locked) -> Component {
        let path = self.stored(locked.sha256);
        Component::file(&locked.name, path, Some(locked.sha256))
            .expect("nothing is read of a file whose digest is known")
    }

    /// What is installed.
    pub fn locked(&self) -> Result<Vec<Locked>, PlaceError> {
        self.parsed(&self.text()?)
    }

    fn text(&self) -> Result<String, PlaceError> {
        match self.lock.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
            _ => {}
        }
        config::read_file(&self.lock).map_err(|why| PlaceError::Unreadable {
            file: self.lock.clone(),
            why,
        })
    }

    fn parsed(&self, text: &str) -> Result<Vec<Locked>, PlaceError> {
        lock::parse(text).map_err(|why| self.bad(why))
    }

    fn bad(&self, why: BadLock) -> PlaceError {
        PlaceError::Bad {
            file: self.lock.clone(),
            why,
        }
    }

    /// Adds an entry to the lock file, or replaces the one of that name.
    pub fn put(&self, locked: &Locked) -> Result<(), PlaceError> {
        self.edit(|text| lock::put(text, locked))
    }

    /// Takes an entry out of the lock file.
    pub fn remove(&self, name: &str) -> Result<(), PlaceError> {
        self.edit(|text| lock::remove(text, name))
    }

    /// Two at once come one after the other.
    fn edit(&self, edit: impl FnOnce(&str) -> Result<String, BadLock>) -> Result<(), PlaceError> {
        let beside = self.lock.parent().unwrap_or(Path::new("/"));
        let failed = |why| PlaceError::Unwritable {
            file: self.lock.clone(),
            why,
        };
        fs::create_dir_all(beside).map_err(failed)?;
        let _held = Lock::of(beside).map_err(failed)?;
        let before = self.text()?;
        let after = edit(&before).map_err(|why| self.bad(why))?;
        if after == before {
            return Ok(());
        }
        let there = self.lock.symlink_metadata().is_ok();
        let change = Change {
            path: self.lock.clone(),
            before: there.then_some(before),
            after,
        };
        // Whoever reads the configuration reads what it runs with.
        Ok(replace(&[change], &beside.join("runwisp.toml"))?)
    }

    /// Keeps a component, unless the store has it whole already.
    pub fn store(&self, bytes: &[u8]) -> Result<Digest, PlaceError> {
        let digest = Digest::of(bytes);
        let path = self.stored(digest);
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(digest);
        }
        let failed = |why| PlaceError::Unwritable {
            file: path.clone(),
            why,
        };
        write(&self.data, &path, bytes).map_err(failed)?;
        Ok(digest)
    }

    /// Removes a component that no entry of the lock file names any more.
    pub fn forget(&self, digest: Digest) -> Result<(), PlaceError> {
        if self.locked()?.iter().any(|locked| locked.sha256 == digest) {
            return Ok(());
        }
        let path = self.stored(digest);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(PlaceError::Unwritable {
                file: path,
                why: error,
            }),
            _ => Ok(()),
        }
    }

    /// How plugins are run from here: compiled in a child, into a cache of this user's own.
    pub fn setup(&self) -> Setup {
        let user = nix::unistd::geteuid();
        Setup {
            cache: Some(self.folder.join(format!("cache-{user}"))),
            compiler: std::env::current_exe().ok().map(|program| Compiler {
                program,
                arguments: vec![COMPILE_VERB.into()],
            }),
            ..Setup::default()
        }
    }

    /// The host of plugins.
    pub fn open(&self) -> Result<Plugins, runwisp_plugin_host::OpenError> {
        // A place that can't be made is no reason not to run: then code is compiled again by every program.
        let _ = folder(&self.data, &self.folder);
        Plugins::open(self.setup())
    }
}

/// Makes a folder below the data directory, and that as well where it is not there: for its owner alone. A link in
/// place of a folder may lead anywhere, and who adds plugins may be root.
fn folder(data: &Path, path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(data)?;
    let below = path.strip_prefix(data).unwrap_or(path);
    let mut at = data.to_owned();
    for part in below {
        at.push(part);
        match DirBuilder::new().mode(0o755).create(&at) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        if !at.symlink_metadata()?.is_dir() {
            let text = format!("{} is not a folder", at.display());
            return Err(io::Error::other(text));
        }
    }
    Ok(())
}

/// Writes beside the place and moves it there.
fn write(data: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let store = path.parent().unwrap_or(Path::new("/"));
    folder(data, store)?;
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let _ = fs::remove_file(&beside);
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(store)?.sync_all()
    })();
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use runwisp_plugin_host::{Grants, PluginKind};

    use super::*;

    fn locked(name: &str, sha256: Digest) -> Locked {
        Locked {
            name: name.to_owned(),
            kind: PluginKind::Importer,
            version: "1.0.0".to_owned(),
            interface: "0.1.0".to_owned(),
            source: "/x.wasm".to_owned(),
            sha256,
            grants: Grants::default(),
        }
    }

    fn place() -> (tempfile::TempDir, Place) {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("etc/runwisp.toml");
        let place = Place::of(&config, &folder.path().join("data"));
        (folder, place)
    }

    #[test]
    fn what_is_kept_is_found_again() {
        let (folder, place) = place();
        assert_eq!(place.locked().unwrap(), []);
        let digest = place.store(b"one").unwrap();
        place.put(&locked("a", digest)).unwrap();
        place.put(&locked("b", digest)).unwrap();
        assert_eq!(place.locked().unwrap().len(), 2);
        place.remove("a").unwrap();
        place.forget(digest).unwrap();
        assert!(place.stored(digest).exists(), "b still needs it");
        place.remove("b").unwrap();
        place.forget(digest).unwrap();
        assert!(!place.stored(digest).exists());
        place.forget(digest).unwrap();
        let names: Vec<_> = fs::read_dir(folder.path().join("etc"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["plugins.lock"]);
    }

    #[test]
    fn a_damaged_component_of_the_store_is_written_anew() {
        let (_folder, place) = place();
        let digest = place.store(b"one").unwrap();
        fs::write(place.stored(digest), b"two").unwrap();
        place.store(b"one").unwrap();
        let path = place.stored(digest);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o644);
    }

    #[test]
    fn a_link_in_place_of_the_store_is_not_followed() {
        let (folder, place) = place();
        fs::create_dir_all(folder.path().join("data")).unwrap();
        fs::create_dir(folder.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("../elsewhere", folder.path().join("data/plugins")).unwrap();
        assert!(matches!(
            place.store(b"one"),
            Err(PlaceError::Unwritable { .. })
        ));
        let elsewhere = fs::read_dir(folder.path().join("elsewhere")).unwrap();
        assert_eq!(elsewhere.count(), 0);
    }

    #[test]
    fn a_lock_file_that_can_not_be_understood_is_left_alone() {
        let (_folder, place) = place();
        fs::create_dir_all(place.lock.parent().unwrap()).unwrap();
        for text in ["version = 2\n", "[plugins\n", "\u{0}"] {
            fs::write(&place.lock, text).unwrap();
            assert!(matches!(place.locked(), Err(PlaceError::Bad { .. })));
            assert!(place.put(&locked("a", Digest::of(b"a"))).is_err());
            assert_eq!(fs::read_to_string(&place.lock).unwrap(), text);
        }
        fs::remove_file(&place.lock).unwrap();
        fs::create_dir(&place.lock).unwrap();
        assert!(matches!(place.locked(), Err(PlaceError::Unreadable { .. })));
    }
}
