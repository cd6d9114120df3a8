import { expect, test } from "vitest";
import { area, ceiling, line, nearest } from "./curve";

const frame = { from: 0, until: 100, top: 10, width: 200, height: 42 };

test("a line goes through its points and breaks over a gap", () => {
  const points = [
    { at: 0, value: 0 },
    { at: 10, value: 10 },
    { at: 90, value: 5 },
    { at: 100, value: 99 },
  ];
  expect(line(points, frame, 20)).toBe("M0 42L20 2M180 22L200 2");
  expect(area(points, frame, 20)).toBe("M0 42L20 2L20 42L0 42ZM180 22L200 2L200 42L180 42Z");
  expect(line([], frame, 20)).toBe("");
});

test("a curve of zeros and one of a single point are no nonsense", () => {
  expect(line([{ at: 5, value: 0 }], { ...frame, from: 5, until: 5, top: 0 }, 20)).toBe("M200 42");
});

test("scales end at round numbers", () => {
  expect([0, 0.3, 1, 1.2, 4.9, 5.1, 73, 101].map(ceiling)).toEqual([1, 0.5, 1, 2, 5, 10, 100, 200]);
});

test("the nearest point is found", () => {
  const points = [
    { at: 0, value: 1 },
    { at: 10, value: 2 },
  ];
  expect(nearest(points, 6)?.value).toBe(2);
  expect(nearest([], 6)).toBeUndefined();
});
