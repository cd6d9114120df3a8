import { expect, test } from "vitest";
import { grouped, matches, needsAttention, sorted } from "./groups";
import type { Run, Unit } from "./wire";

const unit = (name: string, more: Partial<Unit> = {}): Unit => ({
  name,
  kind: "task",
  group: null,
  description: null,
  state: "stopped",
  next_run_at: null,
  instances: [],
  last_run: null,
  ...more,
});
const run = (more: Partial<Run>): Run =>
  ({ outcome: "succeeded", created_at: "2026-01-01T00:00:00Z", ...more }) as Run;
const names = (units: Unit[]) => units.map((u) => u.name);

test("groups come by name, those without one last, and numbers count as numbers", () => {
  const groups = grouped([
    unit("z"),
    unit("web10", { group: "web" }),
    unit("web9", { group: "web" }),
    unit("a", { group: "db" }),
  ]);
  expect(groups.map((g) => [g.name, names(g.units)])).toEqual([
    ["db", ["a"]],
    ["web", ["web9", "web10"]],
    [null, ["z"]],
  ]);
});

test("a filter wants every word, anywhere", () => {
  const u = unit("backup", { group: "nightly", description: "Dumps the database" });
  expect(matches(u, "")).toBe(true);
  expect(matches(u, "DATA night")).toBe(true);
  expect(matches(u, "data weekly")).toBe(false);
});

test("a task that failed last, and a service in trouble, want attention", () => {
  expect(needsAttention(unit("a", { last_run: run({ outcome: "timeout" }) }))).toBe(true);
  expect(needsAttention(unit("a", { last_run: run({ outcome: "skipped" }) }))).toBe(false);
  expect(needsAttention(unit("a", { kind: "service", state: "backoff" }))).toBe(true);
  // A running service has been started again since its last run failed.
  expect(
    needsAttention(unit("a", { kind: "service", state: "running", last_run: run({ outcome: "failed" }) })),
  ).toBe(false);
});

test("columns sort both ways, with names between equals", () => {
  const units = [
    unit("b", { next_run_at: "2026-01-02T00:00:00Z" }),
    unit("a"),
    unit("c", { next_run_at: "2026-01-01T00:00:00Z", last_run: run({ outcome: "failed" }) }),
  ];
  expect(names(sorted(units, "name", true))).toEqual(["c", "b", "a"]);
  expect(names(sorted(units, "next", false))).toEqual(["c", "b", "a"]);
  expect(names(sorted(units, "state", false))).toEqual(["c", "a", "b"]);
});
