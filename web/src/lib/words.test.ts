import { expect, test } from "vitest";
import type { Outcome } from "./wire";
import { isFailure, OUTCOMES, runWord } from "./words";

test("a run says how it ended, or else where it is", () => {
  expect(runWord({ state: "ended", outcome: "oom_killed" }).word).toBe("out of memory");
  expect(runWord({ state: "queued", outcome: null }).word).toBe("queued");
  expect(runWord({ state: "ended", outcome: "of_tomorrow" as Outcome })).toEqual({
    word: "of tomorrow",
    tone: "idle",
  });
});

test("what is a failure here is one for the daemon (Outcome::is_failure)", () => {
  const failures = (Object.keys(OUTCOMES) as Outcome[]).filter(isFailure).sort();
  expect(failures).toEqual(
    [
      "failed",
      "interrupted",
      "log_overflow",
      "missed",
      "oom_killed",
      "start_failed",
      "timeout",
      "unhealthy",
    ].sort(),
  );
});
