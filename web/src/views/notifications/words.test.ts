import { expect, it } from "vitest";
import { channel, deliveryWord, kindWord } from "./words";

const attempt = { at: "2026-11-24T10:00:00Z", outcome: "failed", message: "refused" } as const;

it("tells a message that waits from one that failed so far", () => {
  expect(deliveryWord({ state: "pending", attempts: [] }).word).toBe("waiting");
  expect(deliveryWord({ state: "pending", attempts: [attempt] })).toEqual({
    word: "trying again",
    tone: "warn",
  });
  expect(deliveryWord({ state: "expired", attempts: [attempt] }).tone).toBe("bad");
});

it("names channels and kinds", () => {
  expect(channel({ notifier: "ops", target: "#alerts" })).toBe("ops:#alerts");
  expect(channel({ notifier: "ops", target: null })).toBe("ops");
  expect(kindWord("run.start_failed")).toBe("run: start failed");
});
