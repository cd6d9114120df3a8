import { expect, test } from "vitest";
import { bins, dayName, daysOf, isDate, minuteOf, plus } from "./days";
import type { Calendar, CalendarTick } from "./wire";

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

test("only a date is a date", () => {
  expect(isDate("2026-11-24")).toBe(true);
  for (const text of ["", "today", "2026-11", "2026-13-01", "2026-11-24T10:00"])
    expect(isDate(text)).toBe(false);
});

test("the times of all tasks stand in one order, and what is due often is counted", () => {
  const tick = (at: string, run_id: string | null = null, outcome: CalendarTick["outcome"] = null) =>
    ({ at, run_id, outcome, note: null }) satisfies CalendarTick;
  const calendar: Calendar = {
    timezone: "Europe/Berlin",
    now: "2026-11-24T12:00:00Z",
    complete_since: "2026-11-23T23:30:00Z",
    days: [
      { date: "2026-11-23", units: [] },
      {
        date: "2026-11-24",
        units: [
          {
            unit: "a",
            fired: 2,
            outcomes: { succeeded: 1, failed: 1 },
            due: 0,
            due_is_floor: false,
            ticks: [
              tick("2026-11-24T01:00:00Z", "r1", "succeeded"),
              tick("2026-11-24T09:00:00Z", "r3", "failed"),
            ],
          },
          {
            unit: "b",
            fired: 700,
            outcomes: { succeeded: 690, timeout: 7, skipped: 2 },
            due: 720,
            due_is_floor: true,
            ticks: [],
          },
          {
            unit: "c",
            fired: 0,
            outcomes: {},
            due: 1,
            due_is_floor: false,
            ticks: [tick("2026-11-24T08:00:00Z")],
          },
        ],
      },
      { date: "2026-11-25", units: [] },
    ],
  };
  const days = daysOf(calendar);
  expect(days.map((one) => [one.date, one.more])).toEqual([
    ["2026-11-23", true],
    ["2026-11-24", true],
    ["2026-11-25", false],
  ]);
  const day = days[1];
  expect(day?.entries.map((entry) => [entry.unit, entry.run_id])).toEqual([
    ["a", "r1"],
    ["c", null],
    ["a", "r3"],
  ]);
  expect(day?.often).toEqual([{ unit: "b", fired: 700, failed: 7, planned: 720, least: true }]);
  expect(day).toMatchObject({ fired: 702, failed: 8, planned: 721, least: true });
});
