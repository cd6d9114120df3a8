import { beforeEach, expect, it, vi } from "vitest";
import type { Told } from "./line";
import { Reader } from "./reader";
import type { Hearing, Page, Part, Source } from "./source";
import { MOST_LINES } from "./stretch";

/** A log in memory that is paged as the daemon pages one. */
class Log implements Source {
  lines: Told[] = [];
  ended = false;
  asked: Part[] = [];
  hearing: Hearing | undefined;

  grow(count: number, text = "line"): Told[] {
    const fresh = Array.from({ length: count }, (_, i) => this.told(this.lines.length + i + 1, text));
    this.lines = this.lines.concat(fresh);
    return fresh;
  }

  told(n: number, text: string): Told {
    return {
      n,
      ts: new Date(1_700_000_000_000 + n * 10).toISOString(),
      stream: "stdout",
      text: `${text} ${n}`,
    };
  }

  /** The older half goes, as when a log is rotated. */
  rotate(gone: number): void {
    this.lines = this.lines.slice(gone).map((line, i) => ({ ...line, n: i + 1 }));
  }

  page(part: Part): Promise<Page> {
    this.asked.push(part);
    let from: number;
    let limit: number;
    if ("tail" in part) [from, limit] = [Math.max(0, this.lines.length - part.tail), part.tail];
    else if ("at" in part) [from, limit] = [Number(part.at.split(":")[1]), part.limit];
    else if ("from" in part) [from, limit] = [part.from - 1, part.limit];
    else [from, limit] = [this.lines.findIndex((line) => line.ts >= part.since), part.limit];
    const lines = this.lines.slice(from, from + limit);
    // As the daemon says it: a full page may be the last without knowing.
    const complete = this.ended && lines.length < limit;
    return Promise.resolve({
      lines,
      next: `0:${from + lines.length}`,
      complete,
      total_lines: from + lines.length >= this.lines.length ? this.lines.length : null,
    });
  }

  stream(_at: string, hear: Hearing): () => void {
    this.hearing = hear;
    if (this.ended) queueMicrotask(() => hear.end());
    return () => (this.hearing = undefined);
  }

  print(count: number): void {
    for (const line of this.grow(count)) this.hearing?.line(line);
  }

  search(): Promise<{ hits: Told[] }> {
    return Promise.resolve({ hits: [] });
  }
}

let frames: (() => void)[] = [];
const frame = () => frames.splice(0).forEach((run) => run());
beforeEach(() => {
  frames = [];
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => frames.push(run));
  vi.stubGlobal("cancelAnimationFrame", () => undefined);
});

function opened(log: Log) {
  const told: { fresh: number; jump: boolean }[] = [];
  const reader = new Reader(log, ({ fresh, jump }) => told.push({ fresh: fresh.length, jump }));
  return { reader, told };
}
const ends = (reader: Reader) => [reader.held.lines[0]?.n, reader.held.lines.at(-1)?.n];
const contiguous = (reader: Reader) =>
  reader.held.lines.every((line, i, all) => i === 0 || line.n === (all[i - 1]?.n ?? 0) + 1);

it("opens at the tail and fetches older lines until there are none", async () => {
  const log = new Log();
  log.grow(2500);
  log.ended = true;
  const { reader } = opened(log);
  await reader.open();
  expect(ends(reader)).toEqual([1501, 2500]);
  expect([reader.total, reader.held.atStart]).toEqual([2500, false]);
  // A full page can't know that nothing will follow; the stream does.
  await vi.waitUntil(() => !reader.live);
  await reader.older();
  expect(ends(reader)).toEqual([501, 2500]);
  await reader.older();
  expect(ends(reader)).toEqual([1, 2500]);
  expect(reader.held.atStart).toBe(true);
  const asked = log.asked.length;
  await reader.older();
  expect(log.asked.length).toBe(asked);
  expect(contiguous(reader)).toBe(true);
});

it("holds a bounded part of a million lines, wherever it goes", async () => {
  const log = new Log();
  log.grow(1_000_000);
  log.ended = true;
  const { reader } = opened(log);
  await reader.open();
  for (let i = 0; i < 40; i++) await reader.older();
  expect(reader.held.lines.length).toBeLessThanOrEqual(MOST_LINES);
  expect(reader.held.atEnd).toBe(false);
  expect(ends(reader)[0]).toBe(1_000_000 - 41_000 + 1);
  for (let i = 0; i < 60; i++) await reader.newer();
  expect(ends(reader)[1]).toBe(1_000_000);
  expect(reader.held.atEnd).toBe(true);
  expect(contiguous(reader)).toBe(true);
});

