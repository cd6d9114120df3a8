// What states and outcomes are called, and how they look. Pure; every value of the API has a row.
import type { InstanceState, Outcome, Run, RunState, Trigger } from "./wire";

/** The few meanings that have a colour and a shape. */
export type Tone = "good" | "bad" | "warn" | "busy" | "idle";

export interface Said {
  word: string;
  tone: Tone;
}

export const STATES: Record<InstanceState, Said> = {
  running: { word: "running", tone: "good" },
  starting: { word: "starting", tone: "busy" },
  stopping: { word: "stopping", tone: "busy" },
  waiting: { word: "waiting", tone: "busy" },
  backoff: { word: "backing off", tone: "warn" },
  unhealthy: { word: "unhealthy", tone: "bad" },
  fatal: { word: "given up", tone: "bad" },
  exited: { word: "exited", tone: "idle" },
  stopped: { word: "stopped", tone: "idle" },
};

export const OUTCOMES: Record<Outcome, Said> = {
  succeeded: { word: "succeeded", tone: "good" },
  failed: { word: "failed", tone: "bad" },
  timeout: { word: "timed out", tone: "bad" },
  start_failed: { word: "did not start", tone: "bad" },
  unhealthy: { word: "unhealthy", tone: "bad" },
  oom_killed: { word: "out of memory", tone: "bad" },
  log_overflow: { word: "printed too much", tone: "bad" },
  interrupted: { word: "interrupted", tone: "bad" },
  missed: { word: "missed", tone: "bad" },
  queue_full: { word: "queue full", tone: "warn" },
  stopped: { word: "stopped", tone: "idle" },
  daemon_stopped: { word: "daemon stopped", tone: "idle" },
  skipped: { word: "skipped", tone: "idle" },
  dst_skipped: { word: "skipped (clock change)", tone: "idle" },
};

export const RUN_STATES: Record<RunState, Said> = {
  queued: { word: "queued", tone: "busy" },
  starting: { word: "starting", tone: "busy" },
  running: { word: "running", tone: "busy" },
  stopping: { word: "stopping", tone: "busy" },
  ended: { word: "ended", tone: "idle" },
};

export const TRIGGERS: Record<Trigger, string> = {
  schedule: "schedule",
  catch_up: "catch-up",
  manual: "by hand",
  start: "start",
  retry: "retry",
  restart: "restart",
  chain: "chain",
  hook: "hook",
  watch: "file change",
  reload: "reload",
};

/** A later daemon may say what this page does not know. */
const unknown = (word: string): Said => ({ word: word.replaceAll("_", " "), tone: "idle" });

export const state = (value: InstanceState): Said => STATES[value] ?? unknown(value);
export const outcome = (value: Outcome): Said => OUTCOMES[value] ?? unknown(value);
export const trigger = (value: Trigger): string => TRIGGERS[value] ?? value;

/** Where a run is, or how it ended. */
export function runWord(run: Pick<Run, "state" | "outcome"> & { kind?: Run["kind"] }): Said {
  if (run.outcome) return outcome(run.outcome);
  // A service that runs is as it should be; a task that runs is busy.
  if (run.kind === "service" && run.state === "running") return STATES.running;
  return RUN_STATES[run.state] ?? unknown(run.state);
}

/** Whether nobody wanted it to end so. */
export const isFailure = (value: Outcome | null): boolean => value !== null && outcome(value).tone === "bad";

const SIGNALS: Record<number, string> = {
  1: "HUP",
  2: "INT",
  3: "QUIT",
  4: "ILL",
  6: "ABRT",
  7: "BUS",
  8: "FPE",
  9: "KILL",
  11: "SEGV",
  13: "PIPE",
  14: "ALRM",
  15: "TERM",
};
export const signalName = (number: number): string => `SIG${SIGNALS[number] ?? number}`;
