//! A strict reader of OpenMetrics 1.0: what the specification calls "MUST", as far as it concerns what a program writes.
//!
//! Tests: below.

use std::collections::{BTreeMap, BTreeSet};

/// The samples of a text that keeps the rules: by name and labels, each with its value.
#[derive(Debug, Default)]
pub struct Exposition {
    samples: BTreeMap<(String, Labels), f64>,
    types: BTreeMap<String, String>,
}

type Labels = Vec<(String, String)>;

/// The family whose lines are being read.
#[derive(Default)]
struct Family {
    name: String,
    of: Option<String>,
    unit: Option<String>,
    help: bool,
    samples: Vec<(String, Labels, f64)>,
}

impl Exposition {
    /// Reads a text; an error names the line and the rule.
    pub fn parse(text: &str) -> Result<Exposition, String> {
        let body = text
            .strip_suffix("# EOF\n")
            .ok_or("it does not end with # EOF")?;
        let mut found = Exposition::default();
        let mut family = Family::default();
        for line in body.split_inclusive('\n') {
            let failed = |why: &str| format!("{why}: {line:?}");
            let line = line
                .strip_suffix('\n')
                .ok_or_else(|| failed("no line end"))?;
            if let Some(comment) = line.strip_prefix("# ") {
                let mut words = comment.splitn(3, ' ');
                let (word, name) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
                let rest = words.next().ok_or_else(|| failed("half a line"))?;
                if name != family.name {
                    found.close(std::mem::take(&mut family))?;
                    family.name = name.to_owned();
                }
                family.head(word, rest).map_err(|why| failed(&why))?;
            } else {
                let (name, labels, value) = sample(line).map_err(|why| failed(&why))?;
                family.fits(&name).map_err(|why| failed(&why))?;
                family.samples.push((name, labels, value));
            }
        }
        found.close(family)?;
        Ok(found)
    }

    /// The value of one sample; none where there is none.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut labels: Labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        labels.sort();
        self.samples.get(&(name.to_owned(), labels)).copied()
    }

    /// The names of all families, each with its type.
    pub fn types(&self) -> &BTreeMap<String, String> {
        &self.types
    }

    fn close(&mut self, family: Family) -> Result<(), String> {
        if family.name.is_empty() {
            return match family.samples.is_empty() {
                true => Ok(()),
                false => Err("samples without a family".to_owned()),
            };
        }
        let name = &family.name;
        let of = family.of.clone().ok_or(format!("{name} has no type"))?;
        if self.types.insert(name.clone(), of.clone()).is_some() {
            return Err(format!("{name} comes twice, or between others"));
        }
        if of == "histogram" {
            family.histograms()?;
        }
        for (sample, mut labels, value) in family.samples {
            if of == "counter" && !(value.is_finite() && value >= 0.0) {
                return Err(format!("the counter {sample} is {value}"));
            }
            labels.sort();
            if self
                .samples
                .insert((sample.clone(), labels.clone()), value)
                .is_some()
            {
                return Err(format!("{sample} has {labels:?} twice"));
            }
        }
        Ok(())
    }
}

impl Family {
    fn head(&mut self, word: &str, rest: &str) -> Result<(), String> {
        if !self.samples.is_empty() {
            return Err("a head behind its samples".to_owned());
        }
        let twice = match word {
            "TYPE" => {
                let types = ["counter", "gauge", "histogram", "info"];
                if !types.contains(&rest) {
                    return Err("an unheard-of type".to_owned());
                }
                self.of.replace(rest.to_owned()).is_some()
            }
            "UNIT" => {
                if !self.name.ends_with(&format!("_{rest}")) {
                    return Err("a unit that the name does not end in".to_owned());
                }
                self.unit.replace(rest.to_owned()).is_some()
            }
            "HELP" => std::mem::replace(&mut self.help, true),
            _ => return Err("an unheard-of comment".to_owned()),
        };
        match twice {
            true => Err("a head that comes twice".to_owned()),
            false => Ok(()),
        }
    }

    fn fits(&self, sample: &str) -> Result<(), String> {
        let ends: &[&str] = match self.of.as_deref() {
            Some("counter") => &["_total", "_created"],
            Some("info") => &["_info"],
            Some("histogram") => &["_bucket", "_sum", "_count", "_created"],
            Some(_) => &[""],
            None => return Err("a sample before its type".to_owned()),
        };
        let end = sample.strip_prefix(self.name.as_str());
        match end.is_some_and(|end| ends.contains(&end)) {
            true => Ok(()),
            false => Err(format!("no sample of {}", self.name)),
        }
    }

