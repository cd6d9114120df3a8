import { expect, it } from "vitest";
import { Batch } from "./batch";

function made(most: number) {
  const handed: { items: number[]; forgotten: number }[] = [];
  const frames: (() => void)[] = [];
  const batch = new Batch<number>(
    most,
    (items, forgotten) => handed.push({ items, forgotten }),
    (run) => frames.push(run),
    () => undefined,
  );
  return { batch, handed, frames };
}

it("hands on once per frame", () => {
  const { batch, handed, frames } = made(10);
  batch.add(1);
  batch.add(2);
  expect(frames).toHaveLength(1);
  frames[0]?.();
  batch.add(3);
  expect(frames).toHaveLength(2);
  frames[1]?.();
  expect(handed).toEqual([
    { items: [1, 2], forgotten: 0 },
    { items: [3], forgotten: 0 },
  ]);
});

it("keeps the newest when no frame comes, and counts the others", () => {
  const { batch, handed, frames } = made(10);
  for (let i = 1; i <= 1000; i++) batch.add(i);
  frames[0]?.();
  expect(handed).toHaveLength(1);
  expect(handed[0]?.items).toEqual([991, 992, 993, 994, 995, 996, 997, 998, 999, 1000]);
  expect(handed[0]?.forgotten).toBe(990);
});

it("hands on nothing that was dropped", () => {
  const { batch, handed } = made(10);
  batch.add(1);
  batch.drop();
  batch.flush();
  expect(handed).toEqual([]);
});
