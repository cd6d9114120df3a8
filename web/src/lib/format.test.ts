import { expect, test } from "vitest";
import { bytes, clock, count, day, duration, exact, percent, plural, relative } from "./format";

test("lengths have two units at most and never round up to what they are not", () => {
  const said: [number, string][] = [
    [0, "0 ms"],
    [999, "999 ms"],
    [1_000, "1 s"],
    [3_290, "3.2 s"],
    [9_999, "9.9 s"],
    [59_999, "59 s"],
    [60_000, "1m 00s"],
    [3_599_999, "59m 59s"],
    [7_800_000, "2h 10m"],
    [86_400_000 * 3 + 3_600_000 * 4, "3d 4h"],
    [-61_000, "-1m 01s"],
    [Number.NaN, "–"],
  ];
  for (const [ms, words] of said) expect(duration(ms)).toBe(words);
});

test("sizes, counts and shares", () => {
  expect([0, 999, 1_000, 4_249, 999_500, 18_400_000, 1_300_000_000].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1 kB",
    "4.2 kB",
    "1 MB",
    "18 MB",
    "1.3 GB",
  ]);
  expect([0, 1_204, 12_500, 999_499, 2_000_000].map(count)).toEqual(["0", "1,204", "12.5k", "999.5k", "2M"]);
  expect([0, 0.04, 0.44, 9.96, 37.2, 100].map(percent)).toEqual(["0%", "0%", "0.4%", "10%", "37%", "100%"]);
  expect(plural(1, "run")).toBe("1 run");
  expect(plural(0, "day is", "days are")).toBe("0 days are");
});

test("distances in time", () => {
  expect(relative(1_000, 0)).toBe("now");
  expect(relative(-240_000, 0)).toBe("4m ago");
  expect(relative(7_300_000, 0)).toBe("in 2h");
});

test("a time says as much of its date as is needed, in the zone asked for", () => {
  const now = new Date("2026-11-24T17:00:00Z");
  const at = (text: string) => clock(new Date(text), now, "Europe/Berlin");
  expect(at("2026-11-24T16:03:27Z")).toBe("17:03:27");
  expect(at("2026-11-24T23:30:00Z")).toBe("Wed 00:30");
  expect(at("2026-09-03T12:00:00Z")).toBe("3 Sep 14:00");
  expect(at("2025-11-03T13:00:00Z")).toBe("3 Nov 2025");
  expect(exact(new Date("2026-11-03T13:03:27Z"), "Europe/Berlin")).toMatch(
    /^Tue 3 Nov 2026, 14:03:27 (CET|GMT\+1)$/,
  );
  expect(day(new Date("2026-11-24T23:30:00Z"), "Europe/Berlin")).toBe("2026-11-25");
});
