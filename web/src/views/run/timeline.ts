// The moments of a run, in order, with the time between them. Pure; tests are in timeline.test.ts.
import type { Run } from "../../lib/wire";

export interface Moment {
  what: string;
  at: number;
  /** Since the moment before, ms. */
  after: number | null;
  /** How much of the whole its stretch takes, 0 to 1; null for the first. */
  share: number | null;
}

/** Due, decided, started, ended: what of it has happened. */
export function timeline(run: Run, now: number): Moment[] {
  const known: [string, string | null][] = [
    ["due", run.scheduled_at],
    [run.state === "queued" ? "queued" : "decided", run.created_at],
    ["started", run.started_at],
    ["ended", run.ended_at],
  ];
  const moments: { what: string; at: number }[] = [];
  for (const [what, text] of known) if (text !== null) moments.push({ what, at: Date.parse(text) });
  // A tick that fires early by a rounding of clocks is no journey back in time.
  for (let i = 1; i < moments.length; i++) {
    const [before, moment] = [moments[i - 1], moments[i]];
    if (before && moment && moment.at < before.at) moment.at = before.at;
  }
  const first = moments[0]?.at ?? now;
  const last = run.ended_at === null ? now : (moments.at(-1)?.at ?? now);
  const whole = Math.max(1, last - first);
  return moments.map(({ what, at }, i) => {
    const before = moments[i - 1];
    return {
      what,
      at,
      after: before ? at - before.at : null,
      share: before ? (at - before.at) / whole : null,
    };
  });
}

/** Why a run began, in words. */
export const TRIGGERS: Record<Run["trigger"], string> = {
  schedule: "by its schedule",
  catch_up: "to make up for a missed tick",
  manual: "by hand",
  start: "as runwisp started",
  retry: "to try again",
  restart: "restarted after its end",
  chain: "after another unit",
  hook: "by a hook",
  watch: "as a file changed",
  reload: "as its definition changed",
};
