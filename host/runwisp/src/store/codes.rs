//! The small numbers that stand for words in the database.
//!
//! Invariant: a number, once released, keeps its meaning for ever; new words get new numbers. The partial indexes of
//! the schema name some of them (`state <> 4`, `trigger <= 1`).

use runwisp_core::words::notice::DeliveryState;
use runwisp_core::words::run::{Kind, Outcome, RunState, Trigger};

/// Writes both directions of one table of numbers, so that they cannot disagree.
macro_rules! codes {
    ($to:ident, $from:ident, $word:ident { $($number:literal = $variant:ident),+ $(,)? }) => {
        /// The number of a word.
        pub(super) const fn $to(word: $word) -> i64 {
            match word { $($word::$variant => $number),+ }
        }

        /// The word of a number; none where a later version wrote one this version does not know.
        pub(super) const fn $from(number: i64) -> Option<$word> {
            match number { $($number => Some($word::$variant),)+ _ => None }
        }
    };
}

/// The number of a delivery's state. The other way is not needed: the whole delivery stands beside it.
pub(super) const fn delivery_code(state: DeliveryState) -> i64 {
    match state {
        DeliveryState::Pending => 0,
        DeliveryState::Held => 1,
        DeliveryState::Sending => 2,
        DeliveryState::Delivered => 3,
        DeliveryState::Rejected => 4,
        DeliveryState::Expired => 5,
    }
}

codes!(kind_code, kind_of, Kind { 0 = Task, 1 = Service });

codes!(
    trigger_code,
    trigger_of,
    Trigger {
        0 = Schedule,
        1 = CatchUp,
        2 = Manual,
        3 = Start,
        4 = Retry,
        5 = Restart,
        6 = Chain,
        7 = Hook,
        8 = Watch,
        9 = Reload,
    }
);

codes!(
    state_code,
    state_of,
    RunState {
        0 = Queued,
        1 = Starting,
        2 = Running,
        3 = Stopping,
        4 = Ended,
    }
);

codes!(
    outcome_code,
    outcome_of,
    Outcome {
        0 = Succeeded,
        1 = Failed,
        2 = Timeout,
        3 = Stopped,
        4 = StartFailed,
        5 = Unhealthy,
        6 = OomKilled,
        7 = LogOverflow,
        8 = Interrupted,
        9 = DaemonStopped,
        10 = Skipped,
        11 = QueueFull,
        12 = Missed,
        13 = DstSkipped,
    }
);
