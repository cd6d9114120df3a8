// The runs that fit some filters: pages as one scrolls, kept true by events.
import * as api from "./api";
import { problemOf } from "./client";
import { foldRun } from "./events/fold";
import { joined } from "./joined";
import type { Envelope, Problem, Run, Runs } from "./wire";

const PAGE = 100;

/** Empty stretches looked through at once, before people are asked whether to go on. */
const STRETCHES = 10;

/** After an event about a run that is not in the list, its head is asked for again this much later, ms. */
const CALM = 900;

export class RunList {
  runs: Run[] = $state.raw([]);
  known: boolean = $state(false);
  loading: boolean = $state(false);
  problem: Problem | undefined = $state.raw();
  total: number | undefined = $state();
  /** There are at least `total`. */
  floor: boolean = $state(false);
  #next: string | null = $state(null);
  #asked = new AbortController();
  #due: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly wanted: api.RunQuery) {}

  /** Whether there may be more than is known. */
  get more(): boolean {
    return this.#next !== null;
  }

  async begin(): Promise<void> {
    await this.#page(undefined);
  }

  async end(): Promise<void> {
    if (this.#next !== null && !this.loading && !this.problem) await this.#page(this.#next);
  }

  /** Asks for the newest again and joins them to what is there. */
  async head(): Promise<void> {
    if (this.wanted.sort && this.wanted.sort !== "newest") return;
    try {
      const page = await api.runs({ ...this.wanted, limit: PAGE, count: true }, this.#asked.signal);
      this.#count(page);
      const rows = joined(page.runs, this.runs, page.next === null);
      if (rows === null) this.#next = page.next;
      this.runs = rows ?? page.runs;
    } catch {
      // The list stays as it is; the next event or the connection's return asks again.
    }
  }

  /** Takes rows out at once; for what has just been deleted. */
  drop(gone: (id: string) => boolean): void {
    this.runs = this.runs.filter((run) => !gone(run.id));
  }

  hear(envelope: Envelope): void {
    if (envelope.event !== "run") return;
    const at = this.runs.findIndex((run) => run.id === envelope.run);
    const run = this.runs[at];
    if (run) this.runs = this.runs.with(at, foldRun(run, envelope));
    // What an event says is not enough for a row, and filters are the daemon's to judge.
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      void this.head();
    }, CALM);
  }

  stop(): void {
    clearTimeout(this.#due);
    this.#asked.abort();
  }

  async #page(cursor: string | undefined): Promise<void> {
    this.loading = true;
    this.problem = undefined;
    try {
      let page = await this.#ask(cursor);
      // A rare thing is looked for in stretches: an empty page that has a next one says "not among these".
      for (let stretch = 1; page.runs.length === 0 && page.next && stretch < STRETCHES; stretch += 1) {
        page = await this.#ask(page.next);
      }
      this.#next = page.next ?? null;
      const known = new Set(cursor === undefined ? [] : this.runs.map((run) => run.id));
      const fresh = page.runs.filter((run) => !known.has(run.id));
      this.runs = cursor === undefined ? fresh : [...this.runs, ...fresh];
      this.known = true;
    } catch (error) {
      if (this.#asked.signal.aborted) return;
      this.problem = problemOf(error);
    }
    this.loading = false;
  }

  async #ask(cursor: string | undefined): Promise<Runs> {
    const first = cursor === undefined;
    const page = await api.runs(
      { ...this.wanted, limit: PAGE, cursor, count: first || undefined },
      this.#asked.signal,
    );
    if (first) this.#count(page);
    return page;
  }

  #count(page: Runs): void {
    this.total = page.total ?? undefined;
    this.floor = page.total_is_floor ?? false;
  }
}
