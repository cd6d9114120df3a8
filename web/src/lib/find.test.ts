import { expect, test } from "vitest";
import { best } from "./find";

test("beginnings beat middles, middles beat letters in order", () => {
  const all = ["nightly-backup", "backup", "database-upload", "web-backup-check", "book-a-chef"];
  expect(best(all, "back", (s) => s, 9)).toEqual(["backup", "nightly-backup", "web-backup-check"]);
  expect(best(all, "dbup", (s) => s, 9)).toEqual(["database-upload"]);
  expect(best(all, "zz", (s) => s, 9)).toEqual([]);
});

test("nothing typed keeps the order", () => {
  expect(best(["b", "a"], " ", (s) => s, 9)).toEqual(["b", "a"]);
  expect(best(["b", "a"], "", (s) => s, 1)).toEqual(["b"]);
});
