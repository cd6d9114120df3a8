import { expect, test } from "vitest";
import { joined } from "./joined";
import type { Run } from "./wire";

const run = (n: number) => ({ id: `r${n}`, created_at: new Date(n * 1_000).toISOString() }) as Run;
const runs = (...ns: number[]) => ns.map(run);
const ids = (list: Run[] | null) => list?.map((one) => one.id).join(" ");

test("new rows come before, known ones stay, and those that no longer fit go", () => {
  expect(ids(joined(runs(9, 8, 7), runs(8, 7, 6, 5), false))).toBe("r9 r8 r7 r6 r5");
  expect(ids(joined(runs(9, 7, 6), runs(8, 7, 6, 5), false))).toBe("r9 r7 r6 r5");
});

test("when so many are new that the pages do not meet, the list begins anew", () => {
  expect(joined(runs(20, 19, 18), runs(8, 7), false)).toBeNull();
});

test("a page that holds all there is replaces everything", () => {
  expect(ids(joined(runs(9), runs(8, 7), true))).toBe("r9");
  expect(joined([], runs(8), false)).toEqual([]);
});

test("a row that has moved to the front is there once, and where one has moved to the page's end they do not meet", () => {
  const at = (id: string, last: number) => ({ id, last });
  const place = (row: { id: string; last: number }) => `${row.last} ${row.id}`;
  const known = [at("a", 9), at("b", 8), at("c", 7), at("d", 6)];
  const moved = joined([at("d", 10), at("a", 9)], known, false, place);
  expect(moved?.map((row) => row.id)).toEqual(["d", "a", "b", "c"]);
  expect(joined([at("x", 12), at("d", 10)], known, false, place)).toBeNull();
});
