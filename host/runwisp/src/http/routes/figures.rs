//! What is used: the machine, the daemon, and curves of the last hour and the last week.

use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use runwisp_core::figures::bucket;
use runwisp_core::figures::points::{MOST, joined, points, step};
use runwisp_core::figures::series::Subject;
use runwisp_core::words::ids::UnitName;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{past, theirs};
use crate::daemon::handle::Handle;
use crate::http::caller::Caller;
use crate::http::query::{Params, json, time};
use crate::wire::{Doc, Host, Problem, Sample, Samples};

/// What a curve begins with when nobody says: an hour ago.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How many points a curve has when nobody says.
const POINTS: usize = 240;

/// What the machine and the daemon use
#[utoipa::path(
    get, path = "/host", operation_id = "get_host", tag = "figures",
    responses((status = 200, description = "As last looked at, some seconds ago.", body = Doc<Host>)),
)]
pub async fn host(State(handle): State<Handle>) -> Result<Response, Problem> {
    Ok(json(Host::from(handle.host().await?)))
}

/// Which curve.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// A unit; or `host` or `daemon`, where no unit is called so.
    unit: Option<String>,
    /// `host` or `daemon`, whatever units are called.
    of: Option<String>,
    /// From when on; an hour before `until` if absent.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Until when; now if absent.
    #[param(format = DateTime)]
    until: Option<String>,
    /// The most points, from 2 to 500.
    #[param(minimum = 2, maximum = 500)]
    points: Option<usize>,
}

/// A curve of what a unit, the daemon or the machine used
///
/// Of the last hour every few seconds, of the last week every few minutes.
#[utoipa::path(
    get, path = "/samples", operation_id = "list_samples", tag = "figures", params(Wanted),
    responses((status = 200, description = "Oldest first.", body = Doc<Samples>)),
)]
pub async fn samples(
    State(handle): State<Handle>,
    caller: Caller,
    Params(wanted): Params<Wanted>,
) -> Result<Response, Problem> {
    let subject = subject(&handle, &wanted)?;
    if let Subject::Unit(unit) = &subject {
        theirs(&caller, unit)?;
    }
    let until = time("until", wanted.until.as_deref())?.unwrap_or_else(Timestamp::now);
    let since = time("since", wanted.since.as_deref())?;
    let since = since.unwrap_or_else(|| until.checked_sub(HOUR).unwrap_or(Timestamp::MIN));
    if since > until {
        return Err(Problem::invalid("since is later than until"));
    }
    let most = wanted.points.unwrap_or(POINTS);
    if !(2..=MOST).contains(&most) {
        let message = format!("points is a number from 2 to {MOST}");
        return Err(Problem::invalid(message));
    }
    let hour = handle.hour(subject.clone()).await?;
    // A bucket that began before `since` may reach into it.
    let length = SignedDuration::try_from(bucket::LENGTH).unwrap_or_default();
    let from = since.checked_sub(length).unwrap_or(Timestamp::MIN);
    let written = past(&handle, move |history| {
        history.samples(&subject, from, until)
    })
    .await?;
    let step = step(since, until, most);
    let points = points(&joined(written, hour), since, until, step);
    Ok(json(Samples {
        step_ms: step.unsigned_abs(),
        samples: points.into_iter().map(Sample::from).collect(),
    }))
}

fn subject(handle: &Handle, wanted: &Wanted) -> Result<Subject, Problem> {
    let (name, a_unit) = match (&wanted.unit, &wanted.of) {
        (Some(name), None) => (name.as_str(), true),
        (None, Some(name)) => (name.as_str(), false),
        _ => {
            return Err(Problem::invalid(
                "name what the curve is of, either as unit or as of",
            ));
        }
    };
    let unit = UnitName::new(name)
        .ok()
        .filter(|name| a_unit && handle.plan().units.contains_key(name));
    match (unit, name) {
        (Some(unit), _) => Ok(Subject::Unit(unit)),
        (None, "host") => Ok(Subject::Host),
        (None, "daemon") => Ok(Subject::Daemon),
        (None, name) if a_unit => Err(Problem::no_unit(name)),
        (None, _) => Err(Problem::invalid("of is either host or daemon")),
    }
}
