//! Which runs: the parameters of `GET /runs`, and the same as the filter of a bulk request.
//!
//! Lists are separated by commas. Tests: below, and `wire/tests`.

use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::run::{Kind, Outcome, RunState, Trigger};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::caller::Caller;
use super::query::{globs, time, word};
use super::routes::matching;
use crate::daemon::handle::Handle;
use crate::daemon::history::{RunFilter, Sort};
use crate::wire::Problem;

/// How many runs an answer holds when nobody says, and at most.
const DEFAULT_LIMIT: usize = 50;
const MAX_RUNS: usize = 10_000;

/// The largest exit code.
const MAX_CODE: i32 = 255;

/// The longest text that is looked for, bytes.
const MAX_TEXT: usize = 200;

/// Which runs.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Names and patterns of units, separated by commas.
    unit: Option<String>,
    /// `task` or `service`.
    #[param(value_type = Option<Kind>)]
    kind: Option<String>,
    /// Where the run is; any of these.
    #[param(value_type = Option<Vec<RunState>>, style = Form, explode = false)]
    state: Option<String>,
    /// How the run ended; any of these.
    #[param(value_type = Option<Vec<Outcome>>, style = Form, explode = false)]
    outcome: Option<String>,
    /// Why it began; any of these.
    #[param(value_type = Option<Vec<Trigger>>, style = Form, explode = false)]
    trigger: Option<String>,
    /// The instance of a service.
    instance: Option<u32>,
    /// A chain of retries, by its first run.
    #[param(value_type = Option<RunId>)]
    execution_id: Option<String>,
    /// What the process left with: codes, and ranges such as `>100` or `<3`, separated by commas.
    exit_code: Option<String>,
    /// Only runs decided on at that time or later.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Only runs decided on before that time.
    #[param(format = DateTime)]
    until: Option<String>,
    /// Only runs that retry another.
    retries: Option<bool>,
    /// Part of the message or of the unit's name, whatever the case; or the id of a run.
    #[param(max_length = 200)]
    q: Option<String>,
    /// `newest` first unless told; `oldest`, `longest` or `shortest`.
    #[param(value_type = Option<Order>)]
    sort: Option<String>,
    /// Only runs older than this one.
    #[param(value_type = Option<RunId>)]
    before: Option<String>,
    /// Where a page ended: its `next`.
    cursor: Option<String>,
    /// How many; 50 unless told, 10,000 at most.
    limit: Option<usize>,
    /// Whether to count all that fit, up to 10,000.
    count: Option<bool>,
}

/// In which order.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Newest first.
    Newest,
    /// Oldest first.
    Oldest,
    /// Longest first; runs that never had a process are left out.
    Longest,
    /// Shortest first, likewise.
    Shortest,
}

impl Filter {
    /// All runs of these units since that time.
    pub fn of(unit: Option<String>, since: Option<String>) -> Filter {
        Filter {
            unit,
            since,
            ..Filter::default()
        }
    }

    /// A page of what these units did.
    pub fn page(
        unit: Option<String>,
        outcome: Option<String>,
        cursor: Option<String>,
        limit: Option<usize>,
    ) -> Filter {
        Filter {
            unit,
            outcome,
            cursor,
            limit,
            ..Filter::default()
        }
    }

    /// Whether all that fit are to be counted.
    pub fn counts(&self) -> bool {
        self.count.unwrap_or(false)
    }

    /// The id that `q` is, where it is one.
    pub fn id(&self) -> Option<RunId> {
        self.q.as_deref()?.parse().ok()
    }

