import { expect, it } from "vitest";
import { follow } from "./follow";

it("follows until the reader scrolls up, then counts, then follows again at the end", () => {
  let now = follow({ on: true, fresh: 0 }, { type: "lines", count: 5 });
  expect(now).toEqual({ on: true, fresh: 0 });
  now = follow(now, { type: "up" });
  now = follow(now, { type: "lines", count: 3 });
  now = follow(now, { type: "up" });
  now = follow(now, { type: "lines", count: 4 });
  expect(now).toEqual({ on: false, fresh: 7 });
  expect(follow(now, { type: "end" })).toEqual({ on: true, fresh: 0 });
  expect(follow(now, { type: "asked" })).toEqual({ on: true, fresh: 0 });
  expect(follow({ on: true, fresh: 0 }, { type: "asked" })).toEqual({ on: false, fresh: 0 });
});
