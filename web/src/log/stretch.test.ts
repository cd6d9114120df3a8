import { describe, expect, it } from "vitest";
import type { Line } from "./line";
import { after, append, before, find, hasRoom, MOST_CHARS, MOST_LINES, prepend, stretch } from "./stretch";

const lines = (from: number, to: number, text = "x"): Line[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    n: from + i,
    at: 0,
    stderr: false,
    text,
    missing: 0,
    piece: false,
  }));
const ends = (of: { lines: readonly Line[] }) => [of.lines[0]?.n, of.lines.at(-1)?.n];

describe("a stretch", () => {
  it("lets go of the oldest when it grows at its end", () => {
    const grown = append(
      stretch(lines(1, MOST_LINES), true, true),
      lines(MOST_LINES + 1, MOST_LINES + 50),
      true,
    );
    expect(ends(grown)).toEqual([51, MOST_LINES + 50]);
    expect(grown.chars).toBe(MOST_LINES);
    expect([grown.atStart, grown.atEnd]).toEqual([false, true]);
  });

  it("lets go of the newest when it grows at its beginning", () => {
    const grown = prepend(stretch(lines(51, MOST_LINES + 50), false, true), lines(1, 50), true);
    expect(ends(grown)).toEqual([1, MOST_LINES]);
    expect([grown.atStart, grown.atEnd]).toEqual([true, false]);
  });

  it("is bounded by characters, too, but never empty", () => {
    const long = "x".repeat(MOST_CHARS / 2);
    const grown = append(stretch(lines(1, 2, long), true, true), lines(3, 4, long), true);
    expect(ends(grown)).toEqual([3, 4]);
    expect(ends(append(grown, lines(5, 5, `${long}${long}y`), true))).toEqual([5, 5]);
    expect(hasRoom(grown, 1, 1)).toBe(false);
  });

  it("stays the same when nothing comes", () => {
    const some = stretch(lines(1, 3), true, true);
    expect(append(some, [], true)).toBe(some);
    expect(append(some, [], false).atEnd).toBe(false);
  });
});

describe("pages", () => {
  it("are joined where they overlap", () => {
    const [page, first, last] = [lines(5, 10), lines(10, 10)[0], lines(5, 5)[0]];
    if (!first || !last) throw new Error("no lines");
    expect(before(page, first)?.map((line) => line.n)).toEqual([5, 6, 7, 8, 9]);
    expect(after(page, last)?.map((line) => line.n)).toEqual([6, 7, 8, 9, 10]);
  });

  it("are not joined when the numbers mean other lines", () => {
    const moved = lines(10, 10, "another")[0];
    if (!moved) throw new Error("no line");
    expect(before(lines(5, 10), moved)).toBeUndefined();
    expect(after(lines(10, 20), moved)).toBeUndefined();
  });
});

describe("finding a number", () => {
  it("gives the line, or the next one", () => {
    const some = [...lines(3, 5), ...lines(9, 9)];
    expect([1, 3, 5, 6, 9, 10].map((n) => find(some, n))).toEqual([0, 0, 2, 3, 3, 4]);
  });
});
