// A list of the daemon, newest first, read page by page into the past and kept true at its head. Tests beside it.
//
// Invariant: one question at a time, so that a page is joined to what it was asked for.
import { problemOf } from "./client";
import { joined } from "./joined";
import type { Problem } from "./wire";

export interface Page<T> {
  rows: T[];
  /** Where the next page begins. */
  next: string | null;
}

/** As many rows are kept at most. */
const MOST = 10_000;

/** Empty stretches looked through at once, before people are asked whether to go on. */
const STRETCHES = 10;

export class Pages<T extends { id: string }> {
  rows: T[] = $state.raw([]);
  known: boolean = $state(false);
  loading: boolean = $state(false);
  problem: Problem | undefined = $state.raw();
  #next: string | null = $state(null);
  #asked = new AbortController();
  #turn: Promise<void> = Promise.resolve();
  #head: Promise<void> | undefined;

  /** `place` says where a row stands, where rows move. */
  constructor(
    private readonly ask: (before: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
    private readonly place: (row: T) => string = (row) => row.id,
  ) {}

  /** Whether there may be older ones. */
  get more(): boolean {
    return this.#next !== null && this.rows.length < MOST;
  }

  /** The newest page in place of all that is known: for another question. */
  begin(): Promise<void> {
    this.stop();
    this.#asked = new AbortController();
    return this.#then((signal) => this.#page(undefined, signal));
  }

  /** Reads one page further back. */
  older(): Promise<void> {
    return this.#then(async (signal) => {
      if (this.#next !== null && this.more) await this.#page(this.#next, signal);
    });
  }

  /** Asks for the newest again and joins them to what is there. Asked for twice before its turn, it is asked once. */
  head(): Promise<void> {
    this.#head ??= this.#then((signal) => {
      this.#head = undefined;
      return this.known ? this.#join(signal) : this.#page(undefined, signal);
    });
    return this.#head;
  }

  /** Forgets what is under way; for when the view goes. */
  stop(): void {
    this.#asked.abort();
    this.#head = undefined;
  }

  #then(does: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#asked;
    this.#turn = this.#turn.then(() => (signal.aborted ? undefined : does(signal)));
    return this.#turn;
  }

  async #page(before: string | undefined, signal: AbortSignal): Promise<void> {
    this.loading = true;
    this.problem = undefined;
    try {
      let page = await this.ask(before, signal);
      // Whoever sees few units may see nothing of a page that has a next one.
      for (let stretch = 1; page.rows.length === 0 && page.next && stretch < STRETCHES; stretch += 1) {
        page = await this.ask(page.next, signal);
      }
      if (signal.aborted) return;
      const ids = new Set(before === undefined ? [] : this.rows.map((row) => row.id));
      const fresh = page.rows.filter((row) => !ids.has(row.id));
      this.rows = before === undefined ? fresh : [...this.rows, ...fresh];
      this.#next = page.next;
      this.known = true;
    } catch (error) {
      if (signal.aborted) return;
      this.problem = problemOf(error);
      // What is known answers another question.
      if (before === undefined) this.#forget();
    }
    this.loading = false;
  }

  #forget(): void {
    this.rows = [];
    this.#next = null;
    this.known = false;
  }

  async #join(signal: AbortSignal): Promise<void> {
    try {
      const page = await this.ask(undefined, signal);
      if (signal.aborted || (page.rows.length === 0 && page.next !== null)) return;
      const rows = joined(page.rows, this.rows, page.next === null, this.place);
      const anew = rows === null || rows.length > MOST || page.next === null;
      if (anew) this.#next = page.next;
      this.rows = rows === null || rows.length > MOST ? page.rows : rows;
    } catch {
      // The list stays as it is; the next event or the connection's return asks again.
    }
  }
}
