import { expect, test } from "vitest";
import { everything, has, none, ranged, size, toggled } from "./select";

test("one is chosen and let go", () => {
  const one = toggled(none, "a");
  expect([has(one, "a"), has(one, "b"), size(one, 9)]).toEqual([true, false, 1]);
  expect(size(toggled(one, "a"), 9)).toBe(0);
});

test("all that fit are chosen, those not loaded included, apart from some", () => {
  const most = toggled(everything, "a");
  expect([has(most, "a"), has(most, "never seen"), size(most, 1_000)]).toEqual([false, true, 999]);
  expect(has(ranged(most, ["a", "b"], "b", "a"), "a")).toBe(true);
});

test("a range goes both ways", () => {
  const rows = ["a", "b", "c", "d"];
  expect(size(ranged(none, rows, "c", "a"), 4)).toBe(3);
  expect(size(ranged(toggled(none, "d"), rows, "a", "b"), 4)).toBe(3);
  expect(has(ranged(none, rows, "gone", "b"), "b")).toBe(true);
});
