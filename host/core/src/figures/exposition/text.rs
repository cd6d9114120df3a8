//! Writes metrics down: OpenMetrics 1.0, or the older text of Prometheus for who asks for that.
//!
//! A small writer of our own: a library would keep a registry of shared counters for every family, where here the
//! numbers are made from a snapshot that is at hand.
//!
//! Source of the rules: the OpenMetrics specification, version 1.0, sections "Text format" and "ABNF".
//!
//! Tests: below; both texts with readers of others in `tests/e2e/metrics.rs`.

use std::fmt::Write;

use super::table::{Metric, Type};
use crate::figures::histogram::Histogram;

/// One of the two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// The text of Prometheus, version 0.0.4.
    Prometheus,
}

impl Dialect {
    /// The text for a reader with this `Accept`: the older one only for who names it and not the newer.
    pub fn for_reader(accept: Option<&str>) -> Dialect {
        let accept = accept.unwrap_or_default();
        match accept.contains("text/plain") && !accept.contains("application/openmetrics-text") {
            true => Dialect::Prometheus,
            false => Dialect::OpenMetrics,
        }
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Dialect::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Dialect::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// A text that grows.
pub(super) struct Text {
    dialect: Dialect,
    text: String,
}

/// The samples of one metric.
pub(super) struct Samples<'a> {
    text: &'a mut String,
    metric: &'a Metric,
}

impl Text {
    pub(super) fn new(dialect: Dialect) -> Self {
        Text {
            dialect,
            text: String::new(),
        }
    }

    /// The head of a metric, for its samples to follow.
    pub(super) fn metric<'a>(&'a mut self, metric: &'a Metric) -> Samples<'a> {
        let (name, of) = match self.dialect {
            Dialect::OpenMetrics => (metric.name.to_owned(), metric.of.as_str()),
            // There the head names what the samples are called, and facts are gauges.
            Dialect::Prometheus => match metric.of {
                Type::Histogram => (metric.name.to_owned(), "histogram"),
                Type::Info => (metric.series(), "gauge"),
                Type::Counter | Type::Gauge => (metric.series(), metric.of.as_str()),
            },
        };
        let _ = writeln!(self.text, "# TYPE {name} {of}");
        if let (Dialect::OpenMetrics, Some(unit)) = (self.dialect, metric.unit()) {
            let _ = writeln!(self.text, "# UNIT {name} {unit}");
        }
        let _ = writeln!(self.text, "# HELP {name} {}.", metric.help);
        Samples {
            text: &mut self.text,
            metric,
        }
    }

    /// The whole text.
    pub(super) fn end(mut self) -> String {
        if self.dialect == Dialect::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }
}

impl Samples<'_> {
    /// One sample of a counter, a gauge or an info.
    pub(super) fn add(&mut self, labels: &[&str], value: impl Into<Value>) {
        let name = self.metric.series();
        self.line(&name, labels, None, value.into());
    }

    /// One histogram.
    pub(super) fn histogram(&mut self, labels: &[&str], histogram: &Histogram) {
        let name = self.metric.name;
        let bucket = self.metric.series();
        for (bound, count) in histogram.up_to() {
            self.line(
                &bucket,
                labels,
                Some(&format!("{bound:?}")),
                Value::Count(count),
            );
        }
        let count = Value::Count(histogram.count());
        self.line(&bucket, labels, Some("+Inf"), count);
        let sum = Value::Number(histogram.sum().as_secs_f64());
        self.line(&format!("{name}_sum"), labels, None, sum);
        self.line(&format!("{name}_count"), labels, None, count);
    }

    fn line(&mut self, name: &str, labels: &[&str], le: Option<&str>, value: Value) {
        self.text.push_str(name);
        let named = self
            .metric
            .labels
            .iter()
            .copied()
            .zip(labels.iter().copied());
        let mut between = '{';
        for (label, value) in named.chain(le.map(|le| ("le", le))) {
            self.text.push(between);
            self.text.push_str(label);
            self.text.push_str("=\"");
            escape(value, self.text);
            self.text.push('"');
            between = ',';
        }
        if between == ',' {
            self.text.push('}');
        }
        let _ = match value {
            Value::Count(count) => writeln!(self.text, " {count}"),
            Value::Number(number) if number.is_nan() => writeln!(self.text, " NaN"),
            Value::Number(number) => writeln!(self.text, " {number}"),
        };
    }
}

/// A number to write.
#[derive(Clone, Copy)]
pub(super) enum Value {
    Count(u64),
    Number(f64),
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Value::Count(count)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value::Number(number)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Value::Count(u64::from(yes))
    }
}

fn escape(value: &str, into: &mut String) {
    for c in value.chars() {
        match c {
            '\\' => into.push_str("\\\\"),
            '"' => into.push_str("\\\""),
            '\n' => into.push_str("\\n"),
            c => into.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const RUNS: Metric = Metric {
        name: "runs",
        of: Type::Counter,
        labels: &["unit"],
        help: "Runs",
    };
    const LENGTH: Metric = Metric {
        name: "length_seconds",
        of: Type::Histogram,
        labels: &["unit"],
        help: "Length",
    };
    const ABOUT: Metric = Metric {
        name: "about",
        of: Type::Info,
        labels: &[],
        help: "Facts",
    };

    fn text(dialect: Dialect) -> String {
        let mut text = Text::new(dialect);
        text.metric(&RUNS).add(&["a\"b\\c\nd"], 3);
        let mut histogram = Histogram::new(&[0.5, 1.0]);
        histogram.add(Duration::from_millis(750));
        text.metric(&LENGTH).histogram(&["a"], &histogram);
        text.metric(&ABOUT).add(&[], true);
        text.end()
    }

    #[test]
    fn open_metrics_names_families_and_their_units_and_says_where_it_ends() {
        let expected = "\
# TYPE runs counter
# HELP runs Runs.
runs_total{unit=\"a\\\"b\\\\c\\nd\"} 3
# TYPE length_seconds histogram
# UNIT length_seconds seconds
# HELP length_seconds Length.
length_seconds_bucket{unit=\"a\",le=\"0.5\"} 0
length_seconds_bucket{unit=\"a\",le=\"1.0\"} 1
length_seconds_bucket{unit=\"a\",le=\"+Inf\"} 1
length_seconds_sum{unit=\"a\"} 0.75
length_seconds_count{unit=\"a\"} 1
# TYPE about info
# HELP about Facts.
about_info 1
# EOF
";
        assert_eq!(text(Dialect::OpenMetrics), expected);
    }

    #[test]
    fn the_older_text_names_samples_and_knows_no_facts() {
        let text = text(Dialect::Prometheus);
        assert!(text.starts_with("# TYPE runs_total counter\n# HELP runs_total Runs.\n"));
        assert!(text.contains("# TYPE about_info gauge\n") && !text.contains("# UNIT"));
        assert!(text.ends_with("about_info 1\n"));
    }

    #[test]
    fn the_older_text_is_for_who_asks_for_it_alone() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        for accept in [None, Some("*/*"), Some(prometheus)] {
            assert_eq!(Dialect::for_reader(accept), Dialect::OpenMetrics);
        }
        assert_eq!(
            Dialect::for_reader(Some("text/plain;version=0.0.4")),
            Dialect::Prometheus
        );
    }
}
