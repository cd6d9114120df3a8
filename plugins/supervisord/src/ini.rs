//! One file into the [`Document`], with the rules of the reader that supervisord uses (Python's RawConfigParser, not
//! strict, with `;` and `#` as inline comments).
//!
//! Invariant: whatever the text, this ends and does not panic; what is odd about the text is remarked, once.
//!
//! Tests: below; the differential test compares with the reader itself.

use crate::codes;
use crate::document::{At, Document, Remark, Section};
use crate::keys::PROGRAM;
use crate::scope::key_shown;
use crate::text::{is_space, strip};

/// The section that the lines belong to.
#[derive(Clone, Copy, PartialEq)]
enum Current {
    None,
    Defaults,
    Section(usize),
}

struct Reader<'a> {
    document: &'a mut Document,
    file: usize,
    line: u32,
    current: Current,
    /// The entry that a continuation would go on.
    entry: Option<usize>,
    indent: usize,
    errors: Vec<Remark>,
}

/// Reads the text of the file `file` of the document. The errors are those for which the reader refuses it.
pub(crate) fn read(document: &mut Document, file: usize, text: &str) -> Vec<Remark> {
    let text = match text.strip_prefix('\u{feff}') {
        Some(text) => {
            document.remarks.push(Remark {
                code: &codes::BOM,
                message: "the file begins with a byte order mark, for which supervisord refuses it; it is left out".to_owned(),
                at: At { file, line: 1 },
            });
            text
        }
        None => text,
    };
    let mut reader = Reader {
        document,
        file,
        line: 0,
        current: Current::None,
        entry: None,
        indent: 0,
        errors: Vec::new(),
    };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = text.split('\n').peekable();
    while let Some(line) = lines.next() {
        // What `split` finds behind the last line break is no line.
        if line.is_empty() && lines.peek().is_none() {
            break;
        }
        reader.line = reader.line.saturating_add(1);
        reader.take(line);
    }
    reader.close();
    reader.errors
}

