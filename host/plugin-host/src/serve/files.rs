//! `files`: read-only, below what was granted.
//!
//! A path is judged twice: as it is written, before the disk is touched, so that nothing can be learnt about other
//! folders; and without links, since one may lead outside.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use crate::call::exchange::HostCall;
use crate::call::state::State;
use crate::grant::granted::Granted;
use crate::serve::{Gate, glob};
use crate::since_v0_1::importer::runwisp::plugin::files as wit;
use crate::since_v0_1::importer::runwisp::plugin::files::{Content, Error};

/// The largest file.
const MAX_FILE: u64 = 1 << 20;
/// Directory entries looked at for one pattern, and paths given.
const MAX_ENTRIES: usize = 20_000;
const MAX_FOUND: usize = 5_000;

impl wit::Host for State {
    async fn read(
        &mut self,
        base: Option<String>,
        path: String,
    ) -> wasmtime::Result<Result<Content, Error>> {
        let asked = format!("read {path}");
        let answer = self.gate.files(
            asked,
            move |granted| read(&granted, base.as_deref(), &path),
            |content| format!("{} bytes", content.bytes.len()),
        );
        answer.await
    }

    async fn glob(
        &mut self,
        base: Option<String>,
        pattern: String,
    ) -> wasmtime::Result<Result<Vec<String>, Error>> {
        let asked = format!("glob {pattern}");
        let answer = self.gate.files(
            asked,
            move |granted| find(&granted, base.as_deref(), &pattern),
            |found| format!("{} paths", found.len()),
        );
        answer.await
    }
}

impl Gate {
    /// Does it on a thread that may block: a path may lie on a disk that does not answer.
    async fn files<T: Send + 'static>(
        &mut self,
        asked: String,
        does: impl FnOnce(Granted) -> Result<T, Error> + Send + 'static,
        outcome: impl FnOnce(&T) -> String,
    ) -> wasmtime::Result<Result<T, Error>> {
        let began = std::time::Instant::now();
        let answer = match self.count() {
            Ok(()) => {
                let granted = self.granted.clone();
                tokio::task::spawn_blocking(move || does(granted)).await?
            }
            Err(why) => Err(Error::Denied(why)),
        };
        self.record(HostCall {
            asked,
            sent: String::new(),
            outcome: answer.as_ref().map(outcome).map_err(told),
            received: String::new(),
            took: began.elapsed(),
        });
        Ok(answer)
    }
}

fn read(granted: &Granted, base: Option<&str>, path: &str) -> Result<Content, Error> {
    let path = absolute(base, path)?;
    let real = real(granted, &path)?;
    // A pipe in place of a file would make opening wait for a writer; nothing waits with this flag.
    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits() | nix::fcntl::OFlag::O_NOFOLLOW.bits())
        .open(&real)
        .map_err(|e| failure(&real, &e))?;
    let facts = file.metadata().map_err(|e| failure(&real, &e))?;
    if !facts.is_file() {
        return Err(Error::Unreadable(format!(
            "{} is no plain file",
            real.display()
        )));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| failure(&real, &e))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Error::TooLarge(MAX_FILE));
    }
    let path = text(&real)?;
    Ok(Content { path, bytes })
}

/// The paths that match, sorted. Folders that can't be read, or lead outside what is granted, hold nothing.
fn find(granted: &Granted, base: Option<&str>, pattern: &str) -> Result<Vec<String>, Error> {
    let pattern = absolute(base, pattern)?;
    let parts: Vec<String> = pattern
        .components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    let fixed = parts
        .iter()
        .take_while(|part| !glob::is_pattern(part))
        .count();
    let start: PathBuf = Path::new("/").join(parts[..fixed].iter().collect::<PathBuf>());
    granted.file(&start).map_err(Error::Denied)?;
    let mut found = vec![start];
    let mut looked_at = 0;
    for part in &parts[fixed..] {
        let mut next = Vec::new();
        for folder in &found {
            if glob::is_pattern(part) {
                next.extend(matching(granted, folder, part, &mut looked_at)?);
            } else {
                next.push(folder.join(part));
            }
        }
        found = next;
    }
    found.retain(|path| real(granted, path).is_ok());
    if found.len() > MAX_FOUND {
        return Err(Error::Unreadable(format!(
            "more than {MAX_FOUND} paths match {}",
            pattern.display()
        )));
    }
    found.sort();
    found.iter().map(|path| text(path)).collect()
}

