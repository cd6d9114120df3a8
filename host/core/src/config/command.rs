//! From `run` to a program and its arguments.
//!
//! A text is a shell's business, unless it is so plain that the shell would do nothing but split it at blanks, drop
//! quotes and execute the result; then that is done here and one process less is started.
//!
//! Invariant: [`plain`] answers only when `/bin/sh -e -c` would execute the very same words. In doubt it does not.
//!
//! Tests: below; one of them asks a real shell.

/// What executes a `run` that is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// A plain `sh`: reads no start-up files, knows only what POSIX asks for.
    Plain,
    /// Of the Bourne family: knows `-e`.
    Bourne,
    /// Anything else.
    Other,
}

/// What kind of shell a path names.
pub(super) fn family(shell: &str) -> Family {
    match shell.rsplit('/').next().unwrap_or_default() {
        "sh" | "dash" | "ash" => Family::Plain,
        "bash" | "ksh" | "ksh93" | "mksh" | "zsh" | "yash" | "oksh" | "posh" => Family::Bourne,
        _ => Family::Other,
    }
}

/// Program and arguments for a text.
pub(super) fn from_text(run: &str, shell: &str) -> Vec<String> {
    let family = family(shell);
    if family == Family::Plain
        && let Some(words) = plain(run)
    {
        return words;
    }
    // A script that begins with a sign would be taken for options of the shell; a leading blank means nothing to it.
    let script = if run.starts_with(['-', '+']) {
        format!(" {run}")
    } else {
        run.to_owned()
    };
    let mut argv = vec![shell.to_owned()];
    if family != Family::Other {
        argv.push("-e".to_owned());
    }
    argv.extend(["-c".to_owned(), script]);
    argv
}

/// The words of a text that is one plain command, else none.
pub(super) fn plain(run: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = run.trim_matches(|c| matches!(c, ' ' | '\t' | '\n')).chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        '\0' => return None,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '$' | '`' | '\\' | '!' | '\0' => return None,
                        c => word.push(c),
                    }
                }
            }
            c if c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c) => {
                word.get_or_insert_default().push(c);
            }
            _ => return None,
        }
    }
    words.extend(word);
    let first = words.first()?;
    // `name=value` in front is an assignment; a name with a slash is never a keyword or builtin.
    let special = first.is_empty()
        || first.contains('=')
        || first.starts_with(['-', '+'])
        || (!first.contains('/') && SHELL_WORDS.contains(&first.as_str()));
    (!special).then_some(words)
}

/// Keywords and builtins of dash, bash, ksh and busybox: what a shell would not look for in `PATH`.
const SHELL_WORDS: &[&str] = &[
    "!",
    ".",
    ":",
    "[",
    "[[",
    "]]",
    "{",
    "}",
    "alias",
    "autoload",
    "bg",
    "bind",
    "break",
    "builtin",
    "caller",
    "case",
    "cd",
    "chdir",
    "command",
    "compgen",
    "complete",
    "compopt",
    "continue",
    "coproc",
    "declare",
    "dirs",
    "disown",
    "do",
    "done",
    "echo",
    "elif",
    "else",
    "enable",
    "esac",
    "eval",
    "exec",
    "exit",
    "export",
    "false",
    "fc",
    "fg",
    "fi",
    "for",
    "function",
    "functions",
    "getopts",
    "hash",
    "help",
    "hist",
    "history",
    "if",
    "in",
    "integer",
    "jobs",
    "kill",
    "let",
    "local",
    "logout",
    "mapfile",
    "nameref",
    "newgrp",
    "popd",
    "print",
    "printf",
    "pushd",
    "pwd",
    "read",
    "readarray",
    "readonly",
    "redirect",
    "return",
    "select",
    "set",
    "shift",
    "shopt",
    "source",
    "stop",
    "suspend",
    "test",
    "then",
    "time",
    "times",
    "trap",
    "true",
    "type",
    "typeset",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "until",
    "wait",
    "whence",
    "while",
];