impl Reader<'_> {
    fn at(&self) -> At {
        At {
            file: self.file,
            line: self.line,
        }
    }

    fn section(&mut self) -> Option<&mut Section> {
        match self.current {
            Current::None => None,
            Current::Defaults => Some(&mut self.document.defaults),
            Current::Section(place) => self.document.sections.get_mut(place),
        }
    }

    fn take(&mut self, line: &str) {
        let cut = if strip(line).starts_with([';', '#']) {
            Some(0)
        } else {
            comment(line)
        };
        let value = strip(&line[..cut.unwrap_or(line.len())]);
        if value.is_empty() {
            if cut.is_none() {
                self.go_on("");
            }
            return;
        }
        let indent = line.chars().take_while(|c| is_space(*c)).count();
        if self.entry.is_some() && indent > self.indent {
            self.go_on(value);
            self.look_like_key(value);
        } else {
            self.indent = indent;
            match header(value) {
                Some((name, rest)) => self.header(name, rest),
                None => self.key(value),
            }
        }
        if let Some(cut) = cut {
            self.was_cut(value, &line[cut..]);
        }
    }

    /// One more line of the value.
    fn go_on(&mut self, more: &str) {
        let Some(entry) = self.entry else { return };
        if let Some(entry) = self.section().and_then(|s| s.entries.get_mut(entry)) {
            entry.value.push('\n');
            entry.value.push_str(more);
        }
    }

    /// The value is complete.
    fn close(&mut self) {
        let Some(entry) = self.entry.take() else {
            return;
        };
        if let Some(entry) = self.section().and_then(|s| s.entries.get_mut(entry)) {
            let length = entry.value.trim_end_matches(is_space).len();
            entry.value.truncate(length);
        }
    }

    fn header(&mut self, name: &str, rest: &str) {
        self.close();
        let at = self.at();
        if name == "DEFAULT" && self.document.section(name).is_none() {
            if self.document.defaults.name.is_empty() {
                self.document.defaults.name = name.to_owned();
                self.document.defaults.at = at;
            }
            self.current = Current::Defaults;
        } else {
            let (place, again) = self.document.open(name, at);
            self.current = Current::Section(place);
            let nested = name == "include" && self.file > 0;
            if let Some(section) = self.section().filter(|_| again) {
                let first = section.at;
                let here = if first.file == at.file {
                    format!("in line {}", first.line)
                } else {
                    "in another file".to_owned()
                };
                let message = format!(
                    "the section stands {here} already; the two are merged, and the later value of a key wins"
                );
                section.remark(&codes::DUP_SECTION_MERGED, at, message);
            }
            if let Some(section) = self.section().filter(|_| nested) {
                section.remark(
                    &codes::INCLUDE_NESTED_IGNORED,
                    at,
                    "supervisord ignores an `[include]` in an included file",
                );
            }
        }
        if let Some(section) = self.section().filter(|_| !strip(rest).is_empty()) {
            section.remark(
                &codes::HEADER_TRAILING_TEXT,
                at,
                "what follows the `]` of the header is ignored",
            );
        }
    }

    fn key(&mut self, line: &str) {
        let at = self.at();
        if self.current == Current::None {
            let message =
                "a line stands before the first section, for which supervisord refuses the file";
            self.error(&codes::NO_SECTION, message);
            return;
        }
        let Some((name, value)) = line.split_once(['=', ':']) else {
            let message = "a line that is neither section, `key=value` nor indented, for which supervisord refuses the file; indent it when it goes on with the value above";
            self.error(&codes::STRAY_LINE, message);
            return;
        };
        let name = name.trim_end_matches(is_space).to_lowercase();
        if name.is_empty() {
            let message =
                "a line without a key in front of its `=`, for which supervisord refuses the file";
            self.error(&codes::STRAY_LINE, message);
            return;
        }
        self.close();
        let Some(section) = self.section() else {
            return;
        };
        if name.starts_with('[') {
            let message = format!(
                "a header without `]` is read as the key `{}`, so the keys below it overwrite those of the section above",
                key_shown(&name)
            );
            section.remark(&codes::MISSING_BRACKET, at, message);
        }
        let (entry, before) = section.set(name.clone(), strip(value).to_owned(), at);
        if let Some(before) = before.filter(|before| before.file == at.file) {
            let message = format!(
                "`{}` stands in line {} already; the later value wins",
                key_shown(&name),
                before.line
            );
            section.remark(&codes::DUP_KEY, at, message);
        }
        self.entry = Some(entry);
    }

    fn error(&mut self, code: &'static codes::Code, message: &str) {
        // One is enough where there is no section at all.
        if std::ptr::eq(code, &codes::NO_SECTION) && !self.errors.is_empty() {
            return;
        }
        if self.errors.len() < 100 {
            let message = message.to_owned();
            let at = self.at();
            self.errors.push(Remark { code, message, at });
        }
    }

    /// A continuation that begins like a key was probably meant as one.
    fn look_like_key(&mut self, value: &str) {
        let at = self.at();
        let Some((name, _)) = value.split_once(['=', ':']) else {
            return;
        };
        let name = strip(name).to_owned();
        let Some(entry) = self.entry else { return };
        let Some(section) = self.section() else {
            return;
        };
        let Some(above) = section.entries.get(entry) else {
            return;
        };
        // In a list of variables, only one that a comma did not announce is odd.
        let before = above.value[..above.value.len() - value.len()].trim_end();
        let expected = above.name == "environment" && before.ends_with([',', '=']);
        if PROGRAM.has(&name) && !expected {
            let message = format!(
                "the line looks like the key `{name}`, but is indented and so belongs to `{}`",
                key_shown(&above.name)
            );
            section.remark(&codes::CONTINUATION_SWALLOWED_KEY, at, message);
        }
    }

    /// A comment that may have been meant as part of the value.
    fn was_cut(&mut self, kept: &str, lost: &str) {
        let at = self.at();
        let Some(entry) = self.entry else { return };
        let Some(section) = self.section() else {
            return;
        };
        let Some(above) = section.entries.get(entry) else {
            return;
        };
        let open = ['"', '\'']
            .iter()
            .any(|quote| kept.matches(*quote).count() % 2 == 1);
        let after = strip(lost.trim_start_matches([';', '#']));
        let code =
            after.starts_with(['/', '$', '-']) || after.contains("&&") || after.contains(" -");
        if open || (code && matches!(&*above.name, "command" | "environment")) {
            let message = format!(
                "`{}` is cut at a comment sign behind a blank; quotes do not protect it",
                key_shown(&above.name)
            );
            section.remark(&codes::INLINE_COMMENT_CUT, at, message);
        }
    }
}

/// A section's name, and what follows its header.
fn header(value: &str) -> Option<(&str, &str)> {
    let inside = value.strip_prefix('[')?;
    let end = inside.rfind(']').filter(|end| *end > 0)?;
    Some((&inside[..end], &inside[end + 1..]))
}

