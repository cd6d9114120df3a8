import { expect, test } from "vitest";
import { bins, dayName, daysOf, minuteOf, plus } from "./days";
import type { Run } from "./wire";

test("days go on over months, years and clock changes", () => {
  expect(plus("2026-12-31", 1)).toBe("2027-01-01");
  expect(plus("2026-03-01", -1)).toBe("2026-02-28");
  expect(plus("2026-03-28", 2)).toBe("2026-03-30");
  expect(dayName("2026-11-24")).toBe("Tue 24 Nov");
});

test("a moment stands where the clocks of the zone show it", () => {
  expect(minuteOf(new Date("2026-11-24T23:30:00Z"), "Europe/Berlin")).toBe(30);
  expect(minuteOf(new Date("2026-07-01T10:05:00Z"), "Europe/Berlin")).toBe(12 * 60 + 5);
});

test("what falls together is counted together", () => {
  const found = bins(
    [
      { minute: 0, tone: "good" },
      { minute: 14, tone: "bad" },
      { minute: 14, tone: "bad" },
      { minute: 1439, tone: "planned" },
    ],
    96,
  );
  expect(found).toEqual([
    { slot: 0, good: 1, bad: 2, other: 0, planned: 0 },
    { slot: 95, good: 0, bad: 0, other: 0, planned: 1 },
  ]);
});

test("runs and firings stand on the day of the zone, and days that may lack some say so", () => {
  const run = (id: string, created_at: string, more: Partial<Run> = {}) =>
    ({ id, kind: "task", unit: "a", outcome: "succeeded", scheduled_at: null, created_at, ...more }) as Run;
  const runs = [
    run("r3", "2026-11-24T23:30:00Z"),
    run("r2", "2026-11-24T10:00:01Z", { scheduled_at: "2026-11-24T10:00:00Z" }),
    run("s1", "2026-11-24T09:00:00Z", { kind: "service" }),
    run("r1", "2026-11-23T10:00:00Z"),
  ];
  const firings = [{ unit: "a", at: "2026-11-26T02:30:00+01:00", note: null }];
  const days = daysOf("2026-11-22", 6, runs, firings, { runs: false, firings: true }, "Europe/Berlin");
  expect(days.map((one) => [one.date, one.entries.map((entry) => entry.run_id), one.more])).toEqual([
    ["2026-11-22", [], true],
    ["2026-11-23", ["r1"], true],
    ["2026-11-24", ["r2"], false],
    ["2026-11-25", ["r3"], false],
    ["2026-11-26", [null], false],
    ["2026-11-27", [], false],
  ]);
  expect(days[2]?.entries[0]?.at).toBe("2026-11-24T10:00:00Z");
});
