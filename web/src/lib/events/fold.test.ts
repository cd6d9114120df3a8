import { expect, test } from "vitest";
import type { Envelope, Instance, Run, RunEvent, Unit } from "../wire";
import { fold, foldRun, worst } from "./fold";

const instance = (index: number, more: Partial<Instance> = {}): Instance => ({
  index,
  state: "running",
  pid: 1,
  run_id: `r${index}`,
  uptime_ms: 5,
  restarts: 0,
  retry_in_ms: null,
  message: null,
  usage: null,
  ...more,
});
const unit = (name: string, more: Partial<Unit> = {}): Unit => ({
  name,
  kind: "service",
  group: null,
  description: null,
  state: "running",
  next_run_at: null,
  instances: [instance(0), instance(1)],
  last_run: null,
  ...more,
});
const ran = (more: Partial<RunEvent> = {}): RunEvent => ({
  seq: 1,
  at: "2026-11-24T10:00:05Z",
  event: "run",
  run: "r9",
  unit: "backup",
  kind: "task",
  instance: 0,
  state: "running",
  outcome: null,
  message: null,
  ...more,
});

test("an instance that changes changes its unit, and only that one", () => {
  const units = [unit("api"), unit("web")];
  const event: Envelope = {
    seq: 2,
    at: "2026-11-24T10:00:00Z",
    event: "instance",
    unit: "web",
    instance: 1,
    state: "backoff",
    message: "exited with 1",
  };
  const folded = fold(units, event);
  expect(folded.stale).toEqual(["web"]);
  expect(folded.units[0]).toBe(units[0]);
  expect(folded.units[1]?.state).toBe("backoff");
  expect(folded.units[1]?.instances.map((i) => i.state)).toEqual(["running", "backoff"]);
  expect(units[1]?.state).toBe("running");
});

test("an event about a unit that is not known yet asks for it", () => {
  const folded = fold([], ran());
  expect(folded).toEqual({ units: [], stale: ["backup"], everything: false });
});

test("a task's run comes, moves on and goes", () => {
  let units = [unit("backup", { kind: "task", state: "stopped", instances: [] })];
  const states = [];
  for (const state of ["queued", "starting", "running", "stopping"] as const) {
    units = fold(units, ran({ state })).units;
    states.push(units[0]?.state);
    expect(units[0]?.instances).toHaveLength(1);
  }
  expect(states).toEqual(["waiting", "starting", "running", "stopping"]);
  units = fold(units, ran({ state: "ended", outcome: "succeeded" })).units;
  expect(units[0]?.instances).toEqual([]);
});

test("a new configuration or daemon makes everything old", () => {
  const base = { seq: 3, at: "2026-11-24T10:00:00Z" };
  for (const event of [
    { ...base, event: "reloaded", changed: [] },
    { ...base, event: "daemon_started", version: "1" },
  ] satisfies Envelope[]) {
    expect(fold([], event).everything).toBe(true);
  }
  expect(fold([], { ...base, event: "clock_jump", by_ms: 5 }).everything).toBe(false);
});

test("the state that matters most stands for all", () => {
  expect(worst(["running", "fatal", "backoff"])).toBe("fatal");
  expect(worst(["stopped", "running"])).toBe("running");
  expect(worst([])).toBeUndefined();
});

test("a run takes its times from its events and never lives again", () => {
  const run = {
    id: "r9",
    state: "queued",
    outcome: null,
    started_at: null,
    ended_at: null,
    duration_ms: null,
    message: null,
  } as Run;
  const running = foldRun(run, ran());
  expect(running.started_at).toBe("2026-11-24T10:00:05Z");
  const ended = foldRun(
    running,
    ran({ state: "ended", outcome: "failed", message: "exited with 1", at: "2026-11-24T10:00:08.5Z" }),
  );
  expect(ended).toMatchObject({
    state: "ended",
    outcome: "failed",
    duration_ms: 3_500,
    message: "exited with 1",
  });
  expect(foldRun(ended, ran())).toBe(ended);
  expect(foldRun(ended, ran({ run: "other" }))).toBe(ended);
});
