// Days of a calendar and places within them, in the daemon's zone. Pure; tests beside it.

import { day } from "./format";
import type { CalendarEntry, Firing, Run } from "./wire";

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
  entries: { minute: number; tone: "good" | "bad" | "other" | "planned" }[],
  slots: number,
): Bin[] {
  const found = new Map<number, Bin>();
  for (const entry of entries) {
    const slot = Math.min(slots - 1, Math.floor((entry.minute / 1440) * slots));
    const bin = found.get(slot) ?? { slot, good: 0, bad: 0, other: 0, planned: 0 };
    bin[entry.tone] += 1;
    found.set(slot, bin);
  }
  return [...found.values()].sort((a, b) => a.slot - b.slot);
}

/** What fires on a day, and whether more did or will than is known. */
export interface Fired {
  date: string;
  entries: CalendarEntry[];
  more: boolean;
}

/** The days from `first` on, with what ran and what will. `whole` says whether runs and firings are all there are. */
export function daysOf(
  first: string,
  count: number,
  runs: Run[],
  firings: Firing[],
  whole: { runs: boolean; firings: boolean },
  zone: string | undefined,
): Fired[] {
  const days = new Map<string, Fired>();
  for (let at = 0; at < count; at += 1) {
    const date = plus(first, at);
    days.set(date, { date, entries: [], more: false });
  }
  for (const run of runs) {
    if (run.kind !== "task") continue;
    const at = run.scheduled_at ?? run.created_at;
    days
      .get(day(new Date(at), zone))
      ?.entries.push({ at, unit: run.unit, run_id: run.id, outcome: run.outcome });
  }
  for (const { at, unit } of firings) {
    days.get(day(new Date(at), zone))?.entries.push({ at, unit: unit ?? "", run_id: null, outcome: null });
  }
  const oldest = runs.at(-1);
  const edge = oldest && !whole.runs ? day(new Date(oldest.created_at), zone) : undefined;
  const last = firings.at(-1);
  const end = last && !whole.firings ? day(new Date(last.at), zone) : undefined;
  for (const one of days.values()) {
    one.entries.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
    one.more = (edge !== undefined && one.date <= edge) || (end !== undefined && one.date >= end);
  }
  return [...days.values()];
}
