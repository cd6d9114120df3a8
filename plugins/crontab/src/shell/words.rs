//! Words and operators of a command.
//!
//! Tests are below.

/// A piece of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word, quotes removed; substitutions stand in it as they are.
    Word(String),
    /// `;`, `&&`, `|`, `(` and the like: what ends a simple command.
    End,
}

/// Splits a command. Redirections are left out.
pub(super) fn tokens(command: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut word: Option<String> = None;
    let mut redirected = false;
    let mut chars = command.chars().peekable();
    let finish = |word: &mut Option<String>, redirected: &mut bool, tokens: &mut Vec<Token>| {
        if let Some(word) = word.take()
            && !std::mem::take(redirected)
        {
            tokens.push(Token::Word(word));
        }
    };
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => finish(&mut word, &mut redirected, &mut tokens),
            '#' if word.is_none() => break,
            '\'' | '"' => quoted(c, &mut chars, word.get_or_insert_default()),
            '\\' => word.get_or_insert_default().extend(chars.next()),
            '$' if chars.peek() == Some(&'(') => {
                let word = word.get_or_insert_default();
                word.push('$');
                nested(&mut chars, word);
            }
            '`' => {
                let word = word.get_or_insert_default();
                word.push('`');
                word.extend(chars.by_ref().take_while(|c| *c != '`'));
                word.push('`');
            }
            '>' | '<' => {
                // A number in front names what is redirected.
                if word
                    .as_ref()
                    .is_some_and(|word| word.bytes().all(|b| b.is_ascii_digit()))
                {
                    word = None;
                }
                finish(&mut word, &mut redirected, &mut tokens);
                while chars
                    .next_if(|c| matches!(c, '>' | '<' | '&' | '|'))
                    .is_some()
                {}
                redirected = true;
            }
            '&' if chars.peek() == Some(&'>') => finish(&mut word, &mut redirected, &mut tokens),
            ';' | '&' | '|' | '(' | ')' | '\n' => {
                finish(&mut word, &mut redirected, &mut tokens);
                redirected = false;
                tokens.push(Token::End);
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    finish(&mut word, &mut redirected, &mut tokens);
    tokens
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn quoted(quote: char, chars: &mut Chars<'_>, word: &mut String) {
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return,
            '\\' if quote == '"' => word.extend(chars.next()),
            c => word.push(c),
        }
    }
}

/// `(…)` behind a dollar sign, with what is nested in it.
fn nested(chars: &mut Chars<'_>, word: &mut String) {
    let mut depth = 0;
    for c in chars.by_ref() {
        word.push(c);
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

/// Words before which a `;` ends nothing that could have failed unnoticed.
const CLOSING: [&str; 7] = ["then", "do", "else", "elif", "fi", "esac", "}"];

/// Whether something follows a command that may fail, so that it matters whether the shell stops there (`-e`) or, as
/// cron's does, goes on. In doubt it matters.
pub(crate) fn goes_on_after_failure(command: &str) -> bool {
    let mut quote = None;
    let mut substituted = false;
    let mut chars = command.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => {
                chars.next();
            }
            (None, '\'' | '"') => quote = Some(c),
            (_, '`') => substituted = true,
            (_, '$') if next == Some('(') => substituted = true,
            (None, '#') if before == ' ' => return false,
            (Some(_), _) if !substituted => {}
            (_, ';') if followed(&command[at + 1..]) => return true,
            (_, '&') if next == Some('&') => {
                chars.next();
            }
            (_, '&')
                if !matches!(before, '>' | '<')
                    && next != Some('>')
                    && followed(&command[at + 1..]) =>
            {
                return true;
            }
            _ => {}
        }
        before = c;
    }
    false
}

/// Whether a command follows, and not the end or a word that closes.
fn followed(rest: &str) -> bool {
    let word = rest.split_whitespace().next().unwrap_or_default();
    let word = word.split(';').next().unwrap_or_default();
    !word.is_empty() && !word.starts_with(['#', ')']) && !CLOSING.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(command: &str) -> String {
        let told = tokens(command).into_iter().map(|token| match token {
            Token::Word(word) => word,
            Token::End => "¦".to_owned(),
        });
        told.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_and_ends() {
        for (command, expected) in [
            ("a 'b c' \"d e\" f\\ g", "a b c d e f g"),
            ("a && b || c; d & e | f", "a ¦ ¦ b ¦ ¦ c ¦ d ¦ e ¦ f"),
            ("a > b 2>&1 >>c <d e &>f", "a e"),
            ("a 2>/dev/null; b", "a ¦ b"),
            ("(a; b) # c", "¦ a ¦ b ¦"),
            ("a $(date +%F) `b c` d", "a $(date +%F) `b c` d"),
            ("echo 'a", "echo a"),
            ("a\\", "a"),
            ("", ""),
        ] {
            assert_eq!(told(command), expected, "{command}");
        }
    }

    #[test]
    fn where_it_matters_that_cron_goes_on() {
        for command in [
            "a; b",
            "a & b",
            "for i in x; do a; b; done",
            "echo \"$(a; b)\"",
            "a; b;",
            "while x; do y; done; z",
        ] {
            assert!(goes_on_after_failure(command), "{command}");
        }
        for command in [
            "a",
            "a && b || c",
            "a;",
            "a &",
            "a > b 2>&1",
            "a &> b",
            "echo 'a; b'",
            "echo \"a; b\"",
            "find . -exec rm {} \\;",
            "if a; then b; fi",
            "test -x a || { cd / && b; }",
            "a # b; c",
            "a | b",
            "(a)",
            "a >&2",
        ] {
            assert!(!goes_on_after_failure(command), "{command}");
        }
    }
}
