// Figures and times as people read them. Pure, tests beside it.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `840 ms`, `3.2 s`, `4m 05s`, `2h 10m`, `3d 4h`: two units at most. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${trim(Math.floor(ms / 100) / 10)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m ${two(Math.floor((ms % MINUTE) / SECOND))}s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h ${two(Math.floor((ms % HOUR) / MINUTE))}m`;
  return `${Math.floor(ms / DAY)}d ${Math.floor((ms % DAY) / HOUR)}h`;
}

/** A length in one unit: `4m`, `2h`, `3d`. For `… ago` and `in …`. */
export function rough(ms: number): string {
  const length = Math.abs(ms);
  if (length < MINUTE) return `${Math.floor(length / SECOND)}s`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)}m`;
  if (length < DAY) return `${Math.floor(length / HOUR)}h`;
  return `${Math.floor(length / DAY)}d`;
}

/** `now`, `4m ago`, `in 2h`. */
export function relative(at: number, now: number): string {
  const distance = at - now;
  if (Math.abs(distance) < 2 * SECOND) return "now";
  return distance < 0 ? `${rough(distance)} ago` : `in ${rough(distance)}`;
}

/** `512 B`, `4.2 kB`, `18 MB`, `1.3 GB`; powers of 1000, as disks are sold. */
export function bytes(count: number): string {
  if (!Number.isFinite(count)) return "–";
  const names = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let step = 0;
  while (value >= 999.5 && step < names.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${step > 0 && value < 9.95 ? trim(Math.round(value * 10) / 10) : Math.round(value)} ${names[step]}`;
}

/** `1,204`, and `12.5k` from ten thousand on. */
export function count(n: number): string {
  if (n < 10_000) return n.toLocaleString("en-US");
  if (n < 999_500) return `${trim(Math.round(n / 100) / 10)}k`;
  return `${trim(Math.round(n / 100_000) / 10)}M`;
}

/** `1 run`, `2 runs`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** `0%`, `0.4%`, `37%`. */
export function percent(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return `${value > 0 && value < 9.95 ? trim(Math.round(value * 10) / 10) : Math.round(value)}%`;
}

/** `14:03:27` today, `Mon 14:03` within six days, `3 Nov 14:03`, with the year in other years. */
export function clock(at: Date, now: Date, zone?: string): string {
  const there = parts(at, zone);
  const here = parts(now, zone);
  const time = `${there.hour}:${there.minute}`;
  if (there.date === here.date) return `${time}:${there.second}`;
  const days = Math.abs(at.getTime() - now.getTime()) / DAY;
  if (days < 6) return `${there.weekday} ${time}`;
  const day = `${there.day} ${there.month}`;
  return there.year === here.year ? `${day} ${time}` : `${day} ${there.year}`;
}

/** `Mon 3 Nov 2026, 14:03:27 CET`: the whole truth, for titles. */
export function exact(at: Date, zone?: string): string {
  const p = parts(at, zone);
  return `${p.weekday} ${p.day} ${p.month} ${p.year}, ${p.hour}:${p.minute}:${p.second} ${p.zone}`;
}

/** The day in a zone, `2026-11-03`. */
export function day(at: Date, zone?: string): string {
  return parts(at, zone).date;
}

type Parts = Record<
  "weekday" | "day" | "month" | "year" | "hour" | "minute" | "second" | "zone" | "date",
  string
>;

const formats = new Map<string, Intl.DateTimeFormat>();

function parts(at: Date, zone?: string): Parts {
  const key = zone ?? "";
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      weekday: "short",
      day: "numeric",
      month: "numeric",
      year: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      timeZoneName: "short",
    });
    formats.set(key, format);
  }
  const found = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
  const month = Number(found.month);
  return {
    weekday: found.weekday ?? "",
    day: String(Number(found.day)),
    month: MONTHS[month - 1] ?? "",
    year: found.year ?? "",
    hour: found.hour ?? "",
    minute: found.minute ?? "",
    second: found.second ?? "",
    zone: found.timeZoneName ?? "",
    date: `${found.year}-${two(month)}-${two(Number(found.day))}`,
  };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function two(n: number): string {
  return String(n).padStart(2, "0");
}

function trim(n: number): string {
  return n.toFixed(1).replace(/\.0$/, "");
}
