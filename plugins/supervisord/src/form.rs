//! How `%(…)02d` and its kin write a number, as Python does.
//!
//! Tests: below; the differential test compares with Python itself.

/// The longest width or precision that is taken: no number needs more, and memory is not ours to waste.
pub(crate) const WIDEST: usize = 4096;

/// What stands between `)` and the letter, and the letter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Form {
    pub(crate) minus: bool,
    pub(crate) plus: bool,
    pub(crate) space: bool,
    pub(crate) alternate: bool,
    pub(crate) zero: bool,
    pub(crate) width: usize,
    pub(crate) precision: Option<usize>,
    pub(crate) letter: char,
}

impl Form {
    /// The number, written so; none for a letter that does not write whole numbers.
    pub(crate) fn number(&self, number: i64) -> Option<String> {
        let size = number.unsigned_abs();
        let (prefix, digits) = match self.letter {
            'd' | 'i' | 'u' => ("", size.to_string()),
            's' | 'r' | 'a' => return Some(self.text(&number.to_string())),
            'x' => ("0x", format!("{size:x}")),
            'X' => ("0X", format!("{size:X}")),
            'o' => ("0o", format!("{size:o}")),
            'c' => {
                let c = u32::try_from(number).ok().and_then(char::from_u32)?;
                return Some(self.pad(&c.to_string()));
            }
            _ => return None,
        };
        let digits = format!("{digits:0>width$}", width = self.precision.unwrap_or(0));
        let prefix = if self.alternate { prefix } else { "" };
        let sign = match (number < 0, self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (.., true) => " ",
            _ => "",
        };
        let head = format!("{sign}{prefix}");
        if self.zero && !self.minus {
            let room = self.width.saturating_sub(head.len());
            return Some(format!("{head}{digits:0>room$}"));
        }
        Some(self.pad(&format!("{head}{digits}")))
    }

    /// A text, cut and padded.
    pub(crate) fn text(&self, text: &str) -> String {
        match self.precision {
            Some(most) => self.pad(&text.chars().take(most).collect::<String>()),
            None => self.pad(text),
        }
    }

    fn pad(&self, text: &str) -> String {
        let width = self.width;
        if self.minus {
            format!("{text:<width$}")
        } else {
            format!("{text:>width$}")
        }
    }

    /// Whether it changes nothing about a text.
    pub(crate) fn is_bare(&self) -> bool {
        self.width <= 1 && self.precision.is_none()
    }

    /// Whether what it writes may hold a blank, a quote or whatever else takes part in splitting a text.
    pub(crate) fn may_split(&self) -> bool {
        let padded = self.width > 1 && (!self.zero || self.minus);
        padded || self.space || self.letter == 'c'
    }

    /// What printf(1) is told to write numbers from `first` on in the same way; none where it can't.
    pub(crate) fn printf(&self, first: i64) -> Option<String> {
        let odd = self.may_split() || self.alternate || (self.zero && self.precision.is_some());
        let zero = if self.zero && self.width > 1 {
            format!("0{}", self.width)
        } else {
            String::new()
        };
        let precision = self.precision.map(|n| format!(".{n}")).unwrap_or_default();
        let plus = if self.plus { "+" } else { "" };
        match self.letter {
            _ if odd => None,
            'd' | 'i' | 'u' => Some(format!("%{plus}{zero}{precision}d")),
            's' | 'r' | 'a' if self.width <= 1 && self.precision.is_none() => Some("%d".to_owned()),
            'x' | 'X' | 'o' if first >= 0 && !self.plus => {
                Some(format!("%{zero}{precision}{}", self.letter))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::percent::parse_form;

    fn check(form: &str, number: i64, expected: &str) {
        let (form, rest) = parse_form(form).unwrap();
        assert_eq!(rest, "");
        assert_eq!(form.number(number).as_deref(), Some(expected), "{form:?}");
    }

    #[test]
    fn numbers_are_written_as_python_writes_them() {
        check("d", 7, "7");
        check("02d", 7, "07");
        check("02d", 123, "123");
        check("3d", 7, "  7");
        check("-3d", 7, "7  ");
        check("-03d", 7, "7  ");
        check("+d", 7, "+7");
        check(" d", 7, " 7");
        check("04d", -7, "-007");
        check(".3d", 7, "007");
        check("05.3d", 7, "00007");
        check("x", 255, "ff");
        check("#X", 255, "0XFF");
        check("#06x", 255, "0x00ff");
        check("o", 8, "10");
        check("#o", 8, "0o10");
        check("s", 12, "12");
        check("4s", 12, "  12");
        check(".1s", 12, "1");
        check("c", 65, "A");
        check("r", -3, "-3");
    }
}
