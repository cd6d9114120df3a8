// The documents of the API, by the names the page uses. Written by hand until `openapi.json` lands; then these are
// aliases of `api.gen.d.ts`.

export type Kind = "task" | "service";
export type InstanceState =
  "stopped" | "waiting" | "starting" | "running" | "unhealthy" | "backoff" | "stopping" | "exited" | "fatal";
export type RunState = "queued" | "starting" | "running" | "stopping" | "ended";
export type Outcome =
  | "succeeded"
  | "failed"
  | "timeout"
  | "stopped"
  | "start_failed"
  | "unhealthy"
  | "oom_killed"
  | "log_overflow"
  | "interrupted"
  | "daemon_stopped"
  | "skipped"
  | "queue_full"
  | "missed"
  | "dst_skipped";
export type Trigger =
  "schedule" | "catch_up" | "manual" | "start" | "retry" | "restart" | "chain" | "hook" | "watch" | "reload";
export type Scope = "read" | "operate" | "admin";

export interface Session {
  kind: "socket" | "session" | "token" | "hook" | "open";
  name: string;
  scope: Scope;
  units: string[] | null;
  expires_at: string | null;
  from: string | null;
}

export interface Daemon {
  version: string;
  pid: number;
  daemon_pid: number;
  started_at: string;
  binary: string;
  config: string;
  data: string;
  config_stale: boolean;
  stopping: boolean;
  warnings: string[];
  timezone?: string;
  hostname?: string;
  listen?: string | null;
  url?: string | null;
  config_loaded_at?: string;
}

export interface Instance {
  index: number;
  state: InstanceState;
  pid: number | null;
  run_id: string | null;
  uptime_ms: number | null;
  restarts: number;
  retry_in_ms: number | null;
  message: string | null;
  health?: { state: string; last_at: string | null; message: string | null } | null;
  usage?: { cpu_percent: number; memory_bytes: number } | null;
}

export interface Schedule {
  expression: string;
  timezone: string;
  words: string;
}

export interface Param {
  name: string;
  type: string;
  default: string | null;
  required: boolean;
  choices: string[];
  allow_custom?: boolean;
  description: string | null;
}

export interface Definition {
  command: string | null;
  argv: string[] | null;
  shell: string | null;
  source: { file: string; line: number } | null;
  working_dir: string | null;
  user: string | null;
  env: { name: string; value: string | null; secret: boolean }[];
  settings: { key: string; value: string }[];
  depends_on: string[];
  schedules: Schedule[];
  params: Param[];
  manual_trigger: boolean;
}

export interface Unit {
  name: string;
  kind: Kind;
  group: string | null;
  description: string | null;
  state: InstanceState;
  next_run_at: string | null;
  instances: Instance[];
  last_run: Run | null;
  definition?: Definition;
}

export interface Run {
  id: string;
  unit: string;
  kind: Kind;
  instance: number;
  attempt: number;
  execution_id: string;
  trigger: Trigger;
  state: RunState;
  outcome: Outcome | null;
  exit_code: number | null;
  signal: number | null;
  pid: number | null;
  scheduled_at: string | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  duration_ms: number | null;
  max_rss_bytes: number | null;
  cpu_ms: number | null;
  log_bytes: number;
  log_dropped_bytes: number;
  message: string | null;
  params?: Record<string, string> | null;
}

export interface Finding {
  message?: string;
  [key: string]: unknown;
}

export interface Problem {
  code: string;
  message: string;
  help: string | null;
  errors?: Finding[];
  rendered?: string;
  status?: number;
  title?: string;
}

export interface Reload {
  applied: boolean;
  added: string[];
  changed: { name: string; keys: string[] }[];
  removed: string[];
  settings: string[];
  warnings: Finding[];
}

export interface Firing {
  unit: string | null;
  at: string;
  note: string | null;
}

export interface LogLine {
  unit: string;
  run_id: string;
  instance: number;
  n: number;
  ts: string;
  stream: string;
  text: string;
  missing_bytes?: number;
}

interface Base {
  seq: number;
  at: string;
}

export type RunEvent = Base & {
  event: "run";
  run: string;
  unit: string;
  kind: Kind;
  instance: number;
  state: RunState;
  outcome: Outcome | null;
  message: string | null;
};
export type InstanceEvent = Base & {
  event: "instance";
  unit: string;
  instance: number;
  state: InstanceState;
  message: string | null;
};
export type Envelope =
  | RunEvent
  | InstanceEvent
  | (Base & { event: "overdue"; unit: string; expected_by: string })
  | (Base & { event: "clock_jump"; by_ms: number })
  | (Base & { event: "reloaded"; changed: string[] })
  | (Base & { event: "daemon_started"; version: string })
  | (Base & { event: "daemon_stopping" })
  | (Base & { event: "config_stale"; stale: boolean })
  | (Base & { event: "degraded"; part: string; message: string | null })
  | (Base & {
      event: "delivery";
      delivery: string;
      notifier: string;
      unit: string | null;
      kind: string;
      state: string;
      message: string | null;
    })
  | (Base & {
      event: "notification";
      notification: string;
      kind: string;
      unit: string | null;
      title: string;
      count: number;
    });

export interface Sample {
  at: string;
  cpu_percent: number;
  memory_bytes: number;
}
export interface Samples {
  step_ms: number;
  samples: Sample[];
}

export interface Host {
  hostname: string;
  os: string;
  arch: string;
  cores: number;
  uptime_ms: number;
  load: number[];
  cpu_percent: number | null;
  memory: { total_bytes: number; used_bytes: number };
  disk: { total_bytes: number; free_bytes: number } | null;
  daemon: {
    cpu_percent: number | null;
    memory_bytes: number;
    open_fds: number;
    threads: number;
    uptime_ms: number;
  };
  keeper: { memory_bytes: number } | null;
}

export interface RunSummary {
  succeeded: number;
  failed: number;
  other: number;
  running: number;
  last_failure: Run | null;
}

/** A run, or a firing that is still to come: that has no run. */
export interface CalendarEntry {
  at: string;
  unit: string;
  run_id: string | null;
  outcome: Outcome | null;
}

export interface Bulk {
  affected: number;
  skipped: { id: string; why: string }[];
  /** The new runs of `rerun`. */
  runs: string[];
  /** More runs fit than are taken at once. */
  more: boolean;
}
