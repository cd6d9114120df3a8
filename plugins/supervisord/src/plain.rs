//! Which commands may be written as text: those that the host itself would split into the very same words, and
//! execute without a shell.
//!
//! The host decides by its own rule (`host/core/src/config/command.rs`); this is that rule, never more generous.
//!
//! Invariant: the host reads the words back from the text, whatever they are.
//!
//! Tests: `tests/plain.rs` asks the host.

/// The text to write for words, when there is one.
pub(crate) fn text(command: &str, words: &[String]) -> Option<String> {
    let written = command.trim_matches([' ', '\t', '\n']);
    let candidates = [written.to_owned(), words.join(" ")];
    candidates
        .into_iter()
        .find(|text| !text.contains(['\n', '\t']) && split(text).as_deref() == Some(words))
}

/// The words of a text that is one plain command.
fn split(text: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' => words.extend(word.take()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        end if end == c => break,
                        '\0' => return None,
                        '$' | '`' | '\\' | '!' if c == '"' => return None,
                        inside => word.push(inside),
                    }
                }
            }
            c if is_bare(c) => word.get_or_insert_default().push(c),
            _ => return None,
        }
    }
    words.extend(word);
    let first = words.first()?;
    let special = first.is_empty()
        || first.contains('=')
        || first.starts_with(['-', '+'])
        || (!first.contains('/') && is_shell_word(first));
    (!special).then_some(words)
}

/// Whether a shell reads a character as itself, anywhere in a word.
pub(crate) fn is_bare(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c)
}

/// Keywords and builtins of the shells: what they would not look for in `PATH`.
fn is_shell_word(name: &str) -> bool {
    SHELL_WORDS
        .split_ascii_whitespace()
        .any(|word| word == name)
}

const SHELL_WORDS: &str = "! . : [ [[ ]] { } alias autoload bg bind break builtin caller case cd chdir command \
    compgen complete compopt continue coproc declare dirs disown do done echo elif else enable esac eval exec exit \
    export false fc fg fi for function functions getopts hash help hist history if in integer jobs kill let local \
    logout mapfile nameref newgrp popd print printf pushd pwd read readarray readonly redirect return select set \
    shift shopt source stop suspend test then time times trap true type typeset ulimit umask unalias unset until \
    wait whence while";
