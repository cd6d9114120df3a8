//! From the death of a child to the beginning of the next.

use crate::bench::place::{Place, child};
use crate::bench::stamps::{self, length, median};
use crate::bench::subjects::{Fleet, Subject};

/// Five children that live for 1.2 s and die by SIGKILL, ten times each. Longer than a second, because runit waits that
/// long between two starts of a service.
pub(super) fn latency(subject: &dyn Subject, place: &Place, quick: bool) -> Result<String, String> {
    let deaths = if quick { 2 } else { 10 };
    let stamps_file = place.text("stamps-{n}");
    subject.prepare(
        place,
        &Fleet::same(5, &[&child(), "life", &stamps_file, "1200"]),
    )?;
    let _child = subject.start(place)?;
    let mut lengths = Vec::new();
    for n in 0..5 {
        let file = place.path(&format!("stamps-{n}"));
        stamps::wait(&file, "up", deaths + 1)?;
        let stamps = stamps::read(&file);
        for pair in stamps.windows(2) {
            if pair[0].0 == "end" && pair[1].0 == "up" {
                lengths.push(pair[1].1.saturating_sub(pair[0].1));
            }
        }
    }
    Ok(median(lengths).map(length).unwrap_or_default())
}
