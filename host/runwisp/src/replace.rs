//! Files, replaced all or none.
//!
//! Everything is written and synced beside its place first; then each is moved there, the root file last, so that what
//! it includes is there before it says so. When a move fails, those before it are taken back. After a crash at any
//! point each file is the old one or the new one, whole.
//!
//! Invariant: a file keeps its owner and its permissions, and a symbolic link stays one.
//!
//! Tests: below.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

/// A file that would change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// As it is named.
    pub path: PathBuf,
    /// What it holds; none where it is not there.
    pub before: Option<String>,
    /// What it would hold.
    pub after: String,
}

/// The permissions of a file that has no model: what is imported often holds passwords.
const PRIVATE: u32 = 0o600;

/// Replaces a file of our own that nobody else may read: the old one or the new one is there, whole, whatever happens.
/// Blocks until it is on disk.
pub fn private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push("~");
    let beside = Path::new(&beside);
    // One left behind by a daemon that died may be readable, or a link.
    let _ = fs::remove_file(beside);
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(PRIVATE)
            .open(beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(beside, path)
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(beside);
    })?;
    sync(folder_of(path))
}

/// What came of it.
pub type Outcome = Result<(), Failed>;

/// Why the files are as they were. Completes "could not write …".
#[derive(Debug, thiserror::Error)]
#[error("could not write {}: {why}", file.display())]
pub struct Failed {
    /// The file.
    pub file: PathBuf,
    /// Why.
    pub why: io::Error,
}

/// The right to work on the files of a folder, for as long as it is held.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held until it is dropped")] Flock<File>);

impl Lock {
    /// Waits until nobody else who asks for this lock works on the files of this folder.
    pub fn of(folder: &Path) -> io::Result<Lock> {
        let file = File::open(folder)?;
        Flock::lock(file, FlockArg::LockExclusive)
            .map(Lock)
            .map_err(|(_, errno)| errno.into())
    }
}

/// Makes the changes, all or none. What has no file yet is made like `model`, where that is one.
pub fn replace(changes: &[Change], model: &Path) -> Outcome {
    let mut undo = Undo::default();
    let mut ready = Vec::new();
    for change in changes {
        let failed = |why| Failed {
            file: change.path.clone(),
            why,
        };
        ready.push(prepare(change, model, &mut undo).map_err(failed)?);
    }
    place_all(&ready, &mut undo)?;
    for (place, _) in &ready {
        // The new files are in place; that the folder could not be synced is no reason to take them back.
        let _ = sync(folder_of(place));
    }
    undo.done();
    Ok(())
}

/// Moves everything to its place.
fn place_all(ready: &[(PathBuf, PathBuf)], undo: &mut Undo) -> Outcome {
    for (place, beside) in ready {
        let failed = |why| Failed {
            file: place.clone(),
            why,
        };
        undo.keep(place).map_err(failed)?;
        fs::rename(beside, place).map_err(failed)?;
        undo.moved(place, beside);
    }
    Ok(())
}

/// Writes the text beside its place. The answer is the place, links followed, and what stands beside it.
fn prepare(change: &Change, model: &Path, undo: &mut Undo) -> io::Result<(PathBuf, PathBuf)> {
    let place = match fs::canonicalize(&change.path) {
        Ok(place) => place,
        Err(error) if error.kind() == io::ErrorKind::NotFound => change.path.clone(),
        Err(error) => return Err(error),
    };
    let folder = folder_of(&place);
    if !folder.is_dir() {
        DirBuilder::new().mode(0o755).create(folder)?;
        undo.folder = Some(folder.to_owned());
        sync(folder_of(folder))?;
    }
    // What was read when the change was worked out is still there, or the change is not the right one.
    let now = match fs::read(&place) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if now.as_deref() != change.before.as_deref().map(str::as_bytes) {
        return Err(io::Error::other("it was changed meanwhile; try again"));
    }
    let beside = hidden(&place, "new");
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(PRIVATE)
        .open(&beside)?;
    undo.litter.push(beside.clone());
    file.write_all(change.after.as_bytes())?;
    let like = fs::metadata(&place).or_else(|_| fs::metadata(model));
    if let Ok(like) = like {
        let mine = file.metadata()?;
        if (mine.uid(), mine.gid()) != (like.uid(), like.gid()) {
            std::os::unix::fs::fchown(&file, Some(like.uid()), Some(like.gid()))?;
        }
        file.set_permissions(fs::Permissions::from_mode(like.mode() & 0o7777))?;
    }
    file.sync_all()?;
    Ok((place, beside))
}

