//! What is to be imported: which importer, which files, and their texts.
//!
//! Tests: below.

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use runwisp_plugin_host::Source;

use crate::wire::Problem;

/// The largest source, and the most of them.
const LARGEST: u64 = 16 << 20;
const MOST: usize = 1000;
/// Other names of importers.
const ALIASES: [(&str, &str); 2] = [("cron", "crontab"), ("supervisor", "supervisord")];
/// Where supervisord looks for its configuration, after those that depend on where it is installed; and where
/// distributions keep it.
const SUPERVISORD: [&str; 4] = [
    "supervisord.conf",
    "etc/supervisord.conf",
    "/etc/supervisord.conf",
    "/etc/supervisor/supervisord.conf",
];
/// Folders of fragments, where there is no main file.
const SUPERVISORD_PARTS: [(&str, &str); 2] = [
    ("/etc/supervisor/conf.d", "conf"),
    ("/etc/supervisord.d", "ini"),
];

/// Sources, read.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// As an importer takes them.
    pub(super) sources: Vec<Source>,
    /// The folders that they are in.
    pub(super) folders: Vec<PathBuf>,
    /// The path that stands for standard input, where it was given a folder.
    pub(super) stdin_path: Option<String>,
}

impl Sources {
    /// Where it all comes from, for a title.
    pub(super) fn title(&self) -> String {
        let names: Vec<&str> = self
            .sources
            .iter()
            .map(|source| match &source.path {
                Some(path) if self.stdin_path.as_ref() != Some(path) => path.as_str(),
                _ => "standard input",
            })
            .collect();
        if names.is_empty() {
            "this machine".to_owned()
        } else {
            names.join(" ")
        }
    }
}

/// Splits the words into importer and files.
pub(super) fn split(
    what: &[String],
    importers: &[String],
) -> Result<(Option<String>, Vec<String>), Problem> {
    let Some((first, rest)) = what.split_first() else {
        return Ok((None, Vec::new()));
    };
    let alias = ALIASES.iter().find(|(alias, _)| alias == first);
    let name = alias.map_or(first.as_str(), |(_, name)| name);
    if importers.iter().any(|known| known == name) {
        return Ok((Some(name.to_owned()), rest.to_vec()));
    }
    let path = first == "-" || first.contains(['/', '.']) || Path::new(first).exists();
    if path {
        return Ok((None, what.to_vec()));
    }
    let known = importers.join(", ");
    let problem = Problem::new(
        "import.unknown",
        format!("there is no importer `{first}`, and no file of that name"),
    );
    Err(problem.help(format!(
        "The importers are {known}; `runwisp plugin add` brings others."
    )))
}

/// Reads the files; without any, what stands for them.
pub(super) fn read(
    importer: Option<&str>,
    files: &[String],
    base: Option<&Path>,
) -> Result<Sources, Problem> {
    let mut read = Sources::default();
    if files.is_empty() {
        if !io::stdin().is_terminal() {
            add_stdin(&mut read, base)?;
            return Ok(read);
        }
        for file in standing(importer)? {
            add_file(&mut read, &file)?;
        }
        return Ok(read);
    }
    for file in files {
        if file == "-" {
            add_stdin(&mut read, base)?;
        } else {
            add_file(&mut read, Path::new(file))?;
        }
    }
    Ok(read)
}

/// What a machine is configured with. An importer that knows its own places is given none.
fn standing(importer: Option<&str>) -> Result<Vec<PathBuf>, Problem> {
    match importer {
        Some("supervisord") => {
            let found = supervisord(&|path| path.is_file(), &|folder| list(folder));
            if found.is_empty() {
                let places = SUPERVISORD.join(", ");
                return Err(Problem::new(
                    "import.no-source",
                    "could not find a configuration of supervisord",
                )
                .help(format!("Name it, or pipe it in. Looked at were {places}.")));
            }
            Ok(found)
        }
        Some(_) => Ok(Vec::new()),
        None => Err(
            Problem::new("request.invalid", "there is nothing to import")
                .help("Name a file or an importer: `runwisp import supervisord`."),
        ),
    }
}

fn supervisord(
    is_file: &dyn Fn(&Path) -> bool,
    list: &dyn Fn(&Path) -> Vec<PathBuf>,
) -> Vec<PathBuf> {
    let main = SUPERVISORD
        .iter()
        .map(PathBuf::from)
        .find(|path| is_file(path));
    if let Some(main) = main {
        return vec![main];
    }
    let parts = SUPERVISORD_PARTS.iter().flat_map(|(folder, ending)| {
        let mut files = list(Path::new(folder));
        files.retain(|file| file.extension().is_some_and(|e| e == *ending));
        files
    });
    parts.collect()
}

