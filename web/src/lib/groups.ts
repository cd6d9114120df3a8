// Units under their headings, filtered and sorted. Pure; tests beside it.
import type { Unit } from "./wire";
import { isFailure, state } from "./words";

export interface Group {
  name: string | null;
  units: Unit[];
}

/** By group, named ones first, units by name. */
export function grouped(units: Unit[]): Group[] {
  const groups = new Map<string | null, Unit[]>();
  for (const unit of units) {
    const list = groups.get(unit.group);
    if (list) list.push(unit);
    else groups.set(unit.group, [unit]);
  }
  return [...groups]
    .map(([name, list]) => ({ name, units: list.toSorted(byName) }))
    .sort((a, b) => (a.name === null ? 1 : b.name === null ? -1 : compare(a.name, b.name)));
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
export const compare = collator.compare;
const byName = (a: Unit, b: Unit) => compare(a.name, b.name);

/** Every word typed has to be somewhere in name, group or description. */
export function matches(unit: Unit, typed: string): boolean {
  const text = `${unit.name} ${unit.group ?? ""} ${unit.description ?? ""}`.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Whether somebody should look at it. */
export function needsAttention(unit: Unit): boolean {
  const { tone } = state(unit.state);
  if (tone === "bad" || tone === "warn") return true;
  return unit.kind === "task" && isFailure(unit.last_run?.outcome ?? null);
}

export type Sort = "name" | "state" | "next" | "last";

const TONES = ["bad", "warn", "busy", "good", "idle"];

/** The order of a table's column; equal ones by name. */
export function sorted(units: Unit[], by: Sort, down: boolean): Unit[] {
  const turn = down ? -1 : 1;
  return units.toSorted((a, b) => {
    const order = key(a, by) - key(b, by);
    return (by === "name" ? turn * byName(a, b) : turn * order) || byName(a, b);
  });
}

function key(unit: Unit, by: Sort): number {
  if (by === "state")
    return TONES.indexOf(
      needsAttention(unit) && state(unit.state).tone === "idle" ? "bad" : state(unit.state).tone,
    );
  if (by === "next") return unit.next_run_at ? Date.parse(unit.next_run_at) : Number.MAX_SAFE_INTEGER;
  if (by === "last")
    return unit.last_run ? -Date.parse(unit.last_run.ended_at ?? unit.last_run.created_at) : 0;
  return 0;
}
