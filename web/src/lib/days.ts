// Days of a calendar and places within them, in the daemon's zone. Pure; tests beside it.

import { day } from "./format";
import type { Calendar, CalendarTick, CalendarUnit, Outcome } from "./wire";
import { isFailure } from "./words";

/** Whether it is a date as `2026-11-24`; addresses are written by anybody. */
export const isDate = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T12:00:00Z`));

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

/** A time that a task was due, or is. */
export interface Entry extends CalendarTick {
  unit: string;
}

/** A task that is due too often on a day to tell each time. */
export interface Often {
  unit: string;
  fired: number;
  failed: number;
  planned: number;
  /** Whether there may be more planned. */
  least: boolean;
}

/** What fires on a day. The sums are of both: what is told time by time, and what is only counted. */
export interface Fired {
  date: string;
  entries: Entry[];
  often: Often[];
  fired: number;
  failed: number;
  planned: number;
  least: boolean;
  /** Whether more was due than is known. */
  more: boolean;
}

const failures = (unit: CalendarUnit): number =>
  Object.entries(unit.outcomes).reduce(
    (sum, [outcome, times]) => sum + (isFailure(outcome as Outcome) ? times : 0),
    0,
  );

/** The days of a calendar, the times of all tasks in one order. */
export function daysOf(calendar: Calendar): Fired[] {
  const edge = calendar.complete_since ? day(new Date(calendar.complete_since), calendar.timezone) : "";
  return calendar.days.map(({ date, units }) => {
    const counts = units.map((unit) => ({
      unit: unit.unit,
      fired: unit.fired,
      failed: failures(unit),
      planned: unit.due,
      least: unit.due_is_floor,
    }));
    const sum = (of: "fired" | "failed" | "planned") => counts.reduce((all, one) => all + one[of], 0);
    return {
      date,
      entries: units
        .flatMap(({ unit, ticks }) => ticks.map((tick) => ({ ...tick, unit })))
        .sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
      often: counts.filter((_, at) => units[at]?.ticks.length === 0),
      fired: sum("fired"),
      failed: sum("failed"),
      planned: sum("planned"),
      least: counts.some((one) => one.least),
      more: date <= edge,
    };
  });
}
