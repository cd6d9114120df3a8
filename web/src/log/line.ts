// A line of output as the page holds it, and what it is called when it is copied.
//
// Pure; tests are in line.test.ts.

import { plain } from "./ansi";

/** A line as the API tells it. */
export type Told = { n: number; ts: string; stream: string; text: string; missing_bytes?: number };

/** A line as it is held: the text stays as it was printed until the line is drawn. */
export type Line = {
  /** Its number in the run, from 1; the pieces of a line longer than the daemon reads at once share one. */
  n: number;
  /** When it was printed, milliseconds since 1970. */
  at: number;
  stderr: boolean;
  text: string;
  /** Bytes before it, or within it, that are not kept. */
  missing: number;
  /** Whether it goes on where the line before it had to end. */
  piece: boolean;
};

/** Lines of the API, after the line held last. */
export function held(told: readonly Told[], before?: Line): Line[] {
  const lines: Line[] = [];
  let last = before;
  for (const line of told) {
    last = {
      n: line.n,
      at: Date.parse(line.ts),
      stderr: line.stream === "stderr",
      text: line.text,
      missing: line.missing_bytes ?? 0,
      piece: last !== undefined && last.n === line.n,
    };
    lines.push(last);
  }
  return lines;
}

/** Whether two are the same line, read at two times. Numbers alone don't tell: they move when the oldest half goes. */
export function same(a: Line, b: Line): boolean {
  return a.n === b.n && a.at === b.at && a.stderr === b.stderr && a.text === b.text;
}

/** How times are shown. */
export type Times = "clock" | "since" | "off";

/** The next way of showing times. */
export const nextTimes: Record<Times, Times> = { clock: "since", since: "off", off: "clock" };

const two = (v: number): string => String(v).padStart(2, "0");
const three = (v: number): string => String(v).padStart(3, "0");

/** The time of a line: of day where the reader is, or since the process began. */
export function time(line: Line, times: Times, began: number): string {
  if (times === "off" || Number.isNaN(line.at)) return "";
  if (times === "since") return since(line.at - began);
  const at = new Date(line.at);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${three(at.getMilliseconds())}`;
}

/** `+3.204`, `+2:03.004`, `+1:02:03`, `+4d 01:02:03`. */
export function since(ms: number): string {
  const sign = ms < 0 ? "−" : "+";
  const all = Math.abs(ms);
  const [d, h, m] = [
    Math.floor(all / 86_400_000),
    Math.floor(all / 3_600_000) % 24,
    Math.floor(all / 60_000) % 60,
  ];
  const s = Math.floor(all / 1000) % 60;
  if (d > 0) return `${sign}${d}d ${two(h)}:${two(m)}:${two(s)}`;
  if (h > 0) return `${sign}${h}:${two(m)}:${two(s)}`;
  const ending = `.${three(Math.floor(all % 1000))}`;
  return m > 0 ? `${sign}${m}:${two(s)}${ending}` : `${sign}${s}${ending}`;
}

/** The day of a line where the reader is, such as `2026-11-24`. */
export function day(line: Line): string {
  const at = new Date(line.at);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Lines as text to paste: without escapes; with times in UTC, as `runwisp logs` prints them, if wanted. */
export function copied(lines: readonly Line[], withTimes: boolean): string {
  let text = "";
  for (const [i, line] of lines.entries()) {
    if (line.missing > 0) text += `${i > 0 ? "\n" : ""}[${line.missing} bytes not kept]`;
    // Pieces of one line are one line again.
    if (i > 0 && !(line.piece && line.missing === 0)) text += "\n";
    if (i === 0 && line.missing > 0) text += "\n";
    if (withTimes && !line.piece)
      text += `${new Date(line.at).toISOString()} ${line.stderr ? "stderr" : "stdout"} `;
    text += plain(line.text);
  }
  return lines.length > 0 ? `${text}\n` : "";
}

/** `?line=12` and `?line=12-20`; undefined for anything else. */
export function range(text: string | null | undefined): { from: number; to: number } | undefined {
  const found = /^([1-9]\d{0,14})(?:-([1-9]\d{0,14}))?$/.exec(text ?? "");
  if (!found) return undefined;
  const [a, b] = [Number(found[1]), Number(found[2] ?? found[1])];
  return { from: Math.min(a, b), to: Math.max(a, b) };
}

/** The other way round. */
export function rangeText(lines: { from: number; to: number }): string {
  return lines.from === lines.to ? String(lines.from) : `${lines.from}-${lines.to}`;
}
