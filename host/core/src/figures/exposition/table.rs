//! The one list of metrics.
//!
//! Names follow Prometheus: a unit at the end, `_total` added to counters when they are written. What a daemon of any
//! kind has is called `process_…`, as everywhere.

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Only grows, from 0 at the daemon's start.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often something took how long.
    Histogram,
    /// Facts as labels; its value is 1.
    Info,
}

impl Type {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
            Type::Histogram => "histogram",
            Type::Info => "info",
        }
    }
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, without what its type adds.
    pub name: &'static str,
    /// What it is.
    pub of: Type,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, without a full stop.
    pub help: &'static str,
}

impl Metric {
    /// The unit that its name ends in, if any.
    pub fn unit(&self) -> Option<&'static str> {
        ["seconds", "bytes"]
            .into_iter()
            .find(|unit| self.name.ends_with(&format!("_{unit}")))
    }

    /// The name under which it is asked for.
    pub fn series(&self) -> String {
        let end = match self.of {
            Type::Counter => "_total",
            Type::Info => "_info",
            Type::Gauge => "",
            Type::Histogram => "_bucket",
        };
        format!("{}{end}", self.name)
    }
}

const fn metric(
    of: Type,
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric {
        name,
        of,
        labels,
        help,
    }
}

/// Writes the constants and the list from one text, so that none can be forgotten.
macro_rules! metrics {
    ($($constant:ident: $of:ident $name:literal [$($label:literal),*] $help:literal;)+) => {
        $(
            #[doc = $help]
            pub const $constant: Metric = metric(Type::$of, $name, &[$($label),*], $help);
        )+

        /// Every metric, in the order in which they are told.
        pub const METRICS: &[Metric] = &[$($constant),+];
    };
}

