//! `cargo xtask bench`: the figures of the design's budgets, side by side with what users would pick instead.
//!
//! Every supervisor that is installed gets the same children and is measured the same way, one after the other, on an
//! otherwise idle machine. Children write down by the wall clock when they were there (`tests/children/bench-child.rs`),
//! so no supervisor's own word is taken for anything. Figures are noisy; ratios matter. Nothing here is a test.
//!
//! `subjects/` knows how each supervisor is configured, started and stopped; `figures/` what is measured.

mod figures;
mod install;
mod machine;
mod place;
mod proc;
mod stamps;
mod subjects;
mod table;

use crate::say;
use crate::shell::{Outcome, cargo};

use figures::{FIGURES, Figure};
use place::Place;
use subjects::{Subject, installed};
use table::Table;

/// What was asked for on the command line.
struct Options {
    install: bool,
    /// Measures what is there: for work on the bench itself.
    no_build: bool,
    /// A tenth of the work: to see that everything works, not for figures.
    quick: bool,
    /// Figures or subjects; empty is all.
    only: Vec<String>,
}

impl Options {
    fn read(args: &[&str]) -> Result<Options, String> {
        let mut options = Options {
            install: false,
            no_build: false,
            quick: false,
            only: Vec::new(),
        };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            match *arg {
                "--install-peers" => options.install = true,
                "--no-build" => options.no_build = true,
                "--quick" => options.quick = true,
                "--only" => {
                    let names = args
                        .next()
                        .ok_or("--only takes names, separated by commas")?;
                    options.only = names.split(',').map(str::to_owned).collect();
                    let known = |name: &&String| {
                        FIGURES.iter().any(|f| f.name == **name)
                            || subjects::NAMES.contains(&name.as_str())
                    };
                    if let Some(unknown) = options.only.iter().find(|name| !known(name)) {
                        return Err(format!("{unknown} is neither a figure nor a supervisor"));
                    }
                }
                other => return Err(format!("bench does not know {other}")),
            }
        }
        Ok(options)
    }

    fn wants_subject(&self, name: &str) -> bool {
        let any = self
            .only
            .iter()
            .any(|only| subjects::NAMES.contains(&only.as_str()));
        !any || self.only.iter().any(|only| only == name)
    }

    fn wants_figure(&self, name: &str) -> bool {
        let any = self
            .only
            .iter()
            .any(|only| FIGURES.iter().any(|f| f.name == *only));
        !any || self.only.iter().any(|only| only == name)
    }
}

pub(crate) fn bench(args: &[&str]) -> Outcome {
    let options = Options::read(args)?;
    if options.install {
        install::peers()?;
    }
    if !options.no_build {
        let packages = ["--package", "runwisp", "--package", "runwisp-tests"];
        cargo(&[&["build", "--release", "--bins"], &packages[..]].concat())?;
    }
    let subjects: Vec<Box<dyn Subject>> = installed()
        .into_iter()
        .filter(|subject| options.wants_subject(subject.name()))
        .collect();
    let mut table = Table::new(&subjects);
    for figure in FIGURES
        .iter()
        .filter(|figure| options.wants_figure(figure.name))
    {
        for subject in &subjects {
            if !figure.concerns(subject.name()) {
                continue;
            }
            match measure(figure, subject.as_ref(), options.quick) {
                Ok(value) => table.enter(figure, subject.name(), value),
                Err(why) => say::line(&format!("{} of {}: {why}", figure.name, subject.name())),
            }
        }
    }
    say::result(&table.markdown(&machine::describe(), options.quick));
    Ok(())
}

fn measure(figure: &Figure, subject: &dyn Subject, quick: bool) -> Result<String, String> {
    say::line(&format!("{}: {} …", figure.name, subject.name()));
    let place = Place::new(figure.name, subject.name())?;
    let value = (figure.measure)(subject, &place, quick);
    // Whatever happened, nothing of this figure may run beside the next one.
    proc::end_all(&place);
    if let Ok(value) = &value {
        say::line(&format!("{}: {} {value}", figure.name, subject.name()));
    }
    value
}
