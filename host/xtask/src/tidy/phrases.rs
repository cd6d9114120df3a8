//! Phrases that have no place in the repository, and where the few exceptions are.

use super::none;
use super::sources::{self, Source};

struct Banned {
    phrase: &'static str,
    /// Files, or folders, where it may stand.
    except: &'static [&'static str],
    why: &'static str,
}

/// The only place that prints, and the build script, whose output cargo reads.
const PRINTERS: &[&str] = &["host/runwisp/src/cli/output.rs", "host/runwisp/build.rs"];

const BANNED: [Banned; 10] = [
    Banned {
        phrase: "todo!(",
        except: &[],
        why: "what is not built is left out",
    },
    Banned {
        phrase: "unimplemented!(",
        except: &[],
        why: "what is not built is left out",
    },
    Banned {
        phrase: "dbg!(",
        except: &[],
        why: "left over from a search for a fault",
    },
    Banned {
        phrase: "println!(",
        except: PRINTERS,
        why: "output goes through cli/output.rs",
    },
    Banned {
        phrase: "print!(",
        except: PRINTERS,
        why: "output goes through cli/output.rs",
    },
    Banned {
        phrase: "eprintln!(",
        except: PRINTERS,
        why: "output goes through cli/output.rs",
    },
    Banned {
        phrase: "eprint!(",
        except: PRINTERS,
        why: "output goes through cli/output.rs",
    },
    Banned {
        phrase: "#[allow(",
        except: &[],
        why: "`#[expect(…, reason = …)]` goes away with its cause",
    },
    Banned {
        phrase: "#![allow(",
        except: &[],
        why: "`#![expect(…, reason = …)]` goes away with its cause",
    },
    Banned {
        phrase: "#[ignore",
        except: &[],
        why: "a test that is not run guards nothing",
    },
];

fn findings(file: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let comment = |line: &str| line.trim_start().starts_with("//");
    for (n, line) in file.lines() {
        for banned in &BANNED {
            let excepted = banned
                .except
                .iter()
                .any(|place| file.path.starts_with(place));
            if !excepted && !comment(line) && holds_word(line, banned.phrase) {
                found.push(format!(
                    "{}:{n}: {}: {}",
                    file.path, banned.phrase, banned.why
                ));
            }
        }
    }
    found
}

/// Whether the phrase begins a word of the line: `println!(` is not `print!(`, nor `eprintln!(` `println!(`.
fn holds_word(line: &str, phrase: &str) -> bool {
    line.match_indices(phrase).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

fn trailing_space(file: &Source) -> Vec<String> {
    let spaced = file
        .lines()
        .filter(|(_, line)| line.ends_with([' ', '\t', '\r']));
    let mut found: Vec<String> = spaced
        .map(|(n, _)| format!("{}:{n}: ends with blank space", file.path))
        .collect();
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        found.push(format!("{}: its last line has no end", file.path));
    }
    found
}

#[test]
fn no_banned_phrase_is_used() {
    let files = sources::all(&[".rs"]);
    let others = files
        .iter()
        .filter(|file| !file.path.ends_with("tidy/phrases.rs"));
    none(others.flat_map(findings).collect());
}

#[test]
fn no_line_ends_with_blank_space() {
    let files = sources::all(&[".rs", ".md", ".toml", ".sh", ".yml", ".sql"]);
    none(files.iter().flat_map(trailing_space).collect());
}

#[test]
fn banned_phrases_and_blank_ends_are_found() {
    let bad = Source::new(
        "a.rs",
        "fn a() {\n    println!(\"x\");\n    // println!( in a comment\n}\n",
    );
    assert_eq!(findings(&bad).len(), 1);
    let printer = Source::new("host/runwisp/src/cli/output.rs", "println!(\"x\");\n");
    assert_eq!(findings(&printer), Vec::<String>::new());
    assert_eq!(trailing_space(&Source::new("a.md", "a \nb\nc")).len(), 2);
}
