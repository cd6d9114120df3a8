//! Answers of plugins without secrets: people see them, in findings and in the history of deliveries.
//!
//! A receipt's reference stays as it is: it is for the plugin itself, which gets it back.
//!
//! Invariant: pure.

use crate::call::masks::Masks;
use crate::words::{Failure, Finding, Later, Receipt};

pub(crate) fn findings(masks: &Masks, found: Vec<Finding>) -> Vec<Finding> {
    let hidden = |finding: Finding| Finding {
        message: masks.hide(&finding.message),
        help: finding.help.map(|help| masks.hide(&help)),
        ..finding
    };
    found.into_iter().map(hidden).collect()
}

pub(crate) fn delivered(
    masks: &Masks,
    answer: Result<Receipt, Failure>,
) -> Result<Receipt, Failure> {
    match answer {
        Ok(receipt) => Ok(Receipt {
            note: receipt.note.map(|note| masks.hide(&note)),
            ..receipt
        }),
        Err(Failure::Config(why)) => Err(Failure::Config(masks.hide(&why))),
        Err(Failure::Rejected(why)) => Err(Failure::Rejected(masks.hide(&why))),
        Err(Failure::Retry(later)) => Err(Failure::Retry(Later {
            message: masks.hide(&later.message),
            ..later
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_see_of_an_answer_holds_no_secret() {
        let masks = Masks::new(&["s3cret".to_owned()]);
        let receipt = Receipt {
            reference: Some("s3cret".into()),
            note: Some("with s3cret".into()),
        };
        let shown = delivered(&masks, Ok(receipt)).unwrap();
        assert_eq!(shown.note.as_deref(), Some("with ***"));
        assert_eq!(shown.reference.as_deref(), Some("s3cret"));
        let later = Later {
            message: "no s3cret".into(),
            after_seconds: Some(7),
        };
        for failure in [
            Failure::Config("no s3cret".into()),
            Failure::Rejected("no s3cret".into()),
            Failure::Retry(later),
        ] {
            let shown = format!("{:?}", delivered(&masks, Err(failure)));
            assert!(
                shown.contains("no ***") && !shown.contains("s3cret"),
                "{shown}"
            );
        }
    }
}