fn matching(
    granted: &Granted,
    folder: &Path,
    pattern: &str,
    looked_at: &mut usize,
) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let Ok(real) = real(granted, folder) else {
        return Ok(found);
    };
    let Ok(entries) = fs::read_dir(real) else {
        return Ok(found);
    };
    for entry in entries.flatten() {
        *looked_at += 1;
        if *looked_at > MAX_ENTRIES {
            return Err(Error::Unreadable(format!(
                "there are more than {MAX_ENTRIES} files to look at"
            )));
        }
        if entry
            .file_name()
            .to_str()
            .is_some_and(|name| glob::matches(pattern, name))
        {
            found.push(folder.join(entry.file_name()));
        }
    }
    Ok(found)
}

/// An absolute path without `.` and `..`, as it is written; a relative one starts at the folder of `base`.
fn absolute(base: Option<&str>, path: &str) -> Result<PathBuf, Error> {
    if path.contains('\0') || path.is_empty() {
        return Err(Error::Unreadable(
            "the path is empty, or holds a zero byte".to_owned(),
        ));
    }
    let folder = base.map(|base| Path::new(base).parent().unwrap_or(Path::new("/")));
    let joined = match folder {
        _ if path.starts_with('/') => PathBuf::from(path),
        Some(folder) if folder.is_absolute() => folder.join(path),
        _ => {
            return Err(Error::Denied(format!(
                "{path} is relative, and the text that names it came from standard input; import the file by its path"
            )));
        }
    };
    let mut plain = PathBuf::from("/");
    for part in joined.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => {
                plain.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    Ok(plain)
}

/// The path without links, if both it and the written one lie below what is granted.
fn real(granted: &Granted, path: &Path) -> Result<PathBuf, Error> {
    granted.file(path).map_err(Error::Denied)?;
    let real = path.canonicalize().map_err(|e| failure(path, &e))?;
    // What was granted may itself be named through a link.
    let below = |root: &PathBuf| root.canonicalize().is_ok_and(|root| real.starts_with(root));
    if granted.roots().iter().any(below) {
        return Ok(real);
    }
    granted.file(&real).map_err(Error::Denied)?;
    Ok(real)
}

fn failure(path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::Missing(format!("there is no {}", path.display())),
        _ => Error::Unreadable(format!("{}: {error}", path.display())),
    }
}

fn text(path: &Path) -> Result<String, Error> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Error::Unreadable(format!("{} is no text", path.display())))
}

