import { expect, test } from "vitest";
import { bins, dayName, minuteOf, plus } from "./days";

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
      { minute: 0, count: 1, tone: "good" },
      { minute: 14, count: 2, tone: "bad" },
      { minute: 1439, count: 5, tone: "planned" },
    ],
    96,
  );
  expect(found).toEqual([
    { slot: 0, good: 1, bad: 2, other: 0, planned: 0 },
    { slot: 95, good: 0, bad: 0, other: 0, planned: 5 },
  ]);
});
