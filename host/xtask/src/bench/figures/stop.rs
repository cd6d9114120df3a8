//! Stopping many at once.

use crate::bench::place::{Place, child};
use crate::bench::stamps::{self, length};
use crate::bench::subjects::{Fleet, Subject};

/// 50 children that take a second to leave: from asking until the last is gone.
pub(super) fn parallel(
    subject: &dyn Subject,
    place: &Place,
    quick: bool,
) -> Result<String, String> {
    let count = if quick { 5 } else { 50 };
    let stamps_file = place.text("stamps");
    subject.prepare(
        place,
        &Fleet::same(count, &[&child(), "slow-stop", &stamps_file, "1000"]),
    )?;
    let mut supervisor = subject.start(place)?;
    let file = place.path("stamps");
    stamps::wait(&file, "up", count)?;
    let begin = stamps::now();
    subject.stop(place, &supervisor)?;
    let ends = stamps::wait(&file, "end", count)?;
    let last = ends.iter().max().copied().unwrap_or(begin);
    // A process that was started is waited for, whatever it does after the last child.
    let _ = stamps::until("the supervisor to leave", || {
        supervisor.try_wait().is_ok_and(|status| status.is_some())
    });
    Ok(length(last.saturating_sub(begin)))
}
