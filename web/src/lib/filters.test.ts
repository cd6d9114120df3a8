import { expect, test } from "vitest";
import { ask, chips, moment, read, without } from "./filters";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const filters = (text: string) => read(new URLSearchParams(text));

test("the address is read, and what it can not mean is dropped", () => {
  expect(filters("unit=a,b&q=&show=sideways&other=1")).toEqual({ unit: "a,b" });
  expect(filters("show=failed&retries=1")).toEqual({ show: "failed", retries: "1" });
});

test("a bucket is a list of outcomes or states, and an exact outcome wins over it", () => {
  expect(ask(filters("show=running"), NOW)).toEqual({ state: "queued,starting,running,stopping" });
  expect(ask(filters("show=succeeded"), NOW)).toEqual({ outcome: "succeeded" });
  expect(ask(filters("show=failed"), NOW).outcome?.split(",")).toContain("oom_killed");
  expect(ask(filters("show=failed&outcome=timeout"), NOW)).toEqual({ outcome: "timeout" });
});

test("lengths and local times become moments", () => {
  expect(ask(filters("since=24h"), NOW).since).toBe("2026-11-23T12:00:00.000Z");
  expect(moment("90m", NOW)).toBe("2026-11-24T10:30:00.000Z");
  expect(moment("2026-11-24T10:00:00Z", NOW)).toBe("2026-11-24T10:00:00.000Z");
  expect(moment("yesterday", NOW)).toBe("yesterday");
});

test("every filter is a chip that takes away just itself", () => {
  const all = filters("unit=a,b&outcome=oom_killed&trigger=manual&exit_code=>100&since=7d&retries=1");
  expect(chips(all).map((chip) => chip.label)).toEqual([
    "unit a",
    "unit b",
    "out of memory",
    "by hand",
    "exit code >100",
    "last 7d",
    "retries only",
  ]);
  let left = all;
  for (const chip of chips(all)) left = without(left, chip);
  expect(left).toEqual({});
  expect(without(all, { key: "unit", value: "a", label: "" }).unit).toBe("b");
});