fn told(error: &Error) -> String {
    match error {
        Error::Denied(why) => format!("denied: {why}"),
        Error::Missing(why) | Error::Unreadable(why) => why.clone(),
        Error::TooLarge(limit) => format!("larger than {limit} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::Grants;
    use std::os::unix::fs::symlink;

    struct Place {
        dir: tempfile::TempDir,
        granted: Granted,
    }

    /// `granted/` with some files, `outside/` beside it, and links from one to the other.
    fn place() -> Place {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        fs::create_dir_all(at("granted/conf.d")).unwrap();
        fs::create_dir_all(at("outside/conf.d")).unwrap();
        fs::write(at("granted/main.conf"), "main").unwrap();
        fs::write(at("granted/conf.d/b.ini"), "b").unwrap();
        fs::write(at("granted/conf.d/a.ini"), "a").unwrap();
        fs::write(at("granted/conf.d/.hidden.ini"), "h").unwrap();
        fs::write(at("outside/secret"), "secret").unwrap();
        fs::write(at("outside/conf.d/c.ini"), "c").unwrap();
        symlink(at("outside/secret"), at("granted/conf.d/evil.ini")).unwrap();
        symlink(at("outside/conf.d"), at("granted/linked.d")).unwrap();
        let grants = Grants {
            files: vec![at("granted")],
            ..Grants::default()
        };
        let granted = Granted::new(&grants, &serde_json::Value::Null);
        Place { dir, granted }
    }

    impl Place {
        fn at(&self, path: &str) -> String {
            self.dir.path().join(path).to_str().unwrap().to_owned()
        }

        fn read(&self, path: &str) -> Result<Content, Error> {
            read(&self.granted, Some(&self.at("granted/main.conf")), path)
        }

        fn find(&self, pattern: &str) -> Result<Vec<String>, Error> {
            let found = find(&self.granted, Some(&self.at("granted/main.conf")), pattern)?;
            let root = self.at("granted/");
            Ok(found.iter().map(|path| path.replace(&root, "")).collect())
        }
    }

    #[test]
    fn files_are_read_relative_to_the_one_that_names_them() {
        let place = place();
        assert_eq!(place.read("conf.d/a.ini").unwrap().bytes, b"a");
        assert_eq!(place.read("./conf.d/../main.conf").unwrap().bytes, b"main");
        assert!(matches!(
            place.read("conf.d/missing.ini"),
            Err(Error::Missing(_))
        ));
        assert!(matches!(place.read("conf.d"), Err(Error::Unreadable(_))));
        let from_stdin = read(&place.granted, None, "a.ini");
        assert!(matches!(from_stdin, Err(Error::Denied(why)) if why.contains("standard input")));
    }

    #[test]
    fn nothing_outside_is_read_whether_by_dots_or_by_a_link() {
        let place = place();
        let denied = |path: &str| matches!(place.read(path), Err(Error::Denied(why)) if why.contains("grant `files:"));
        assert!(denied("../outside/secret"));
        assert!(denied("/etc/passwd"));
        assert!(denied("conf.d/evil.ini"));
        assert!(denied("linked.d/c.ini"));
        // What is not granted is not said to be missing either.
        assert!(denied("../outside/missing"));
    }

    #[test]
    fn a_pattern_finds_what_is_granted_in_order() {
        let place = place();
        assert_eq!(
            place.find("conf.d/*.ini").unwrap(),
            ["conf.d/a.ini", "conf.d/b.ini"]
        );
        assert_eq!(place.find("*.d/a.ini").unwrap(), ["conf.d/a.ini"]);
        assert_eq!(place.find("conf.d/a.ini").unwrap(), ["conf.d/a.ini"]);
        assert!(place.find("nothing/*.ini").unwrap().is_empty());
        assert!(matches!(place.find("../outside/*"), Err(Error::Denied(_))));
        assert!(matches!(place.find("/etc/*"), Err(Error::Denied(_))));
    }

    #[test]
    fn what_is_too_large_or_no_plain_file_is_told() {
        let place = place();
        let large = vec![b'x'; usize::try_from(MAX_FILE).unwrap() + 1];
        fs::write(place.at("granted/large"), large).unwrap();
        assert_eq!(place.read("large"), Err(Error::TooLarge(MAX_FILE)));
        nix::unistd::mkfifo(
            place.at("granted/pipe").as_str(),
            nix::sys::stat::Mode::S_IRWXU,
        )
        .unwrap();
        assert!(
            matches!(place.read("pipe"), Err(Error::Unreadable(why)) if why.contains("no plain file"))
        );
    }

    #[test]
    fn what_is_granted_through_a_link_is_granted() {
        let place = place();
        symlink(place.at("granted"), place.at("alias")).unwrap();
        let grants = Grants {
            files: vec![PathBuf::from(place.at("alias"))],
            ..Grants::default()
        };
        let granted = Granted::new(&grants, &serde_json::Value::Null);
        let content = read(&granted, None, &place.at("alias/main.conf")).unwrap();
        assert_eq!(content.bytes, b"main");
    }
}
