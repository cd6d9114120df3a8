// What messages and deliveries are called. Pure; tests are in words.test.ts.
import type { Delivery, DeliveryState, Severity } from "../../lib/wire";
import type { Said, Tone } from "../../lib/words";

export const SEVERITIES: Record<Severity, { word: string; tone: Tone }> = {
  info: { word: "information", tone: "idle" },
  warning: { word: "warning", tone: "warn" },
  error: { word: "error", tone: "bad" },
};

const STATES: Record<DeliveryState, Said> = {
  pending: { word: "waiting", tone: "busy" },
  held: { word: "held for quiet hours", tone: "idle" },
  sending: { word: "sending", tone: "busy" },
  delivered: { word: "delivered", tone: "good" },
  rejected: { word: "rejected", tone: "bad" },
  expired: { word: "given up", tone: "bad" },
};

/** Where a message is. One that waits for another try has failed so far. */
export function deliveryWord(delivery: Pick<Delivery, "state" | "attempts">): Said {
  const said = STATES[delivery.state] ?? { word: delivery.state, tone: "idle" };
  return delivery.state === "pending" && delivery.attempts.length > 0
    ? { word: "trying again", tone: "warn" }
    : said;
}

/** `ops:#alerts`. */
export const channel = (delivery: Pick<Delivery, "notifier" | "target">): string =>
  delivery.target ? `${delivery.notifier}:${delivery.target}` : delivery.notifier;

/** `run.start_failed` as people say it. */
export const kindWord = (kind: string): string => kind.replace(".", ": ").replaceAll("_", " ");