    /// Buckets rise, are whole, and agree with the count.
    fn histograms(&self) -> Result<(), String> {
        let mut whole: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
        let mut counts: BTreeMap<Labels, f64> = BTreeMap::new();
        let mut sums: BTreeSet<Labels> = BTreeSet::new();
        for (name, labels, value) in &self.samples {
            let others: Labels = labels.iter().filter(|(l, _)| l != "le").cloned().collect();
            match name.strip_prefix(self.name.as_str()) {
                Some("_bucket") => {
                    let le = labels.iter().find(|(label, _)| label == "le");
                    let le = le
                        .and_then(|(_, le)| number(le))
                        .ok_or("a bucket without le")?;
                    whole.entry(others).or_default().push((le, *value));
                }
                Some("_count") => drop(counts.insert(others, *value)),
                _ => drop(sums.insert(others)),
            }
        }
        for (labels, buckets) in &whole {
            let about = format!("{} {labels:?}", self.name);
            let rises = |pair: &[(f64, f64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
            if !buckets.windows(2).all(rises) {
                return Err(format!("the buckets of {about} do not rise"));
            }
            let last = buckets.last().copied().unwrap_or_default();
            if last.0 != f64::INFINITY
                || counts.get(labels) != Some(&last.1)
                || !sums.contains(labels)
            {
                return Err(format!("{about} lacks +Inf, its count or its sum"));
            }
        }
        match counts.len() == whole.len() && sums.len() == whole.len() {
            true => Ok(()),
            false => Err(format!(
                "{} has a count or a sum without buckets",
                self.name
            )),
        }
    }
}

fn number(text: &str) -> Option<f64> {
    match text {
        "+Inf" => Some(f64::INFINITY),
        "NaN" => Some(f64::NAN),
        _ => text
            .parse()
            .ok()
            .filter(|_| !text.contains(['i', 'n', 'I', 'N'])),
    }
}

/// `name{label="value",…} number`, with nothing behind it.
fn sample(line: &str) -> Result<(String, Labels, f64), String> {
    let end = line.find(['{', ' ']).ok_or("no value")?;
    let (name, rest) = line.split_at(end);
    is_name(name)?;
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Labels::new(), rest),
    };
    let value = rest
        .strip_prefix(' ')
        .and_then(number)
        .ok_or("no number behind one space")?;
    Ok((name.to_owned(), labels, value))
}

fn is_name(name: &str) -> Result<(), String> {
    let first = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let rest = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match first && rest {
        true => Ok(()),
        false => Err(format!("{name:?} is no name")),
    }
}

fn labels(text: &str) -> Result<(Labels, &str), String> {
    let mut labels = Labels::new();
    let mut rest = text;
    loop {
        let (name, value) = rest.split_once("=\"").ok_or("a label without its value")?;
        is_name(name)?;
        if labels.iter().any(|(known, _)| known == name) {
            return Err(format!("the label {name} comes twice"));
        }
        let (value, behind) = quoted(value)?;
        labels.push((name.to_owned(), value));
        if let Some(behind) = behind.strip_prefix('}') {
            return Ok((labels, behind));
        }
        rest = behind
            .strip_prefix(',')
            .ok_or("labels without a comma between")?;
    }
}

/// The value up to its closing quote, escapes undone, and what stands behind it.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => value.push(match chars.next() {
                Some((_, 'n')) => '\n',
                Some((_, c @ ('\\' | '"'))) => c,
                _ => return Err("an unheard-of escape".to_owned()),
            }),
            c => value.push(c),
        }
    }
    Err("a value without its end".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_keeps_the_rules_is_read() {
        let text = "# TYPE a counter\n# HELP a Help.\na_total{x=\"1\\\"\\\\\\n\",y=\"\"} 3\n# TYPE b_seconds histogram\n\
                    # UNIT b_seconds seconds\nb_seconds_bucket{le=\"0.5\"} 1\nb_seconds_bucket{le=\"+Inf\"} 2\n\
                    b_seconds_sum 0.25\nb_seconds_count 2\n# EOF\n";
        let found = Exposition::parse(text).unwrap();
        assert_eq!(
            found.value("a_total", &[("y", ""), ("x", "1\"\\\n")]),
            Some(3.0)
        );
        assert_eq!(found.value("b_seconds_sum", &[]), Some(0.25));
        assert_eq!(found.types().len(), 2);
    }

    #[test]
    fn what_breaks_a_rule_is_refused() {
        for (text, why) in [
            ("# TYPE a gauge\na 1\n", "# EOF"),
            ("a 1\n# EOF\n", "before its type"),
            ("# TYPE a counter\na 1\n# EOF\n", "no sample of a"),
            ("# TYPE a counter\na_total -1\n# EOF\n", "is -1"),
            ("# TYPE a gauge\na 1\na 2\n# EOF\n", "twice"),
            ("# TYPE a gauge\n# TYPE a gauge\n# EOF\n", "comes twice"),
            (
                "# TYPE a gauge\n# TYPE b gauge\n# TYPE a gauge\n# EOF\n",
                "comes twice",
            ),
            ("# TYPE a gauge\n# UNIT a bytes\n# EOF\n", "does not end in"),
            ("# TYPE a summary\n# EOF\n", "unheard-of type"),
            ("# TYPE a gauge\na{x=\"1} 1\n# EOF\n", "without its end"),
            (
                "# TYPE a gauge\na{x=\"1\",x=\"1\"} 1\n# EOF\n",
                "label x comes twice",
            ),
            ("# TYPE a gauge\na 1 \n# EOF\n", "no number"),
            ("# TYPE a gauge\na inf\n# EOF\n", "no number"),
            (
                "# TYPE a_seconds histogram\na_seconds_bucket{le=\"1.0\"} 1\n# EOF\n",
                "lacks +Inf",
            ),
            (
                "# TYPE a_seconds histogram\na_seconds_bucket{le=\"1.0\"} 2\na_seconds_bucket{le=\"+Inf\"} 1\na_seconds_sum 1\na_seconds_count 1\n# EOF\n",
                "do not rise",
            ),
        ] {
            let error = Exposition::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