/// Where a comment begins: at the first `;` or `#` behind a blank. Both signs are looked for in step, the n-th of each
/// together, which decides when several qualify.
fn comment(line: &str) -> Option<usize> {
    let places = |sign: char| line.match_indices(sign).map(|(at, _)| at);
    let (mut semicolons, mut hashes) = (places(';'), places('#'));
    loop {
        let round = [semicolons.next(), hashes.next()];
        if round == [None, None] {
            return None;
        }
        let found = round
            .into_iter()
            .flatten()
            .filter(|at| line[..*at].chars().next_back().is_none_or(is_space));
        if let Some(at) = found.min() {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Document, Vec<&'static str>) {
        let mut document = Document::default();
        let errors = read(&mut document, 0, text);
        let errors = errors.iter().map(|error| error.code.name).collect();
        (document, errors)
    }

    /// The entries of all sections, and the codes of what was remarked.
    fn check(text: &str, entries: &[(&str, &str, &str)], codes: &[&str]) {
        let (document, errors) = parse(text);
        assert_eq!(errors, [""; 0], "{text:?}");
        let all = std::iter::once(&document.defaults).chain(&document.sections);
        let mut found = Vec::new();
        let mut remarks: Vec<&str> = document.remarks.iter().map(|r| r.code.name).collect();
        for section in all {
            remarks.extend(section.remarks.iter().map(|r| r.code.name));
            for entry in &section.entries {
                found.push((&*section.name, &*entry.name, &*entry.value));
            }
        }
        assert_eq!(found, entries, "{text:?}");
        assert_eq!(remarks, codes, "{text:?}");
    }

    #[test]
    fn keys_and_values() {
        check(
            "[a]\nx=1\ny : 2\nZ =3=4\n",
            &[("a", "x", "1"), ("a", "y", "2"), ("a", "z", "3=4")],
            &[],
        );
        check("[a]\r\nx=1\r\n", &[("a", "x", "1")], &[]);
        check(
            "[a]\n  x=1\n  y=2",
            &[("a", "x", "1"), ("a", "y", "2")],
            &[],
        );
        check("[a]\nx=", &[("a", "x", "")], &[]);
        check("\u{feff}[a]\nx=1", &[("a", "x", "1")], &["bom"]);
    }

    #[test]
    fn comments_are_cut_where_they_are_cut_there() {
        check(
            "; c\n# c\n  ; c\n[a] ; c\nx=1 ; c\ny=2 # c\n",
            &[("a", "x", "1"), ("a", "y", "2")],
            &[],
        );
        check(
            "[a]\nx=a;b#c\ny=--color=#fff",
            &[("a", "x", "a;b#c"), ("a", "y", "--color=#fff")],
            &[],
        );
        check("[a]\nx= ;y", &[("a", "x", "")], &[]);
        check(
            "[a]\nx=\"p ;q\"",
            &[("a", "x", "\"p")],
            &["inline-comment-cut"],
        );
        check(
            "[a]\ncommand=a ; /b",
            &[("a", "command", "a")],
            &["inline-comment-cut"],
        );
        // The first of each sign is looked at together, so this `#` wins over the earlier `;`.
        check("[a]\nx=1;2 ;3 #4", &[("a", "x", "1;2 ;3")], &[]);
    }

    #[test]
    fn values_go_on_where_they_are_indented_deeper() {
        check("[a]\nx=1\n  2\n\n  3\n", &[("a", "x", "1\n2\n\n3")], &[]);
        check(
            "[a]\nx=1\n  ; c\n  2\ny=3",
            &[("a", "x", "1\n2"), ("a", "y", "3")],
            &[],
        );
        check(
            "[a]\n  x=1\n    2\n  y=3",
            &[("a", "x", "1\n2"), ("a", "y", "3")],
            &[],
        );
        check(
            "[a]\nx=1\n\n\n[b]\ny=2",
            &[("a", "x", "1"), ("b", "y", "2")],
            &[],
        );
        check("[a]\nx=1\n  [b]", &[("a", "x", "1\n[b]")], &[]);
        check(
            "[a]\nx=1\n  user=me",
            &[("a", "x", "1\nuser=me")],
            &["continuation-swallowed-key"],
        );
        check(
            "[a]\nenvironment=A=1,\n  user=me",
            &[("a", "environment", "A=1,\nuser=me")],
            &[],
        );
        check(
            "[a]\nenvironment=A=1\n  user=me",
            &[("a", "environment", "A=1\nuser=me")],
            &["continuation-swallowed-key"],
        );
    }

    #[test]
    fn headers_are_taken_as_they_come() {
        check("[a] b\nx=1", &[("a", "x", "1")], &["header-trailing-text"]);
        check("[a]b]\nx=1", &[("a]b", "x", "1")], &[]);
        check(
            "[a]\nx=1\n[program:b\ny=2",
            &[("a", "x", "1"), ("a", "[program", "b"), ("a", "y", "2")],
            &["missing-bracket"],
        );
        check(
            "[a]\nx=1\n[b]\n[a]\nx=2",
            &[("a", "x", "2")],
            &["dup-section-merged", "dup-key"],
        );
        check(
            "[DEFAULT]\nx=1\n[a]\ny=2",
            &[("DEFAULT", "x", "1"), ("a", "y", "2")],
            &[],
        );
    }

    #[test]
    fn what_the_reader_refuses_is_an_error() {
        assert_eq!(parse("x=1\ny=2").1, ["no-section"]);
        assert_eq!(parse("[]\n").1, ["no-section"]);
        assert_eq!(
            parse("[a]\nfoo\n=x\nbar").1,
            ["stray-line", "stray-line", "stray-line"]
        );
    }
}
