import { expect, it } from "vitest";
import type { Outcome, Run } from "../../lib/wire";
import { some } from "./example";
import { sentence, verdict } from "./verdict";

const now = Date.parse("2026-11-24T10:02:00Z");
const say = (more: Partial<Run>) => sentence({ ...some, ...more }, now);

it("says how it ended, after how long, and why", () => {
  expect(say({})).toBe("Failed after 933 ms: exit code 3");
  expect(say({ outcome: "succeeded", exit_code: 0, message: "exited 0" })).toBe("Succeeded in 933 ms");
  expect(say({ outcome: "succeeded", message: "exited 0; 1.5 MiB of output not kept" })).toBe(
    "Succeeded in 933 ms: exit code 0; 1.5 MiB of output not kept",
  );
  expect(say({ message: "exited 75 (temporary failure)" })).toBe(
    "Failed after 933 ms: exit code 75 (temporary failure)",
  );
  expect(say({ signal: 9, exit_code: null, message: "killed by SIGKILL" })).toBe(
    "Failed after 933 ms: killed by SIGKILL",
  );
});

it("says of one without a process only why", () => {
  const never = { started_at: null, duration_ms: null };
  expect(say({ ...never, outcome: "skipped", message: "another run was active" })).toBe(
    "Skipped: another run was active",
  );
  expect(say({ ...never, outcome: "start_failed", message: "no such file: /bin/x" })).toBe(
    "Could not be started: no such file: /bin/x",
  );
});

it("says of one that lives how long it has", () => {
  const living = { outcome: null, ended_at: null, duration_ms: null, message: null };
  expect(say({ ...living, state: "running" })).toBe("Running for 1m 59s");
  expect(say({ ...living, state: "queued" })).toBe("Waiting for 1m 59s: all of its task's slots are taken");
  expect(verdict({ ...some, ...living, state: "starting" }, now).tone).toBe("busy");
});

it("has words for every outcome", () => {
  const outcomes: Outcome[] = [
    "succeeded",
    "failed",
    "timeout",
    "stopped",
    "start_failed",
    "unhealthy",
    "oom_killed",
    "log_overflow",
    "interrupted",
    "daemon_stopped",
    "skipped",
    "queue_full",
    "missed",
    "dst_skipped",
  ];
  for (const outcome of outcomes) expect(verdict({ ...some, outcome }, now).head).not.toContain("_");
  // A later daemon may know more.
  expect(verdict({ ...some, outcome: "eaten" as Outcome }, now).head).toBe("eaten after 933 ms");
});
