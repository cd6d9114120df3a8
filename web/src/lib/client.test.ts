import { expect, test } from "vitest";
import { explained } from "./client";

test("a problem of the daemon leads to what its code means, one of the page leads nowhere", () => {
  const problem = { code: "unit.unknown", message: "there is no unit", type: "/api#unit.unknown" };
  expect(explained(problem)).toBe("http://localhost/api#unit.unknown");
  expect(explained({ code: "page.failed", message: "no" })).toBeUndefined();
  expect(explained({ ...problem, type: "https://elsewhere.example/api#unit.unknown" })).toBeUndefined();
});
