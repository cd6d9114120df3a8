//! The loop's arm for figures of use: when to look, what becomes of a look, and who is told.
//!
//! A look reads all of `/proc` away from the loop, every 15 s, or every 3 s while somebody watches. Either way it takes
//! a thousandth of one core at most (a hundredth while watched): where looking takes long, it is done less often.
//!
//! Invariant: one look at a time; what it read comes back as an input, and what was read is remembered by the looker,
//! which travels with it.
//!
//! Tests: below; the whole in `tests/e2e/metrics.rs`.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use runwisp_core::figures::Usage;
use runwisp_core::figures::bucket::Bucket;
use runwisp_core::figures::look::Look;
use runwisp_core::figures::points::Span;
use runwisp_core::figures::series::{Hour, STEP, Subject};
use runwisp_core::figures::usage::Watched;
use runwisp_core::words::ids::{RunId, UnitName};
use runwisp_core::words::status::UnitStatus;
use runwisp_core::words::time::{Mono, Now};
use tokio::time::Instant;

use super::clock;
use super::handle::{HostFigures, Reply};
use super::main_loop::{Back, MainLoop};
use super::options::Options;
use crate::figures::{Looker, Machine, machine};
use crate::store::Write;

/// From one look to the next, and how much longer than a look took at least.
const USUAL: (Duration, u32) = (STEP, 1000);
const WATCHED: (Duration, u32) = (Duration::from_secs(3), 100);

/// From the first look, which has nothing to compare with, to the second.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// Whoever has asked watches for so long.
const WATCHES: Duration = Duration::from_secs(15);

/// What is known of use.
pub(crate) struct Sampling {
    machine: Machine,
    /// At home between two looks; none in a daemon that does not look.
    looker: Option<Box<Looker>>,
    next: Instant,
    looked: Option<Instant>,
    took: Duration,
    watched_until: Option<Instant>,
    hour: Hour,
    bucket: Bucket,
    latest: Look,
    by_run: HashMap<RunId, Usage>,
    /// Who asked before there was anything to tell. No more than there are connections.
    waiting: Vec<Reply<HostFigures>>,
}

/// A look that was taken, and who took it.
pub(crate) struct Looked {
    looker: Box<Looker>,
    look: Look,
    took: Duration,
}

/// When the next look is due after one that took so long.
fn pause(watched: bool, took: Duration) -> Duration {
    let (least, factor) = if watched { WATCHED } else { USUAL };
    least.max(took.saturating_mul(factor))
}

impl Sampling {
    /// Looks for the first time at once. A daemon that is there for a single run shows no curves, and never looks.
    pub(crate) fn new(options: &Options) -> Self {
        let keeper = nix::unistd::getppid().as_raw();
        let looker = (options.only.is_none()).then(|| Looker::new(&options.data, keeper));
        Sampling {
            machine: machine(),
            looker: looker.map(Box::new),
            next: Instant::now(),
            looked: None,
            took: Duration::ZERO,
            watched_until: None,
            hour: Hour::default(),
            bucket: Bucket::default(),
            latest: Look::default(),
            by_run: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    /// The machine's name.
    pub(crate) fn hostname(&self) -> &str {
        &self.machine.hostname
    }

    /// When a look is due; none while one is under way.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.looker.as_ref().map(|_| self.next)
    }

    /// Somebody wants to see figures: look sooner for a while.
    fn watch(&mut self) {
        let now = Instant::now();
        self.watched_until = Some(now + WATCHES);
        if let Some(looked) = self.looked {
            self.next = self.next.min(looked + pause(true, self.took)).max(now);
        }
    }

    /// Puts what each run uses beside what it does.
    pub(crate) fn fill(&self, units: &mut [UnitStatus]) {
        for instance in units.iter_mut().flat_map(|unit| &mut unit.instances) {
            let run = instance.run_id.filter(|_| instance.uptime.is_some());
            instance.usage = run.and_then(|run| self.by_run.get(&run).copied());
        }
    }

    /// The last look.
    pub(crate) fn latest(&self) -> &Look {
        &self.latest
    }

    fn host(&self, started_at: Timestamp) -> Option<HostFigures> {
        // The first look has nothing to compare with.
        self.latest.since?;
        Some(HostFigures {
            machine: self.machine.clone(),
            look: self.latest.clone(),
            started_at,
            now: clock::now().wall,
        })
    }

    fn take_in(
        &mut self,
        now: Now,
        look: Look,
        unit_of: impl Fn(RunId) -> Option<UnitName>,
    ) -> Option<Write> {
        let full = self.bucket.turn(now.wall);
        if let Some(since) = look.since {
            let mut used: BTreeMap<Subject, Usage> = BTreeMap::new();
            used.extend(look.host.map(|host| (Subject::Host, host.usage)));
            used.extend(look.daemon.map(|daemon| (Subject::Daemon, daemon.usage)));
            for run in &look.runs {
                let Some(unit) = unit_of(run.run) else {
                    continue;
                };
                let sum = used.entry(Subject::Unit(unit)).or_default();
                sum.cpu_percent += run.usage.cpu_percent;
                sum.memory_bytes += run.usage.memory_bytes;
            }
            for (subject, usage) in &used {
                self.hour.add(subject, since, look.at, *usage);
                self.bucket.add(subject, look.at.since(since), *usage);
            }
        }
        self.hour.forget_old(look.at);
        self.by_run = look.runs.iter().map(|run| (run.run, run.usage)).collect();
        self.latest = look;
        full.map(Write::Samples)
    }
}

impl MainLoop {
    /// It is time to look.
    pub(crate) fn begin_look_at_use(&mut self) {
        let Some(mut looker) = self.sampling.looker.take() else {
            return;
        };
        let watched = self.live.iter().filter_map(|(run, live)| {
            Some(Watched {
                run: *run,
                pid: live.pid?,
                since: live.since,
                group: None,
            })
        });
        let (watched, back) = (watched.collect(), self.back.clone());
        tokio::task::spawn_blocking(move || {
            let at = clock::now().mono;
            let look = looker.look(at, watched);
            let took = clock::now().mono.since(at);
            let _ = back.send(Back::Looked(Box::new(Looked { looker, look, took })));
        });
    }

