// What became of a run, as one sentence. Pure; tests are in verdict.test.ts.
import { duration } from "../../lib/format";
import type { Outcome, Run } from "../../lib/wire";
import { OUTCOMES, type Tone } from "../../lib/words";

export interface Verdict {
  tone: Tone;
  /** The beginning, printed large: `Failed after 933 ms`. */
  head: string;
  /** The cause, in the daemon's words, or empty. */
  cause: string;
}

const HEADS: Record<Outcome, string> = {
  succeeded: "Succeeded",
  failed: "Failed",
  timeout: "Timed out",
  stopped: "Stopped",
  start_failed: "Could not be started",
  unhealthy: "Ended as unhealthy",
  oom_killed: "Ran out of memory",
  log_overflow: "Ended because it printed too much",
  interrupted: "Interrupted",
  daemon_stopped: "Ended with runwisp",
  skipped: "Skipped",
  queue_full: "Turned away: the queue was full",
  missed: "Missed",
  dst_skipped: "Left out: the clocks went back",
};

/** How a run stands, or how it ended. `now` is for one that lives. */
export function verdict(run: Run, now: number): Verdict {
  const cause = run.message ?? "";
  if (run.state !== "ended" || run.outcome === null) return living(run, now, cause);
  // A later daemon may know outcomes that this page does not.
  const head = HEADS[run.outcome] ?? run.outcome;
  const tone = OUTCOMES[run.outcome]?.tone ?? "idle";
  const lived = run.duration_ms !== null && run.started_at !== null;
  const joined = run.outcome === "succeeded" ? "in" : "after";
  return {
    tone,
    head: lived ? `${head} ${joined} ${duration(run.duration_ms ?? 0)}` : head,
    cause: plainer(cause, run),
  };
}

function living(run: Run, now: number, cause: string): Verdict {
  const since = (at: string | null): string => (at ? duration(Math.max(0, now - Date.parse(at))) : "");
  switch (run.state) {
    case "queued":
      return {
        tone: "idle",
        head: `Waiting for ${since(run.created_at)}`,
        cause: cause || "all of its task's slots are taken",
      };
    case "starting":
      return { tone: "busy", head: "Starting", cause };
    case "stopping":
      return {
        tone: "busy",
        head: "Stopping",
        cause: cause || `asked to end; running for ${since(run.started_at)}`,
      };
    default:
      return { tone: "busy", head: `Running for ${since(run.started_at)}`, cause };
  }
}

// "exited 0" says nothing new about a run that succeeded; "exited 3" is "exit code 3" to people.
function plainer(cause: string, run: Run): string {
  if (run.outcome === "succeeded" && cause === "exited 0") return "";
  return cause.replace(/^exited (\d+)/, "exit code $1");
}

/** In one line, for titles and screen readers: `failed after 933 ms: exit code 3`. */
export function sentence(run: Run, now: number): string {
  const { head, cause } = verdict(run, now);
  return cause ? `${head}: ${cause}` : head;
}
