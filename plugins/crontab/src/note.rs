//! The codes of everything this importer has to say.
//!
//! Invariant: a code, once released, keeps its name and its weight. `docs/importing-crontab.md` lists them all, which a
//! test in `crate::tests` checks.

use runwisp_plugin::{Note, Place, Weight};

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Schedule,
    ScheduleUnclear,
    Special,
    RandomDay,
    Line,
    Encoding,
    Binary,
    NotACrontab,
    Shell,
    TimezoneInvalid,
    TableKind,
    OpenbsdFlags,
    NeverDue,
    RandomTime,
    RandomDelay,
    Backslash,
    NoNewline,
    CarriageReturn,
    VariableName,
    Mail,
    MailAddress,
    UserUnknown,
    FileName,
    TableRefused,
    StartsAnacron,
    Anacron,
    Period,
    StartHours,
    NoCommand,
    Timezone,
    TimezoneIgnored,
    Percent,
    GoesOn,
    Quiet,
    Login,
    AnacronGuard,
    RunParts,
    Overlap,
    Output,
    Owner,
}

impl Code {
    /// Every code, in the order of the manual.
    #[cfg(test)]
    pub(crate) const ALL: [Code; 40] = [
        Code::Schedule,
        Code::ScheduleUnclear,
        Code::Special,
        Code::RandomDay,
        Code::Line,
        Code::Encoding,
        Code::Binary,
        Code::NotACrontab,
        Code::Shell,
        Code::TimezoneInvalid,
        Code::TableKind,
        Code::OpenbsdFlags,
        Code::NeverDue,
        Code::RandomTime,
        Code::RandomDelay,
        Code::Backslash,
        Code::NoNewline,
        Code::CarriageReturn,
        Code::VariableName,
        Code::Mail,
        Code::MailAddress,
        Code::UserUnknown,
        Code::FileName,
        Code::TableRefused,
        Code::StartsAnacron,
        Code::Anacron,
        Code::Period,
        Code::StartHours,
        Code::NoCommand,
        Code::Timezone,
        Code::TimezoneIgnored,
        Code::Percent,
        Code::GoesOn,
        Code::Quiet,
        Code::Login,
        Code::AnacronGuard,
        Code::RunParts,
        Code::Overlap,
        Code::Output,
        Code::Owner,
    ];

    /// Its name and how much it matters.
    fn row(self) -> (&'static str, Weight) {
        use Weight::{Blocking, Changed, Info};
        match self {
            Code::Schedule => ("schedule", Blocking),
            Code::ScheduleUnclear => ("schedule-unclear", Blocking),
            Code::Special => ("special-unknown", Blocking),
            Code::RandomDay => ("random-day", Blocking),
            Code::Line => ("line", Blocking),
            Code::Encoding => ("encoding", Blocking),
            Code::Binary => ("binary", Blocking),
            Code::NotACrontab => ("not-a-crontab", Blocking),
            Code::Shell => ("shell", Blocking),
            Code::TimezoneInvalid => ("timezone-invalid", Blocking),
            Code::TableKind => ("table-kind", Blocking),
            Code::OpenbsdFlags => ("openbsd-flags", Blocking),
            Code::NeverDue => ("never-due", Changed),
            Code::RandomTime => ("random-time", Changed),
            Code::RandomDelay => ("random-delay", Changed),
            Code::Backslash => ("backslash", Changed),
            Code::NoNewline => ("no-newline", Changed),
            Code::CarriageReturn => ("carriage-return", Changed),
            Code::VariableName => ("variable-name", Changed),
            Code::Mail => ("mail", Changed),
            Code::MailAddress => ("mail-address", Changed),
            Code::UserUnknown => ("user-unknown", Changed),
            Code::FileName => ("file-name", Changed),
            Code::TableRefused => ("table-refused", Changed),
            Code::StartsAnacron => ("starts-anacron", Changed),
            Code::Anacron => ("anacron", Changed),
            Code::Period => ("period", Changed),
            Code::StartHours => ("start-hours", Changed),
            Code::NoCommand => ("no-command", Info),
            Code::Timezone => ("timezone", Info),
            Code::TimezoneIgnored => ("timezone-ignored", Info),
            Code::Percent => ("percent", Info),
            Code::GoesOn => ("goes-on", Info),
            Code::Quiet => ("quiet", Info),
            Code::Login => ("login", Info),
            Code::AnacronGuard => ("anacron-guard", Info),
            Code::RunParts => ("run-parts", Info),
            Code::Overlap => ("overlap", Info),
            Code::Output => ("output", Info),
            Code::Owner => ("owner", Info),
        }
    }

    /// Its stable name.
    #[cfg(test)]
    pub(crate) fn name(self) -> &'static str {
        self.row().0
    }

    /// How much it matters.
    #[cfg(test)]
    pub(crate) fn weight(self) -> Weight {
        self.row().1
    }

    /// A note with this code. The message is a sentence without its full stop.
    pub(crate) fn note(self, source: Place, message: impl Into<String>) -> Note {
        let (code, weight) = self.row();
        Note {
            code: code.to_owned(),
            weight,
            message: message.into(),
            source,
        }
    }
}