it("opens around a line, and still hears what is new", async () => {
  const log = new Log();
  log.grow(10_000);
  const { reader } = opened(log);
  await reader.open(5000);
  await vi.waitUntil(() => log.hearing);
  expect(reader.place(5000)).toBeDefined();
  expect([reader.total, reader.held.atStart, reader.held.atEnd]).toEqual([10_000, false, false]);
  reader.following = false;
  log.print(7);
  frame();
  expect(reader.total).toBe(10_007);
  expect(ends(reader)[1]).toBe(5499);
});

it("goes along with the end and lets go of the beginning", async () => {
  const log = new Log();
  log.grow(100);
  const { reader, told } = opened(log);
  await reader.open();
  for (let i = 0; i < 50; i++) {
    log.print(400);
    frame();
  }
  expect(ends(reader)).toEqual([100 + 50 * 400 - MOST_LINES + 1, 20_100]);
  expect(contiguous(reader)).toBe(true);
  expect(told.filter((t) => t.fresh > 0)).toHaveLength(50);
});

it("takes nothing away under a reader who does not follow", async () => {
  const log = new Log();
  log.grow(100);
  const { reader } = opened(log);
  await reader.open();
  reader.following = false;
  for (let i = 0; i < 50; i++) {
    log.print(400);
    frame();
  }
  expect(ends(reader)[0]).toBe(1);
  expect(reader.held.atEnd).toBe(false);
  expect(reader.total).toBe(20_100);
  while (!reader.held.atEnd) await reader.newer();
  expect(ends(reader)[1]).toBe(20_100);
  expect(contiguous(reader)).toBe(true);
});

it("stays whole when a background tab gets more than it keeps", async () => {
  const log = new Log();
  log.grow(10);
  const { reader } = opened(log);
  await reader.open();
  log.print(50_000);
  frame();
  expect(ends(reader)[1]).toBe(50_010);
  expect(contiguous(reader)).toBe(true);
  await reader.older();
  expect(contiguous(reader)).toBe(true);
});

it("begins again by time when the log was rotated under it", async () => {
  const log = new Log();
  log.grow(5000);
  const { reader } = opened(log);
  await reader.open();
  const first = reader.held.lines[0];
  log.rotate(2500);
  await reader.older();
  // The same line is at the head again, by its new number.
  expect(reader.held.lines[0]?.text).toBe(first?.text);
  expect(reader.held.lines[0]?.n).toBe(1501);
  await reader.older();
  expect(contiguous(reader)).toBe(true);
});

it("throws away an answer that comes too late", async () => {
  const log = new Log();
  log.grow(5000);
  const { reader } = opened(log);
  await reader.open();
  const late = reader.older();
  await reader.open(1);
  await late;
  expect(ends(reader)).toEqual([1, 1000]);
});

it("says why it could not open", async () => {
  const log = new Log();
  log.page = () => Promise.reject(new Error("gone"));
  const { reader, told } = opened(log);
  await reader.open();
  expect(reader.status).toBe("failed");
  expect(told).toEqual([{ fresh: 0, jump: true }]);
});

it("joins lines that come in pieces, however small the pages", async () => {
  const log = new Log();
  log.grow(20);
  const pieces = Array.from({ length: 60 }, (_, i) => ({ ...log.told(21, "piece"), text: `piece ${i}` }));
  const page = log.page.bind(log);
  log.lines.push(...pieces);
  const rest = Array.from({ length: 1000 }, (_, i) => log.told(22 + i, "line"));
  log.lines.push(...rest);
  log.ended = true;
  log.page = async (part) => {
    if ("tail" in part || "since" in part) return page(part);
    const at = "at" in part ? Number(part.at) : log.lines.findIndex((line) => line.n >= part.from);
    const lines = log.lines.slice(at, at + Math.min(40, part.limit));
    return {
      lines,
      next: String(at + lines.length),
      complete: at + lines.length >= log.lines.length,
      total_lines: 1021,
    };
  };
  const { reader } = opened(log);
  await reader.open();
  expect(ends(reader)).toEqual([22, 1021]);
  expect(reader.held.atStart).toBe(false);
  await reader.older();
  expect(ends(reader)).toEqual([1, 1021]);
  expect(reader.held.lines).toHaveLength(1080);
});

it("misses nothing that is printed while a page is on its way", async () => {
  const log = new Log();
  log.grow(3000);
  const { reader } = opened(log);
  await reader.open(1000);
  await vi.waitUntil(() => log.hearing);
  reader.following = false;
  while (!reader.held.atEnd) {
    const page = reader.newer();
    // Printed after the daemon read its page, heard before the page is here.
    log.print(5);
    frame();
    await page;
  }
  log.print(5);
  frame();
  expect(ends(reader)[1]).toBe(log.lines.length);
  expect(contiguous(reader)).toBe(true);
});
