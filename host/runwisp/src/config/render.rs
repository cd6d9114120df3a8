//! Findings as a compiler shows them: file, line, column, the line itself with the place underlined, and what to do.
//!
//! Tests: the goldens in `tests/config`.

use std::fmt;
use std::sync::Arc;

use miette::{
    Diagnostic as Shown, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource,
    SourceCode,
};
use runwisp_core::config::Source;
use runwisp_core::words::diagnostic::{Diagnostic, Severity, Span};

/// The widest line.
const WIDTH: usize = 120;

/// All findings, as text for people.
pub fn render(diagnostics: &[Diagnostic], sources: &[Source], color: bool) -> String {
    let files: Vec<Arc<NamedSource<String>>> = sources
        .iter()
        .map(|source| Arc::new(NamedSource::new(&source.name, source.text.clone())))
        .collect();
    let theme = if color {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH)
        .with_links(false);
    let mut text = String::new();
    for finding in diagnostics {
        // Writing to a text fails only where a finding cannot be drawn; then its words alone have to do.
        let before = text.len();
        if handler
            .render_report(&mut text, &Report::new(finding, &files))
            .is_err()
        {
            text.truncate(before);
            text.push_str(&format!("{}: {}\n", finding.code, finding.message));
        }
        text.push('\n');
    }
    text
}

/// How many there are: "2 errors, 1 warning"; none when there is nothing.
pub fn summary(diagnostics: &[Diagnostic]) -> Option<String> {
    let count = |severity: Severity, word: &str| {
        let n = diagnostics
            .iter()
            .filter(|finding| finding.severity == severity)
            .count();
        (n > 0).then(|| format!("{n} {word}{}", if n == 1 { "" } else { "s" }))
    };
    let parts: Vec<String> = [
        count(Severity::Error, "error"),
        count(Severity::Warning, "warning"),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// A finding in the form the drawing library takes.
struct Report {
    code: Option<&'static str>,
    severity: miette::Severity,
    message: String,
    help: Option<String>,
    file: Option<Arc<NamedSource<String>>>,
    labels: Vec<LabeledSpan>,
    /// Related places in other files.
    elsewhere: Vec<Report>,
}

impl Report {
    fn new(finding: &Diagnostic, files: &[Arc<NamedSource<String>>]) -> Report {
        let file = |span: &Span| files.get(span.file).cloned();
        let here = finding.span.map(|span| span.file);
        let (near, far): (Vec<_>, Vec<_>) = finding
            .related
            .iter()
            .partition(|(span, _)| Some(span.file) == here);
        let main = finding
            .span
            .map(|span| LabeledSpan::new_with_span(None, span.start..span.end));
        Report {
            code: Some(finding.code),
            severity: match finding.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
            },
            message: finding.message.clone(),
            help: finding.help.clone(),
            file: finding.span.as_ref().and_then(file),
            labels: main
                .into_iter()
                .chain(near.iter().map(|(span, what)| label(*span, what)))
                .collect(),
            elsewhere: far
                .iter()
                .map(|(span, what)| Report {
                    code: None,
                    severity: miette::Severity::Advice,
                    message: what.clone(),
                    help: None,
                    file: file(span),
                    labels: vec![label(*span, what)],
                    elsewhere: Vec::new(),
                })
                .collect(),
        }
    }
}

fn label(span: Span, what: &str) -> LabeledSpan {
    LabeledSpan::at(span.start..span.end, what)
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl Shown for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code
            .map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.file.as_ref().map(|file| &**file as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as Box<_>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Shown> + 'a>> {
        let all = self.elsewhere.iter().map(|report| report as &dyn Shown);
        (!self.elsewhere.is_empty()).then(|| Box::new(all) as Box<_>)
    }
}
