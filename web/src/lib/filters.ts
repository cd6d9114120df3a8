// The filters of the list of runs: from the address to the question, and as words on chips. Pure; tests beside it.
import type { RunQuery } from "./api";
import type { Outcome, Trigger } from "./wire";
import { OUTCOMES, TRIGGERS } from "./words";

/** What the address may hold; anything else in it is not for this. */
export const KEYS = [
  "show",
  "q",
  "unit",
  "outcome",
  "trigger",
  "exit_code",
  "since",
  "until",
  "retries",
  "execution_id",
  "instance",
] as const;
export type Key = (typeof KEYS)[number];
export type Filters = Partial<Record<Key, string>>;

/** The buckets people think in, each a list of outcomes or of states. */
export const SHOW = {
  running: { label: "Active", state: "queued,starting,running,stopping" },
  failed: { label: "Failed", outcome: of("bad") },
  succeeded: { label: "Succeeded", outcome: of("good") },
  other: { label: "Other", outcome: [...of("idle").split(","), ...of("warn").split(",")].join(",") },
} as const;
export type Show = keyof typeof SHOW;

function of(tone: string): string {
  return (Object.keys(OUTCOMES) as Outcome[]).filter((outcome) => OUTCOMES[outcome].tone === tone).join(",");
}

export function read(query: URLSearchParams): Filters {
  const filters: Filters = {};
  for (const key of KEYS) {
    const value = query.get(key);
    if (value) filters[key] = value;
  }
  if (filters.show && !(filters.show in SHOW)) delete filters.show;
  return filters;
}

/** The question to the daemon. Lengths such as `24h` become moments before `now`. */
export function ask(filters: Filters, now: number): RunQuery {
  const { show, retries, instance, ...same } = filters;
  const query: RunQuery = { ...same };
  if (show) {
    const bucket = SHOW[show as Show];
    if ("state" in bucket) query.state = bucket.state;
    else query.outcome ??= bucket.outcome;
  }
  if (retries) query.retries = true;
  if (instance) query.instance = Number(instance);
  if (query.since) query.since = moment(query.since, now);
  if (query.until) query.until = moment(query.until, now);
  return query;
}

const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `24h` before now, a local `2026-11-24T10:00`, or what the daemon may make of it. */
export function moment(text: string, now: number): string {
  const length = /^(\d+)([mhdw])$/.exec(text);
  if (length) return new Date(now - Number(length[1]) * (UNITS[length[2] ?? ""] ?? 0)).toISOString();
  const at = Date.parse(text);
  return Number.isNaN(at) ? text : new Date(at).toISOString();
}

export interface Chip {
  key: Key;
  /** The value to take away, of a list; all of it without. */
  value?: string;
  label: string;
}

/** One chip per thing that can be taken away. The bucket and the search field show themselves. */
export function chips(filters: Filters): Chip[] {
  const all: Chip[] = [];
  for (const unit of list(filters.unit)) all.push({ key: "unit", value: unit, label: `unit ${unit}` });
  for (const outcome of list(filters.outcome)) {
    all.push({ key: "outcome", value: outcome, label: OUTCOMES[outcome as Outcome]?.word ?? outcome });
  }
  for (const trigger of list(filters.trigger)) {
    all.push({
      key: "trigger",
      value: trigger,
      label: `by ${TRIGGERS[trigger as Trigger] ?? trigger}`.replace("by by", "by"),
    });
  }
  if (filters.exit_code) all.push({ key: "exit_code", label: `exit code ${filters.exit_code}` });
  if (filters.since)
    all.push({
      key: "since",
      label: /^\d+[mhdw]$/.test(filters.since)
        ? `last ${filters.since}`
        : `since ${filters.since.replace("T", " ")}`,
    });
  if (filters.until) all.push({ key: "until", label: `until ${filters.until.replace("T", " ")}` });
  if (filters.retries) all.push({ key: "retries", label: "retries only" });
  if (filters.instance) all.push({ key: "instance", label: `instance ${filters.instance}` });
  if (filters.execution_id) all.push({ key: "execution_id", label: "attempts of one run" });
  return all;
}

export const list = (text: string | undefined): string[] => (text ? text.split(",").filter(Boolean) : []);

/** The filters without what the chip stands for. */
export function without(filters: Filters, chip: Chip): Filters {
  const next = { ...filters };
  const rest =
    chip.value === undefined ? [] : list(filters[chip.key]).filter((value) => value !== chip.value);
  if (rest.length > 0) next[chip.key] = rest.join(",");
  else delete next[chip.key];
  return next;
}
