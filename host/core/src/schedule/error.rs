//! What can be wrong with a schedule's text, and what to write instead.

use std::fmt;

/// A field of a cron expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Seconds, only in expressions of six fields.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Day of the month.
    DayOfMonth,
    /// Month.
    Month,
    /// Day of the week.
    DayOfWeek,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Field::Second => "second",
            Field::Minute => "minute",
            Field::Hour => "hour",
            Field::DayOfMonth => "day-of-month",
            Field::Month => "month",
            Field::DayOfWeek => "day-of-week",
        })
    }
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// A field cannot be read.
    Syntax {
        /// Which one.
        field: Field,
        /// The part of it that is wrong.
        part: String,
        /// What is wrong with it.
        problem: &'static str,
        /// What to write.
        help: String,
    },
    /// Neither five nor six fields.
    Fields {
        /// How many there are.
        found: usize,
    },
    /// `@something` that means nothing.
    Macro {
        /// As written.
        name: String,
    },
    /// `@reboot`, which is another key here.
    Reboot,
    /// `@every` without a length of time that can be read.
    Every {
        /// What follows the word.
        length: String,
    },
    /// `@every` below one second.
    TooOften {
        /// What follows the word.
        length: String,
    },
    /// No day of the calendar fits.
    Never {
        /// The expression.
        text: String,
    },
    /// Longer than any sensible expression.
    TooLong {
        /// How long a text may be, bytes.
        limit: usize,
    },
}

impl ScheduleError {
    /// The stable code of its diagnostic.
    pub fn code(&self) -> &'static str {
        match self {
            ScheduleError::Syntax { .. } => "schedule.syntax",
            ScheduleError::Fields { .. } => "schedule.fields",
            ScheduleError::Macro { .. } => "schedule.macro",
            ScheduleError::Reboot => "schedule.reboot",
            ScheduleError::Every { .. } => "schedule.every",
            ScheduleError::TooOften { .. } => "schedule.too-often",
            ScheduleError::Never { .. } => "schedule.never",
            ScheduleError::TooLong { .. } => "schedule.too-long",
        }
    }

    /// A sentence that says what to write.
    pub fn help(&self) -> String {
        match self {
            ScheduleError::Syntax { help, .. } => help.clone(),
            ScheduleError::Fields { found } if *found > 6 => {
                "write minute, hour, day of month, month, day of week; there is no field for the year, and the \
                 command belongs in `run`"
                    .to_owned()
            }
            ScheduleError::Fields { .. } => {
                "write minute, hour, day of month, month, day of week, as in `30 2 * * mon`; a sixth field in front \
                 is the second"
                    .to_owned()
            }
            ScheduleError::Macro { .. } => {
                "known are @hourly @daily @midnight @weekly @monthly @yearly @annually and @every".to_owned()
            }
            ScheduleError::Reboot => "write `run_on_start = \"boot\"` instead of the cron line".to_owned(),
            ScheduleError::Every { .. } => {
                "write a length of time, as in `@every 90s`, `@every 1h30m` or `@every 2d`".to_owned()
            }
            ScheduleError::TooOften { .. } => {
                "the shortest is `@every 1s`; what has to run all the time is a service".to_owned()
            }
            ScheduleError::Never { .. } => {
                "check the days against the months; a day field that begins with `*`, as `*/2` does, makes both day \
                 fields required"
                    .to_owned()
            }
            ScheduleError::TooLong { .. } => "split it: `cron` takes a list of expressions".to_owned(),
        }
    }
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScheduleError::Syntax {
                field,
                part,
                problem,
                ..
            } => write!(f, "{part:?} in the {field} field {problem}"),
            ScheduleError::Fields { found: 0 } => f.write_str("the schedule is empty"),
            ScheduleError::Fields { found } => {
                write!(
                    f,
                    "a cron expression has 5 or 6 fields, this one has {found}"
                )
            }
            ScheduleError::Macro { name } => write!(f, "{name:?} is not a known schedule"),
            ScheduleError::Reboot => f.write_str("\"@reboot\" is not a schedule here"),
            ScheduleError::Every { length } => {
                write!(f, "{length:?} after @every is not a length of time")
            }
            ScheduleError::TooOften { length } => {
                write!(f, "\"@every {length}\" is shorter than one second")
            }
            ScheduleError::Never { text } => write!(f, "{text:?} never fires"),
            ScheduleError::TooLong { limit } => {
                write!(f, "the schedule is longer than {limit} bytes")
            }
        }
    }
}

impl std::error::Error for ScheduleError {}