metrics! {
    BUILD: Info "runwisp_build" ["version"] "The program that answers";
    UNIT: Info "runwisp_unit" ["unit", "kind", "group"] "A unit of the configuration in force";

    RUNS: Counter "runwisp_runs" ["unit", "outcome"] "Runs that ended, by how; ticks that were not run end as skipped, missed and so on";
    RUNS_BEGUN: Counter "runwisp_runs_begun" ["unit", "trigger"] "Runs that were queued or started, by why";
    RUN_DURATION: Histogram "runwisp_run_duration_seconds" ["unit"] "How long the processes of ended runs lived";
    LAST_RUN_SUCCESSFUL: Gauge "runwisp_unit_last_run_successful" ["unit"] "1 if the newest ended run of the unit succeeded, else 0; known over restarts of the daemon";
    LAST_RUN_END: Gauge "runwisp_unit_last_run_end_timestamp_seconds" ["unit"] "When the newest ended run of the unit ended";

    SERVICE_RESTARTS: Counter "runwisp_service_restarts" ["unit"] "How often an instance that ended was started again by its restart policy";
    SERVICE_INSTANCES: Gauge "runwisp_service_instances" ["unit", "state"] "Instances of a service, by state";
    SERVICE_WANTED: Gauge "runwisp_service_instances_configured" ["unit"] "Instances that the configuration asks for";

    TASK_ACTIVE: Gauge "runwisp_task_active_runs" ["unit"] "Runs of a task whose process is there or about to be";
    TASK_QUEUE: Gauge "runwisp_task_queue_depth" ["unit"] "Runs of a task that wait for a slot or for their next try";
    NEXT_RUN: Gauge "runwisp_unit_next_run_timestamp_seconds" ["unit"] "When the schedule is due next";
    TICKS: Counter "runwisp_schedule_ticks" ["unit", "result"] "Ticks of a schedule, by what became of them: started, or the outcome of one that was not; one missed stands for all of a gap";
    LAG: Histogram "runwisp_schedule_lag_seconds" ["unit"] "From the tick of a schedule to the start of its process, jitter and waiting included";
    OVERDUE: Counter "runwisp_unit_overdue" ["unit"] "How often no run finished in the time that expect_by or max_silence allows";

    UNIT_CPU: Counter "runwisp_unit_cpu_seconds" ["unit"] "Processor time of the runs of a unit, as seen by a look every few seconds";
    UNIT_MEMORY: Gauge "runwisp_unit_memory_bytes" ["unit"] "Memory that the runs of a unit hold: resident sizes, or what their cgroup counts";

    LOG: Counter "runwisp_log_bytes" ["unit"] "Bytes that runs printed and that were kept, also of runs that still run";
    LOG_DROPPED: Counter "runwisp_log_dropped_bytes" ["unit"] "Bytes that ended runs printed and that were not kept";

    DELIVERIES: Counter "runwisp_deliveries" ["notifier", "state"] "Messages that came to their end, by which";
    DELIVERIES_WAITING: Gauge "runwisp_deliveries_waiting" ["notifier"] "Messages that have not come to their end";
    ATTEMPTS: Counter "runwisp_delivery_attempts" ["notifier", "result"] "Attempts to deliver a message, by what came of them";
    CALLS: Counter "runwisp_plugin_calls" ["plugin", "result"] "Calls of plugins of notifiers, by what came of them";
    CALL_DURATION: Histogram "runwisp_plugin_call_duration_seconds" ["plugin"] "How long calls of plugins of notifiers took, waiting for their turn included";
    SUSPENSIONS: Counter "runwisp_plugin_suspensions" ["plugin"] "How often a plugin failed so often that it was left alone for a while";

    TROUBLE: Gauge "runwisp_trouble" ["part"] "1 for each part of the daemon's own means that is in trouble";
    FOLLOWERS: Gauge "runwisp_followers" [] "Connections that follow events or output";
    CONFIG_STALE: Gauge "runwisp_config_stale" [] "1 if the configuration has changed on disk since it was loaded";
    RELOAD_SUCCESSFUL: Gauge "runwisp_config_last_reload_successful" [] "1 if the last attempt to load the configuration succeeded, else 0";
    RELOAD_TIME: Gauge "runwisp_config_last_reload_success_timestamp_seconds" [] "When the configuration in force was loaded";
    CLOCK_JUMPS: Counter "runwisp_clock_jumps" [] "How often the wall clock was set, or the machine slept";
    COMMIT_DURATION: Histogram "runwisp_store_commit_duration_seconds" [] "How long commits of the history took";
    COMMITS_FAILED: Counter "runwisp_store_failed_commits" [] "Commits of the history that failed; they are tried again";
    TURN_DURATION: Histogram "runwisp_loop_turn_duration_seconds" [] "How long turns of the daemon's loop took";
    DISK_SIZE: Gauge "runwisp_data_disk_size_bytes" [] "Size of the file system with the data directory";
    DISK_FREE: Gauge "runwisp_data_disk_free_bytes" [] "What the daemon's user may still use of it";
    KEEPER_MEMORY: Gauge "runwisp_keeper_memory_bytes" [] "Resident size of the keeper";

    CPU: Counter "process_cpu_seconds" [] "Processor time of the daemon, user and system";
    MEMORY: Gauge "process_resident_memory_bytes" [] "Resident size of the daemon";
    OPEN_FDS: Gauge "process_open_fds" [] "Open descriptors of the daemon";
    MAX_FDS: Gauge "process_max_fds" [] "The most descriptors the daemon may open";
    THREADS: Gauge "process_threads" [] "Threads of the daemon";
    START_TIME: Gauge "process_start_time_seconds" [] "When the daemon took over";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The rules of OpenMetrics 1.0 and of Prometheus about names.
    #[test]
    fn names_follow_the_rules() {
        let mut seen = BTreeSet::new();
        for metric in METRICS {
            let name = metric.name;
            assert!(seen.insert(name), "{name} twice");
            assert!(name.starts_with("runwisp_") || name.starts_with("process_"));
            let fine = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(name.chars().all(fine), "{name}");
            let reserved = ["_total", "_info", "_bucket", "_count", "_sum", "_created"];
            assert!(!reserved.iter().any(|end| name.ends_with(end)), "{name}");
            assert!(!metric.help.ends_with('.') && !metric.labels.contains(&"le"));
            assert!(metric.of != Type::Histogram || metric.unit() == Some("seconds"));
        }
    }
}