    /// The question to the history.
    pub fn resolve(&self, handle: &Handle, caller: &Caller) -> Result<RunFilter, Problem> {
        if self.q.as_ref().is_some_and(|text| text.len() > MAX_TEXT) {
            return Err(Problem::invalid(format!(
                "q is longer than {MAX_TEXT} bytes"
            )));
        }
        let id = |name: &str, text: &Option<String>| {
            let parse = |text: &String| {
                text.parse::<RunId>()
                    .map_err(|e| Problem::invalid(format!("{name}: {text:?} {e}")))
            };
            text.as_ref().map(parse).transpose()
        };
        let sort = match word::<Order>("sort", self.sort.as_deref())? {
            None | Some(Order::Newest) => Sort::Newest,
            Some(Order::Oldest) => Sort::Oldest,
            Some(Order::Longest) => Sort::Longest,
            Some(Order::Shortest) => Sort::Shortest,
        };
        let cursor = |text: &String| {
            text.parse().map_err(|_| {
                Problem::invalid(format!("cursor is not the `next` of a page: {text:?}"))
            })
        };
        let units = kept_units(handle, caller, self.unit.as_deref())?;
        Ok(RunFilter {
            units: units.iter().map(ToString::to_string).collect(),
            within: caller.units.clone(),
            kind: word("kind", self.kind.as_deref())?,
            instance: self.instance,
            states: words("state", self.state.as_deref())?,
            outcomes: words("outcome", self.outcome.as_deref())?,
            triggers: words("trigger", self.trigger.as_deref())?,
            exit_codes: codes(self.exit_code.as_deref())?,
            execution_id: id("execution_id", &self.execution_id)?,
            retries: self.retries.unwrap_or(false),
            scheduled_only: false,
            first_tries: false,
            due_since: None,
            due_until: None,
            text: self.q.clone().filter(|text| !text.is_empty()),
            since: time("since", self.since.as_deref())?,
            until: time("until", self.until.as_deref())?,
            before: id("before", &self.before)?,
            sort,
            after: self.cursor.as_ref().map(cursor).transpose()?,
            limit: Some(self.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_RUNS)),
        })
    }
}

/// The units that fit, none where all do. An exact name may also be one of a unit that is gone and has left runs behind.
fn kept_units(
    handle: &Handle,
    caller: &Caller,
    text: Option<&str>,
) -> Result<Vec<UnitName>, Problem> {
    let globs = globs(text);
    if globs.is_empty() {
        return Ok(Vec::new());
    }
    match matching(handle, caller, &globs) {
        Err(problem) => {
            let names: Option<Vec<_>> = globs
                .iter()
                .filter(|glob| glob.is_exact() && caller.sees(glob.as_str()))
                .map(|glob| UnitName::new(glob.as_str()).ok())
                .collect();
            match names {
                Some(names) if names.len() == globs.len() => Ok(names),
                _ => Err(problem),
            }
        }
        fine => Ok(fine?.unwrap_or_default()),
    }
}

/// Words that serde knows, each once.
fn words<T: DeserializeOwned + PartialEq>(
    name: &str,
    text: Option<&str>,
) -> Result<Vec<T>, Problem> {
    let mut found = Vec::new();
    let parts = text.unwrap_or_default().split(',');
    for part in parts.filter(|part| !part.is_empty()) {
        if let Some(word) = word(name, Some(part))?
            && !found.contains(&word)
        {
            found.push(word);
        }
    }
    Ok(found)
}

/// Exit codes one by one: `137`, `>100`, `<3`.
fn codes(text: Option<&str>) -> Result<Vec<i32>, Problem> {
    let mut codes = std::collections::BTreeSet::new();
    let parts = text.unwrap_or_default().split(',');
    for part in parts.filter(|part| !part.is_empty()) {
        let number = |text: &str| {
            text.parse::<i32>()
                .ok()
                .filter(|code| (0..=MAX_CODE).contains(code))
                .ok_or_else(|| {
                    Problem::invalid(format!(
                        "exit_code: {part:?} is neither a code up to {MAX_CODE} nor like >100 or <3"
                    ))
                })
        };
        match (part.strip_prefix('>'), part.strip_prefix('<')) {
            (Some(least), _) => codes.extend(number(least)? + 1..=MAX_CODE),
            (None, Some(most)) => codes.extend(0..number(most)?),
            (None, None) => {
                codes.insert(number(part)?);
            }
        }
    }
    if codes.is_empty() && text.is_some_and(|text| !text.is_empty()) {
        return Err(Problem::invalid("exit_code leaves no code over"));
    }
    Ok(codes.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_lists_of_codes_and_ranges() {
        assert!(codes(None).unwrap().is_empty());
        assert_eq!(codes(Some("137,1")).unwrap(), [1, 137]);
        assert_eq!(codes(Some("<3,>253")).unwrap(), [0, 1, 2, 254, 255]);
        for bad in ["x", "256", "-1", "><1", ">255", "<0", "1-3"] {
            assert!(codes(Some(bad)).is_err(), "{bad}");
        }
    }
}