    pub(crate) fn handle_looked(&mut self, looked: Looked) {
        self.look_for_stale();
        let Looked { looker, look, took } = looked;
        let sampling = &mut self.sampling;
        let now = Instant::now();
        sampling.looker = Some(looker);
        sampling.looked = Some(now);
        sampling.took = took;
        let watched = sampling.watched_until.is_some_and(|until| until > now);
        sampling.next = now
            + match look.since {
                None => SECOND_LOOK,
                Some(_) => pause(watched, took),
            };
        for run in &look.runs {
            if let Some(live) = self.live.get(&run.run) {
                self.journal.tally.used(&live.unit, run.cpu);
            }
        }
        let live = &self.live;
        let unit_of = |run| live.get(&run).map(|live| live.unit.clone());
        let full = sampling.take_in(clock::now(), look, unit_of);
        if let Some(host) = sampling.host(self.situation.started_at) {
            for reply in sampling.waiting.drain(..) {
                let _ = reply.send(host.clone());
            }
        }
        if let Some(full) = full {
            self.journal.write(full);
            self.journal.flush();
        }
    }

    /// What is being measured is written down, because this daemon leaves.
    pub(crate) fn write_last_samples(&mut self) {
        if let Some(full) = self.sampling.bucket.end() {
            self.journal.write(Write::Samples(full));
        }
    }

    /// Tells of the machine and of the daemon; if need be, as soon as there is something to tell.
    pub(crate) fn tell_host(&mut self, reply: Reply<HostFigures>) {
        let sampling = &mut self.sampling;
        sampling.watch();
        match sampling.host(self.situation.started_at) {
            Some(host) => {
                let _ = reply.send(host);
            }
            None => {
                sampling.waiting.retain(|waiting| !waiting.is_closed());
                sampling.waiting.push(reply);
            }
        }
    }

    /// Tells what is known of the last hour of a subject.
    pub(crate) fn tell_hour(&mut self, subject: &Subject, reply: Reply<Vec<Span>>) {
        self.sampling.watch();
        let now = clock::now();
        let stretches = self.sampling.hour.of(subject, now.mono);
        let span = |from: Mono, usage| {
            let wall = |at: Mono| {
                let ago = jiff::SignedDuration::try_from(now.mono.since(at)).ok()?;
                now.wall.checked_sub(ago).ok()
            };
            Some(Span {
                from: wall(from)?,
                until: wall(from.plus(STEP).min(now.mono))?,
                usage,
            })
        };
        let spans = stretches
            .iter()
            .filter_map(|stretch| span(stretch.from, stretch.usage));
        let _ = reply.send(spans.collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_that_take_long_are_taken_seldom() {
        let ms = Duration::from_millis;
        assert_eq!(pause(false, ms(4)), ms(15_000));
        assert_eq!(pause(false, ms(40)), ms(40_000));
        assert_eq!(pause(true, ms(4)), ms(3_000));
        assert_eq!(pause(true, ms(40)), ms(4_000));
    }
}
