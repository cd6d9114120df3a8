import { describe, expect, it } from "vitest";
import { matcher, split, step } from "./search";

const find = (text: string, query: string, regex = false, cased = false) =>
  matcher({ text: query, regex, cased })?.(text);

describe("marks", () => {
  it("take text literally unless it is a pattern", () => {
    expect(find("a.b axb", "a.b")).toEqual([{ from: 0, to: 3 }]);
    expect(find("a.b axb", "a.b", true)).toHaveLength(2);
    expect(find("Error error", "error")).toHaveLength(2);
    expect(find("Error error", "error", false, true)).toEqual([{ from: 6, to: 11 }]);
  });

  it("are none for an empty query or a pattern that can not be read here", () => {
    expect(matcher({ text: "", regex: false, cased: false })).toBeUndefined();
    expect(matcher({ text: "(", regex: true, cased: false })).toBeUndefined();
    expect(find("abc", "x*", true)).toEqual([]);
  });

  it("are bounded", () => {
    expect(find("a".repeat(1000), "a")).toHaveLength(200);
  });

  it("cut a piece of text where they begin and end", () => {
    // "hello world", of which this piece is "lo wor" from 3 on.
    expect(
      split("lo wor", 3, [
        { from: 0, to: 4 },
        { from: 6, to: 7 },
      ]),
    ).toEqual([
      { text: "l", marked: true },
      { text: "o ", marked: false },
      { text: "w", marked: true },
      { text: "or", marked: false },
    ]);
    expect(split("abc", 10, [{ from: 0, to: 4 }])).toEqual([{ text: "abc", marked: false }]);
  });
});

describe("the next hit", () => {
  it("goes on from where one is, and round at the ends", () => {
    const hits = [3, 9, 20];
    expect([0, 3, 9, 20].map((n) => step(hits, n, true))).toEqual([0, 1, 2, 0]);
    expect([0, 3, 10, 99].map((n) => step(hits, n, false))).toEqual([2, 2, 1, 2]);
    expect(step([], 1, true)).toBe(-1);
  });
});
