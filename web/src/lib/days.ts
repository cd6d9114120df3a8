// Days of a calendar and places within them, in the daemon's zone. Pure; tests beside it.

/** A date as `2026-11-24`, some days later. */
export function plus(date: string, days: number): string {
  const at = new Date(`${date}T12:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** How many minutes since midnight the clocks of the zone show. */
export function minuteOf(at: Date, zone: string | undefined): number {
  const parts = formatter(zone).formatToParts(at);
  const get = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return get("hour") * 60 + get("minute");
}

const formatters = new Map<string, Intl.DateTimeFormat>();
function formatter(zone: string | undefined): Intl.DateTimeFormat {
  const key = zone ?? "";
  const known = formatters.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  formatters.set(key, made);
  return made;
}

/** `Tue 24 Nov`, for a date without a zone. */
export function dayName(date: string): string {
  const at = new Date(`${date}T12:00:00Z`);
  return new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  })
    .format(at)
    .replace(",", "");
}

export interface Bin {
  /** Which slot of the day. */
  slot: number;
  good: number;
  bad: number;
  other: number;
  planned: number;
}

/** What falls into each of `slots` equal parts of a day. Empty ones are left out. */
export function bins(
  entries: { minute: number; count: number; tone: "good" | "bad" | "other" | "planned" }[],
  slots: number,
): Bin[] {
  const found = new Map<number, Bin>();
  for (const entry of entries) {
    const slot = Math.min(slots - 1, Math.floor((entry.minute / 1440) * slots));
    const bin = found.get(slot) ?? { slot, good: 0, bad: 0, other: 0, planned: 0 };
    bin[entry.tone] += entry.count;
    found.set(slot, bin);
  }
  return [...found.values()].sort((a, b) => a.slot - b.slot);
}