/// A list of words as one line that a shell would read back as these words, for people.
pub(super) fn shown(argv: &[String]) -> String {
    let mut line = String::new();
    for word in argv {
        if !line.is_empty() {
            line.push(' ');
        }
        let bare = !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c));
        if bare {
            line.push_str(word);
        } else {
            line.push('\'');
            line.push_str(&word.replace('\'', r"'\''"));
            line.push('\'');
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::process::Command;

    fn check(run: &str, words: &[&str]) {
        let expected: Vec<String> = words.iter().map(ToString::to_string).collect();
        assert_eq!(plain(run).as_ref(), Some(&expected), "{run:?}");
    }

    #[test]
    fn one_plain_command_is_split() {
        check("server", &["server"]);
        check(
            "  ./server --port 80\t-v \n",
            &["./server", "--port", "80", "-v"],
        );
        check(
            "\n/usr/bin/env A=b python3 -u app.py\n",
            &["/usr/bin/env", "A=b", "python3", "-u", "app.py"],
        );
        check(
            r#"say "two words" 'and $HOME' x"y"z ''"#,
            &["say", "two words", "and $HOME", "xyz", ""],
        );
        check(
            "rsync -a a@b:/x,y 100%",
            &["rsync", "-a", "a@b:/x,y", "100%"],
        );
        check("'/opt/my app/bin' x", &["/opt/my app/bin", "x"]);
        check("/bin/echo hi", &["/bin/echo", "hi"]);
        check(
            "psql -c \"select 1;\nselect 2\"",
            &["psql", "-c", "select 1;\nselect 2"],
        );
        check("grep 'ä*' file", &["grep", "ä*", "file"]);
    }

    #[test]
    fn everything_else_is_the_shells() {
        for run in [
            "",
            " \n",
            "a | b",
            "a; b",
            "a && b",
            "a & ",
            "a\nb",
            "a > f",
            "a < f",
            "a $X",
            "a `b`",
            "a \\b",
            "a *.c",
            "a ?",
            "a [x]",
            "a ~",
            "a ~/x",
            "a {b,c}",
            "a #b",
            "a !b",
            "(a)",
            "X=1 a",
            "X+=1 a",
            "\"X\"=1 a",
            "echo hi",
            "cd /x",
            "exec a",
            "[ -f x ]",
            "test -f x",
            "true",
            ":",
            "if",
            "time a",
            "'echo' hi",
            "\"\" a",
            "''",
            "-x",
            "a 'open",
            "a \"open",
            "a \"$X\"",
            "a \"`b`\"",
            "a \"x\\n\"",
            "a\r\n",
            "a\u{a0}b",
            "é",
            "a\0b",
            "a ^ b",
            "a\u{b}b",
            "a \"!x\"",
        ] {
            assert_eq!(plain(run), None, "{run:?}");
        }
    }

    #[test]
    fn a_shell_gets_its_options() {
        let argv = |run: &str, shell: &str| from_text(run, shell).join(" ");
        assert_eq!(argv("a | b", "/bin/sh"), "/bin/sh -e -c a | b");
        assert_eq!(argv("a b", "/bin/sh"), "a b");
        assert_eq!(argv("a b", "/bin/bash"), "/bin/bash -e -c a b");
        assert_eq!(argv("a b", "/usr/bin/python3"), "/usr/bin/python3 -c a b");
        assert_eq!(argv("-x", "/bin/sh"), "/bin/sh -e -c  -x");
    }

    #[test]
    fn shown_words_read_back() {
        let words = ["a", "b c", "it's", "", "$X"].map(str::to_owned);
        assert_eq!(shown(&words), r"a 'b c' 'it'\''s' '' '$X'");
    }

    /// What `/bin/sh` makes of the arguments of a command, each ended by NUL.
    fn shell_words(run: &str) -> Option<Vec<String>> {
        let out = Command::new("/bin/sh")
            .args(["-e", "-c", &format!("/usr/bin/printf '%s\\0' {run}")])
            .current_dir("/")
            .output()
            .ok()?;
        let text = String::from_utf8(out.stdout).ok()?;
        let mut words: Vec<String> = text.split('\0').map(str::to_owned).collect();
        words.pop();
        out.status.success().then_some(words)
    }

    /// No name that the shells of this machine keep for themselves is taken for a program.
    #[test]
    fn whatever_a_shell_knows_itself_is_left_to_it() {
        let all = "cd /usr/bin && type * ! . : '{' '}' if then else elif fi do done case esac while until for 2>&1";
        let mut kept = 0;
        for shell in ["/bin/sh", "/bin/dash", "/bin/bash"] {
            let Ok(out) = Command::new(shell).args(["-c", all]).output() else {
                continue;
            };
            for line in String::from_utf8_lossy(&out.stdout).lines() {
                let own = line.contains("builtin")
                    || line.contains("keyword")
                    || line.contains("reserved");
                if let (true, Some(name)) = (own, line.split(' ').next()) {
                    assert_eq!(plain(&format!("{name} x")), None, "{line}");
                    kept += 1;
                }
            }
        }
        assert!(kept > 20, "the shell was not asked: {kept}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
        /// Whatever is taken for plain comes out of a real shell as the same words.
        #[test]
        fn never_means_anything_else_than_the_shell(tail in "(|[ -~\t]{0,3})([a-z0-9_@%+=:,./ \t-]|'[^'\0]{0,6}'|\"[ -~]{0,6}\"){0,8}") {
            // A leading word of its own, so that whatever follows is an argument.
            if let Some(words) = plain(&format!("x/y {tail}")) && words[0] == "x/y" && words.len() > 1 {
                prop_assert_eq!(shell_words(&tail), Some(words[1..].to_vec()), "{:?}", tail);
            }
        }
    }
}