/// What has to be taken back when something fails; taking back happens when it is dropped.
#[derive(Default)]
struct Undo {
    /// Files that nobody needs in the end.
    litter: Vec<PathBuf>,
    /// Places that have their new file, each with the old one, if there was one.
    moved: Vec<(PathBuf, Option<PathBuf>)>,
    /// The old file of the place that is next.
    kept: Option<PathBuf>,
    /// The folder that was made.
    folder: Option<PathBuf>,
}

impl Undo {
    /// Gives the old file a second name.
    fn keep(&mut self, place: &Path) -> io::Result<()> {
        self.kept = None;
        if !place.is_file() {
            return Ok(());
        }
        let old = hidden(place, "old");
        let _ = fs::remove_file(&old);
        fs::hard_link(place, &old).or_else(|_| fs::copy(place, &old).map(drop))?;
        self.litter.push(old.clone());
        self.kept = Some(old);
        Ok(())
    }

    fn moved(&mut self, place: &Path, beside: &Path) {
        self.litter.retain(|file| file != beside);
        self.moved.push((place.to_owned(), self.kept.take()));
    }

    fn done(mut self) {
        self.moved.clear();
        self.folder = None;
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        for (place, old) in self.moved.drain(..).rev() {
            let _ = match old {
                Some(old) => fs::rename(old, &place),
                None => fs::remove_file(&place),
            };
        }
        for file in self.litter.drain(..) {
            let _ = fs::remove_file(file);
        }
        if let Some(folder) = self.folder.take() {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// A name beside a file that no pattern for configurations matches.
fn hidden(place: &Path, what: &str) -> PathBuf {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    place.with_file_name(format!(".{name}.{}.{what}", std::process::id()))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_is_nobody_else_s_and_the_old_one_stays_when_it_fails() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("kept.json");
        private(&path, b"old").unwrap();
        fs::write(
            place.path().join("kept.json~"),
            "left behind, for all to read",
        )
        .unwrap();
        private(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, PRIVATE);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
        let folder = place.path().join("folder");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("x"), "").unwrap();
        private(&folder, b"new").unwrap_err();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
    }

    #[test]
    fn both_files_change_or_none() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("runwisp.toml");
        fs::write(&root, "").unwrap();
        let first = Change {
            path: place.path().join("runwisp.d/imported.toml"),
            before: None,
            after: "new".to_owned(),
        };
        let before = |wrong: &str| {
            let changes = [
                first.clone(),
                Change {
                    path: place.path().join(wrong),
                    before: None,
                    after: String::new(),
                },
            ];
            let failed = replace(&changes, &root).unwrap_err();
            assert!(!place.path().join("runwisp.d").exists(), "{failed}");
            let left = fs::read_dir(place.path()).unwrap().count();
            assert_eq!(left, 1, "{failed}");
        };
        // No folder, and a name that leaves no room for the one beside it, whatever this process is called.
        before("no/such/folder/a.toml");
        before(&"x".repeat(250));
        let mut second = first.clone();
        second.path = root.clone();
        second.before = Some("# before\n".to_owned());
        let failed = replace(&[first, second], &root).unwrap_err();
        assert!(failed.to_string().contains("changed meanwhile"), "{failed}");
        assert!(!place.path().join("runwisp.d").exists());
    }

    #[test]
    fn a_move_that_fails_takes_back_those_before_it() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("runwisp.toml");
        let first = place.path().join("a.toml");
        fs::write(&first, "old").unwrap();
        let change = |path: &Path, before: Option<&str>| Change {
            path: path.to_owned(),
            before: before.map(str::to_owned),
            after: "new".to_owned(),
        };
        let second = place.path().join("b.toml");
        let third = place.path().join("c.toml");
        let changes = [
            change(&first, Some("old")),
            change(&second, None),
            change(&third, None),
        ];
        let mut undo = Undo::default();
        let ready: Vec<_> = changes
            .iter()
            .map(|change| prepare(change, &root, &mut undo).unwrap())
            .collect();
        // Somebody makes a folder where the last file belongs.
        fs::create_dir(&third).unwrap();
        fs::write(third.join("x"), "").unwrap();
        place_all(&ready, &mut undo).unwrap_err();
        drop(undo);
        assert_eq!(fs::read_to_string(&first).unwrap(), "old");
        assert!(!second.exists());
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
    }
}
