//! The binary itself.

use crate::bench::place::Place;
use crate::bench::subjects::Subject;
use crate::shell::target_dir;

pub(super) fn binary(_: &dyn Subject, _: &Place, _: bool) -> Result<String, String> {
    let path = target_dir().join("release/runwisp");
    let bytes = std::fs::metadata(&path)
        .map_err(|e| format!("could not find {}: {e}", path.display()))?
        .len();
    Ok(format!("{:.1} MB", bytes as f64 / 1e6))
}