/// The plain files of a folder, sorted; hidden ones are passed over.
fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."))
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
}

fn add_stdin(read: &mut Sources, base: Option<&Path>) -> Result<(), Problem> {
    let bytes = limited(io::stdin().lock(), "standard input")?;
    if bytes.is_empty() {
        return Err(
            Problem::new("import.no-source", "there is nothing on standard input")
                .help("Pipe a configuration in, or name a file."),
        );
    }
    let path = match base {
        None => None,
        Some(base) => {
            let folder = fs::canonicalize(base).map_err(|why| unreadable(base, &why))?;
            let path = text(&folder.join("-"))?;
            read.folders.push(folder);
            read.stdin_path = Some(path.clone());
            Some(path)
        }
    };
    read.sources.push(Source { path, bytes });
    Ok(())
}

/// Reads a file; of a folder, the files in it.
fn add_file(read: &mut Sources, file: &Path) -> Result<(), Problem> {
    let path = std::path::absolute(file).map_err(|why| unreadable(file, &why))?;
    if path.is_dir() {
        for file in list(&path) {
            add_file(read, &file)?;
        }
        return Ok(());
    }
    if read.sources.len() >= MOST {
        return Err(Problem::new(
            "import.unreadable",
            format!("there are more than {MOST} files"),
        ));
    }
    let opened = fs::File::open(&path).map_err(|why| unreadable(&path, &why))?;
    let bytes = limited(opened, &path.display().to_string())?;
    if let Some(folder) = path.parent() {
        read.folders.push(folder.to_owned());
        read.folders.extend(fs::canonicalize(folder));
    }
    read.sources.push(Source {
        path: Some(text(&path)?),
        bytes,
    });
    Ok(())
}

fn limited(from: impl Read, name: &str) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|why| unreadable(Path::new(name), &why))?;
    if bytes.len() as u64 > LARGEST {
        let mib = LARGEST >> 20;
        return Err(Problem::new(
            "import.unreadable",
            format!("could not read {name}: it is larger than {mib} MiB"),
        ));
    }
    Ok(bytes)
}

fn text(path: &Path) -> Result<String, Problem> {
    let path = path.to_str().map(str::to_owned);
    path.ok_or_else(|| Problem::new("import.unreadable", "a path is not UTF-8"))
}

fn unreadable(path: &Path, why: &io::Error) -> Problem {
    let code = if why.kind() == io::ErrorKind::NotFound {
        "import.no-source"
    } else {
        "import.unreadable"
    };
    Problem::new(code, format!("could not read {}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_may_be_an_importer() {
        let importers = ["supervisord".to_owned(), "crontab".to_owned()];
        let words = |all: &[&str]| all.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        let split = |all: &[&str]| {
            let (importer, files) = split(&words(all), &importers).map_err(|p| p.code)?;
            Ok::<_, String>((importer.unwrap_or_default(), files.join(" ")))
        };
        let pair = |a: &str, b: &str| Ok((a.to_owned(), b.to_owned()));
        assert_eq!(split(&[]), pair("", ""));
        assert_eq!(split(&["cron", "-"]), pair("crontab", "-"));
        assert_eq!(
            split(&["supervisord", "a", "b"]),
            pair("supervisord", "a b")
        );
        assert_eq!(split(&["/etc/crontab"]), pair("", "/etc/crontab"));
        assert_eq!(split(&["-"]), pair("", "-"));
        assert_eq!(split(&["supervisrd"]), Err("import.unknown".to_owned()));
    }

    #[test]
    fn supervisord_is_looked_for_where_it_looks_itself() {
        let find = |there: &[&str]| {
            let is = |path: &Path| there.iter().any(|file| Path::new(file) == path);
            let list = |folder: &Path| {
                let files = there.iter().map(PathBuf::from);
                files.filter(|file| file.parent() == Some(folder)).collect()
            };
            supervisord(&is, &list)
        };
        let etc = "/etc/supervisor/supervisord.conf";
        let part = "/etc/supervisor/conf.d/a.conf";
        assert_eq!(find(&[part, etc]), [PathBuf::from(etc)]);
        assert_eq!(
            find(&[etc, "supervisord.conf"]),
            [PathBuf::from("supervisord.conf")]
        );
        assert_eq!(
            find(&[part, "/etc/supervisor/conf.d/b.bak"]),
            [PathBuf::from(part)]
        );
        assert!(find(&[]).is_empty());
    }
}
