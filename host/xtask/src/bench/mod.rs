//! `cargo xtask bench`.
use crate::shell::Outcome;
pub(crate) fn bench(_args: &[&str]) -> Outcome {
    Ok(())
}
