import { expect, it } from "vitest";
import { some } from "./example";
import { timeline } from "./timeline";

const at = Date.parse("2026-11-24T10:02:00Z");

it("goes from due to ended", () => {
  expect(timeline(some, at).map(({ what, after }) => [what, after])).toEqual([
    ["due", null],
    ["decided", 100],
    ["started", 10],
    ["ended", 933],
  ]);
});

it("leaves out what has not happened", () => {
  const queued = { ...some, state: "queued" as const, started_at: null, ended_at: null, scheduled_at: null };
  expect(timeline(queued, at).map(({ what }) => what)).toEqual(["queued"]);
});

it("never goes back in time", () => {
  const early = { ...some, scheduled_at: "2026-11-24T10:00:00.200Z" };
  expect(timeline(early, at).map(({ after }) => after)).toEqual([null, 0, 0, 843]);
});
