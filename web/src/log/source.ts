// Where the lines of a run come from. The reader knows this shape only, so its tests bring a log of their own.

import type { Told } from "./line";
import type { Query } from "./search";

/** A page of the API. */
export type Page = {
  lines: Told[];
  /** Where the next page begins. */
  next: string;
  /** Whether the run has ended and this page has its last line. */
  complete: boolean;
  /** How many lines are kept, on a page that has the last of them. */
  total_lines?: number | null;
};

/** Which page: the end, from a number, where another page ended, or from a time. */
export type Part =
  | { tail: number }
  | { at: string; limit: number }
  | { from: number; limit: number }
  | { since: string; limit: number };

/** What a stream of lines tells. */
export type Hearing = {
  line(line: Told): void;
  /** Where to go on after the line told last. */
  place(at: string): void;
  /** The run is over and every line has come. */
  end(): void;
  /** Whether the stream stands; it is tried again by itself. */
  connected(yes: boolean): void;
};

/** Lines that fit a query. */
export type Hits = { hits: Told[]; next?: string | null; total_is_floor?: boolean };

/** One run's output. */
export interface Source {
  page(part: Part): Promise<Page>;
  /** Lines from a place on; the answer ends it. */
  stream(at: string, hear: Hearing): () => void;
  search(query: Query, after: string | undefined, limit: number): Promise<Hits>;
}
