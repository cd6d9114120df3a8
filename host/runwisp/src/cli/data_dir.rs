//! The data directory on the way to the keeper: made, and given to the user that the daemon is going to run as.
//!
//! Invariant: root follows no symbolic link in it, and gives away nothing but what belongs to root and only root could
//! have put there.
//!
//! Tests: below, and `tests/e2e/privileges.rs`.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown, lchown};
use std::path::Path;

use runwisp_core::words::spawn::RunAs;

use super::context::io_failed;
use crate::wire::Problem;

/// Makes it, if it is not there: for its owner alone, who is the user that the daemon runs as.
pub(super) fn make(dir: &Path, user: Option<&RunAs>) -> Result<(), Problem> {
    if dir.is_dir() {
        return Ok(());
    }
    let failed = |e: io::Error| io_failed(format!("make {}", dir.display()), &e);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(failed)?;
    if let Some(user) = user {
        chown(dir, Some(user.uid), Some(user.gid)).map_err(failed)?;
    }
    Ok(())
}

/// Gives a directory that is root's, as systemd makes it or as a daemon without `user` has left it, to the daemon's user.
pub(super) fn hand_over(dir: &Path, user: &RunAs) -> Result<(), Problem> {
    let owner = fs::metadata(dir)
        .map_err(|e| io_failed(format!("look at {}", dir.display()), &e))?
        .uid();
    if owner == user.uid {
        return Ok(());
    }
    let name = &user.name;
    let help = format!(
        "Give it away yourself: `chown -R {name} {}`.",
        dir.display()
    );
    if owner != 0 {
        let text = format!(
            "{} does not belong to {name}, whom the daemon runs as",
            dir.display()
        );
        return Err(Problem::new("io.failed", text).help(help));
    }
    give(dir, user)
        .map_err(|e| io_failed(format!("give {} to {name}", dir.display()), &e).help(help))
}

/// What a directory holds first, then the directory: once it is given away, nothing in it is looked at again.
fn give(dir: &Path, user: &RunAs) -> io::Result<()> {
    if fs::metadata(dir)?.mode() & 0o022 != 0 {
        let text = format!("others than root can write to {}", dir.display());
        return Err(io::Error::other(text));
    }
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let found = fs::symlink_metadata(&path)?;
        if found.uid() != 0 {
            continue;
        }
        if found.is_dir() {
            give(&path, user)?;
        } else if found.nlink() == 1 {
            lchown(&path, Some(user.uid), Some(user.gid))?;
        }
    }
    lchown(dir, Some(user.uid), Some(user.gid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn what_is_roots_is_given_away_and_nothing_else() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let user = RunAs {
            uid: 65534,
            gid: 65534,
            groups: Vec::new(),
            name: "nobody".to_owned(),
            home: "/".to_owned(),
        };
        fs::create_dir_all(at("data/logs/web")).unwrap();
        for name in [
            "outside",
            "data/history",
            "data/logs/web/1.log",
            "data/theirs",
        ] {
            fs::write(at(name), "").unwrap();
        }
        chown(at("data/theirs"), Some(1), Some(1)).unwrap();
        symlink(at("outside"), at("data/link")).unwrap();
        fs::hard_link(at("outside"), at("data/second")).unwrap();
        let owner = |name: &str| fs::symlink_metadata(at(name)).unwrap().uid();

        let shared = fs::Permissions::from_mode(0o777);
        fs::set_permissions(at("data"), shared).unwrap();
        assert!(hand_over(&at("data"), &user).is_err());
        assert_eq!(owner("data/history"), 0);

        fs::set_permissions(at("data"), fs::Permissions::from_mode(0o755)).unwrap();
        hand_over(&at("data"), &user).unwrap();
        for name in [
            "data",
            "data/logs",
            "data/logs/web/1.log",
            "data/history",
            "data/link",
        ] {
            assert_eq!(owner(name), 65534, "{name}");
        }
        assert_eq!((owner("outside"), owner("data/theirs")), (0, 1));

        chown(at("data"), Some(1), Some(1)).unwrap();
        assert!(hand_over(&at("data"), &user).is_err());
    }
}
