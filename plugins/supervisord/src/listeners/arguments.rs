//! The command line of a listener, taken apart as its own parser does.
//!
//! Tests: through `super::known`.

/// Options and what is left.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    options: Vec<(String, Option<String>)>,
    pub(super) rest: Vec<String>,
}

/// Takes words apart. `valued` are the options that take a value, as short and long names in pairs.
pub(super) fn parse(
    words: &[String],
    valued: &[(&str, &str)],
    flags: &[(&str, &str)],
) -> Arguments {
    let mut found = Arguments::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--" {
            found.rest.extend(words.by_ref().cloned());
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            let known = valued.iter().find(|(_, long)| *long == name);
            let value = value.or_else(|| known.and_then(|_| words.next().cloned()));
            found.options.push((name.to_owned(), value));
        } else if word.len() > 1 && word.starts_with('-') {
            short(&mut found, &word[1..], valued, flags, &mut words);
        } else {
            found.rest.push(word.clone());
        }
    }
    found
}

fn short(
    found: &mut Arguments,
    letters: &str,
    valued: &[(&str, &str)],
    flags: &[(&str, &str)],
    words: &mut std::slice::Iter<'_, String>,
) {
    let mut letters = letters;
    while let Some(letter) = letters.chars().next() {
        let (name, after) = letters.split_at(letter.len_utf8());
        letters = after;
        if let Some((_, long)) = valued.iter().find(|(short, _)| *short == name) {
            let value = match std::mem::take(&mut letters) {
                "" => words.next().cloned(),
                attached => Some(attached.to_owned()),
            };
            found.options.push(((*long).to_owned(), value));
        } else {
            let long = flags.iter().find(|(short, _)| *short == name);
            let long = long.map_or(name, |(_, long)| *long);
            found.options.push((long.to_owned(), None));
        }
    }
}

impl Arguments {
    /// The values of an option, in order.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let given = self.options.iter().filter(|(known, _)| known == name);
        given.filter_map(|(_, value)| value.clone()).collect()
    }

    /// The last value of an option.
    pub(super) fn last(&self, name: &str) -> Option<String> {
        self.all(name).pop()
    }

    /// Whether an option is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(known, _)| known == name)
    }
}
