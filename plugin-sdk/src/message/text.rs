//! Cutting text to a budget, at borders of characters.
//!
//! Invariant: what is cut says so with `…`, and never costs more than its budget.

/// Stands for what was cut.
const CUT: char = '…';

/// The beginning of a text, as much as fits; `cost` says what each character takes of the `limit`.
pub fn cut(text: &str, limit: usize, cost: impl Fn(char) -> usize) -> String {
    let whole: usize = text.chars().map(&cost).sum();
    if whole <= limit {
        return text.into();
    }
    let Some(mut left) = limit.checked_sub(cost(CUT)) else {
        return String::new();
    };
    let mut kept = String::new();
    for letter in text.chars() {
        let Some(rest) = left.checked_sub(cost(letter)) else {
            break;
        };
        left = rest;
        kept.push(letter);
    }
    kept.truncate(kept.trim_end().len());
    kept.push(CUT);
    kept
}

/// The end of a text, as much as fits.
pub fn cut_start(text: &str, limit: usize, cost: impl Fn(char) -> usize) -> String {
    let whole: usize = text.chars().map(&cost).sum();
    if whole <= limit {
        return text.into();
    }
    let Some(mut left) = limit.checked_sub(cost(CUT)) else {
        return String::new();
    };
    let mut from = text.len();
    for (at, letter) in text.char_indices().rev() {
        let Some(rest) = left.checked_sub(cost(letter)) else {
            break;
        };
        left = rest;
        from = at;
    }
    format!("{CUT}{}", text[from..].trim_start())
}

/// The last lines that fit, whole ones where there are any; empty lines at both ends left out.
pub(super) fn last_lines(
    lines: &[String],
    limit: usize,
    cost: impl Fn(char) -> usize + Copy,
) -> Option<String> {
    let end = lines.iter().rposition(|line| !line.trim().is_empty())?;
    let lines = &lines[..=end];
    let price = |line: &String| line.chars().map(cost).sum::<usize>();
    let mut from = lines.len();
    let mut spent = 0;
    for (at, line) in lines.iter().enumerate().rev() {
        let between = if from == lines.len() { 0 } else { cost('\n') };
        spent += price(line) + between;
        if spent > limit {
            break;
        }
        from = at;
    }
    if from == lines.len() {
        let last = cut_start(&lines[end], limit, cost);
        return (!last.is_empty()).then_some(last);
    }
    let kept = lines[from..]
        .iter()
        .skip_while(|line| line.trim().is_empty());
    Some(kept.map(String::as_str).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What HTML makes of a character.
    fn html(letter: char) -> usize {
        match letter {
            '&' => 5,
            '<' | '>' => 4,
            _ => 1,
        }
    }

    fn price(text: &str) -> usize {
        text.chars().map(html).sum()
    }

    proptest! {
        #[test]
        fn a_cut_text_fits_and_is_part_of_the_whole(text in "[a-z<&é🟢 \n]{0,60}", limit in 0usize..80) {
            let kept = cut(&text, limit, html);
            prop_assert!(price(&kept) <= limit);
            prop_assert!(text.starts_with(kept.trim_end_matches(CUT)));
            let kept = cut_start(&text, limit, html);
            prop_assert!(price(&kept) <= limit);
            prop_assert!(text.ends_with(kept.trim_start_matches(CUT)));
            if price(&text) <= limit {
                prop_assert_eq!(cut(&text, limit, html), text);
            }
        }

        #[test]
        fn last_lines_fit_and_end_with_the_last(lines in proptest::collection::vec("[a-z<& ]{0,12}", 0..8), limit in 0usize..60) {
            if let Some(kept) = last_lines(&lines, limit, html) {
                prop_assert!(price(&kept) <= limit);
                let last = lines.iter().rfind(|line| !line.trim().is_empty()).unwrap();
                prop_assert!(last.ends_with(kept.lines().last().unwrap().trim_start_matches('…')));
            } else {
                prop_assert!(limit < 2 || lines.iter().all(|line| line.trim().is_empty()) || limit < 6);
            }
        }
    }

    #[test]
    fn whole_lines_are_kept_and_one_that_is_too_long_loses_its_beginning() {
        let lines: Vec<String> = ["one", "two", "three", ""].map(String::from).to_vec();
        let kept = |limit| last_lines(&lines, limit, |_| 1);
        assert_eq!(kept(13).as_deref(), Some("one\ntwo\nthree"));
        assert_eq!(kept(12).as_deref(), Some("two\nthree"));
        assert_eq!(kept(5).as_deref(), Some("three"));
        assert_eq!(kept(4).as_deref(), Some("…ree"));
        assert_eq!(kept(0), None);
    }
}
