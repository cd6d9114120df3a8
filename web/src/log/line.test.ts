import { describe, expect, it } from "vitest";
import { copied, held, range, rangeText, since, time } from "./line";

const told = (n: number, text: string, more: object = {}) => ({
  n,
  ts: "2026-11-24T10:00:00.250Z",
  stream: "stdout",
  text,
  ...more,
});

describe("lines", () => {
  it("are pieces of one where they share its number", () => {
    const lines = held([told(1, "a"), told(1, "b"), told(2, "c")]);
    expect(lines.map((line) => line.piece)).toEqual([false, true, false]);
    expect(held([told(2, "d")], lines[2])[0]?.piece).toBe(true);
  });

  it("are copied with and without times, pieces joined, gaps told", () => {
    const lines = held([
      told(1, "\x1b[31mone"),
      told(2, "tw", { stream: "stderr" }),
      told(2, "o"),
      told(3, "three", { missing_bytes: 7 }),
    ]);
    expect(copied(lines, false)).toBe("one\ntwo\n[7 bytes not kept]\nthree\n");
    expect(copied(lines, true)).toBe(
      "2026-11-24T10:00:00.250Z stdout one\n2026-11-24T10:00:00.250Z stderr two\n[7 bytes not kept]\n2026-11-24T10:00:00.250Z stdout three\n",
    );
    expect(copied(lines.slice(3), false)).toBe("[7 bytes not kept]\nthree\n");
    expect(copied([], true)).toBe("");
  });
});

describe("times", () => {
  const line = held([told(1, "a")])[0];
  it("are of day, since the beginning, or none", () => {
    if (!line) throw new Error("no line");
    expect(time(line, "clock", 0)).toMatch(/^\d\d:\d\d:00\.250$/);
    expect(time(line, "since", Date.parse("2026-11-24T09:58:57Z"))).toBe("+1:03.250");
    expect(time(line, "off", 0)).toBe("");
  });

  it("grow with the length", () => {
    expect([0, 3204, 123_004, 3_723_000, 349_323_000, -250].map(since)).toEqual([
      "+0.000",
      "+3.204",
      "+2:03.004",
      "+1:02:03",
      "+4d 01:02:03",
      "−0.250",
    ]);
  });
});

describe("places in an address", () => {
  it("are one line or some", () => {
    expect(range("12")).toEqual({ from: 12, to: 12 });
    expect(range("20-12")).toEqual({ from: 12, to: 20 });
    for (const bad of ["", "0", "-1", "a", "1-", "1e9", "99999999999999999999", null])
      expect(range(bad)).toBeUndefined();
    expect(rangeText({ from: 3, to: 3 })).toBe("3");
    expect(rangeText({ from: 3, to: 9 })).toBe("3-9");
  });
});
