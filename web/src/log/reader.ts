// Reads a run's log into one bounded stretch: opens at the end or around a line, fetches at both ends, takes in what
// is printed meanwhile.
//
// Invariant: one request at a time for each end; an answer that comes after something else was opened is thrown away.
// Tests are in reader.test.ts.

import { Batch } from "./batch";
import { held, type Line, type Told } from "./line";
import type { Page, Part, Source } from "./source";
import { after, append, before, find, hasRoom, NOTHING, prepend, type Stretch, stretch } from "./stretch";

/** Lines of one request. */
export const PAGE = 1000;
/** Lines that were heard last and are kept to join a page to the stream. */
const RECENT = 4000;

/** Where a reader is. */
export type Status = "opening" | "ready" | "failed";

// Whether a page has the last line there is: only then is it told how many there are.
const hasLast = (page: Page): boolean => page.complete || typeof page.total_lines === "number";

export class Reader {
  held: Stretch = NOTHING;
  status: Status = "opening";
  /** Why it failed. */
  problem: unknown;
  /** The number of the last line that is known of. */
  total = 0;
  /** Whether the run may print more. */
  live = false;
  /** Whether the stream of new lines stands. */
  connected = true;
  /** Whether the view goes along with the end; the viewer sets it. */
  following = true;
  busy = { older: false, newer: false };

  #opened = 0;
  #recent: Line[] = [];
  #stop: (() => void) | undefined;
  #place: string | undefined;
  #batch = new Batch<Told>(RECENT, (told, forgotten) => this.#arrive(told, forgotten));

  constructor(
    private readonly source: Source,
    /** Called after each change; `fresh` is how many new lines it was, `jump` whether the stretch is another one. */
    private readonly changed: (what: { fresh: Line[]; jump: boolean }) => void,
  ) {}

  /** Opens at the end, or with line `n` in the middle. */
  async open(n?: number): Promise<void> {
    const mine = ++this.#opened;
    if (n === undefined && this.#recent.length >= PAGE) {
      this.#show(this.#recent, false, true);
      return;
    }
    try {
      const from = Math.max(1, (n ?? 1) - PAGE / 2);
      const page = await this.source.page(n === undefined ? { tail: PAGE } : { from, limit: PAGE });
      if (mine !== this.#opened) return;
      const lines = held(page.lines);
      const last = lines.at(-1)?.n ?? 0;
      this.total = Math.max(this.total, page.total_lines ?? 0, last);
      const { heard, atEnd } = this.#heardAfter(lines.at(-1), n === undefined || hasLast(page));
      const atStart = n === undefined ? lines.length < PAGE && (lines[0]?.n ?? 1) <= 1 : from <= 1;
      this.status = "ready";
      this.#show(lines.concat(heard), atStart, atEnd);
      if (this.#stop === undefined && this.#place === undefined)
        this.#begin(page.complete, atEnd ? page.next : undefined);
    } catch (problem) {
      if (mine !== this.#opened) return;
      this.status = "failed";
      this.problem = problem;
      this.changed({ fresh: [], jump: true });
    }
  }

  /** Fetches what stands before the stretch. */
  async older(): Promise<void> {
    const first = this.held.lines[0];
    if (this.busy.older || this.held.atStart || !first) return;
    await this.#fetch("older", async (still) => {
      const from = Math.max(1, first.n - this.#step());
      const got = await this.#reaching(from, first.n, still);
      if (!still()) return;
      const lines = before(got, first);
      if (lines) this.held = prepend(this.held, lines, from <= 1);
      else await this.#afresh(first);
    });
  }

  /** Fetches what stands after the stretch. */
  async newer(): Promise<void> {
    const last = this.held.lines.at(-1);
    if (this.busy.newer || this.held.atEnd || !last) return;
    await this.#fetch("newer", async (still) => {
      const page = await this.source.page({ from: last.n, limit: this.#step() + 1 });
      if (!still()) return;
      const lines = after(held(page.lines), last);
      if (!lines) return this.#afresh(last);
      const end = lines.at(-1)?.n ?? last.n;
      this.total = Math.max(this.total, end);
      const { heard, atEnd } = this.#heardAfter(lines.at(-1) ?? last, hasLast(page));
      this.held = append(this.held, lines.concat(heard), atEnd);
    });
  }

  /** The place of line `n` in the stretch, if it is there. */
  place(n: number): number | undefined {
    const at = find(this.held.lines, n);
    return this.held.lines[at]?.n === n ? at : undefined;
  }

  /** Goes on hearing, or not: a tab nobody sees needs no stream. */
  hear(yes: boolean): void {
    if (!yes) {
      this.#stop?.();
      this.#stop = undefined;
    } else if (this.live && this.#stop === undefined && this.#place !== undefined) {
      this.#listen(this.#place);
    }
  }

  /** Lets go of everything. */
  close(): void {
    this.#opened += 1;
    this.#batch.drop();
    this.#stop?.();
    this.#stop = undefined;
  }

  #show(lines: readonly Line[], atStart: boolean, atEnd: boolean): void {
    this.held = append(stretch([], atStart, atEnd), lines, atEnd);
    this.changed({ fresh: [], jump: true });
  }

  async #fetch(end: "older" | "newer", work: (still: () => boolean) => Promise<void>): Promise<void> {
    const mine = this.#opened;
    this.busy[end] = true;
    try {
      await work(() => mine === this.#opened);
    } catch (problem) {
      this.problem = problem;
    } finally {
      this.busy[end] = false;
      if (mine === this.#opened) this.changed({ fresh: [], jump: false });
    }
  }

  // Fewer lines at once where they are long.
  #step(): number {
    const mean = this.held.chars / Math.max(1, this.held.lines.length);
    return Math.max(20, Math.min(PAGE, Math.round(2_000_000 / Math.max(1, mean))));
  }

  // All lines from number `from` up to number `to`; a page ends early where lines are long or come in pieces.
  async #reaching(from: number, to: number, still: () => boolean): Promise<Line[]> {
    let lines: Line[] = [];
    let part: Part = { from, limit: to - from + 2 };
    for (let tries = 0; tries < 32 && still(); tries++) {
      const page = await this.source.page(part);
      lines = lines.concat(held(page.lines, lines.at(-1)));
      if (page.lines.length === 0 || (lines.at(-1)?.n ?? 0) > to || page.complete) break;
      part = { at: page.next, limit: PAGE };
    }
    return lines;
  }

  // The log was rotated: the numbers are others. What was read at that time is found by its time.
  async #afresh(line: Line): Promise<void> {
    const page = await this.source.page({ since: new Date(line.at).toISOString(), limit: PAGE });
    const lines = held(page.lines);
    this.total = page.total_lines ?? Math.max(this.total, lines.at(-1)?.n ?? 0);
    this.#recent = [];
    this.#show(lines, (lines[0]?.n ?? 1) <= 1, hasLast(page));
  }

  #begin(complete: boolean, next: string | undefined): void {
    this.live = !complete;
    if (complete) return;
    if (next !== undefined) this.#listen(next);
    // Opened in the middle: the stream has to begin at the end all the same.
    else
      void this.source.page({ tail: 1 }).then(
        (page) => {
          this.total = Math.max(this.total, page.total_lines ?? 0, page.lines.at(-1)?.n ?? 0);
          this.live = !page.complete;
          if (this.live) this.#listen(page.next);
          this.changed({ fresh: [], jump: false });
        },
        () => this.changed({ fresh: [], jump: false }),
      );
  }

  #listen(at: string): void {
    this.#place = at;
    this.#stop = this.source.stream(at, {
      line: (line) => this.#batch.add(line),
      end: () => {
        this.#batch.flush();
        this.live = false;
        this.#stop?.();
        this.#stop = undefined;
        this.changed({ fresh: [], jump: false });
      },
      place: (place) => {
        this.#place = place;
      },
      connected: (yes) => {
        if (this.connected === yes) return;
        this.connected = yes;
        this.changed({ fresh: [], jump: false });
      },
    });
  }

  // What was heard after the last line of a page while the page was on its way, and whether the stretch then reaches
  // the end: what comes next is put behind it only if nothing is missing in between.
  #heardAfter(line: Line | undefined, atEnd: boolean): { heard: Line[]; atEnd: boolean } {
    if (!atEnd || !line) return { heard: atEnd ? this.#recent : [], atEnd };
    const heard = after(this.#recent, line) ?? this.#recent.filter((recent) => recent.n > line.n);
    const first = heard[0];
    const joins = first === undefined ? line.n >= this.total : first.n <= line.n + 1;
    return joins ? { heard, atEnd: true } : { heard: [], atEnd: false };
  }

  #arrive(told: Told[], forgotten: number): void {
    const lines = held(told, forgotten > 0 ? undefined : (this.#recent.at(-1) ?? this.held.lines.at(-1)));
    this.total = Math.max(this.total, lines.at(-1)?.n ?? 0);
    this.#recent = forgotten > 0 ? lines : this.#recent.concat(lines);
    if (this.#recent.length > RECENT) this.#recent = this.#recent.slice(-RECENT);
    if (this.held.atEnd && this.status === "ready") {
      const chars = lines.reduce((sum, line) => sum + line.text.length, 0);
      if (forgotten > 0)
        this.held = this.following ? stretch(lines, false, true) : { ...this.held, atEnd: false };
      else if (this.following || hasRoom(this.held, lines.length, chars))
        this.held = append(this.held, lines, true);
      else this.held = { ...this.held, atEnd: false };
    }
    this.changed({ fresh: lines, jump: false });
  }
}
