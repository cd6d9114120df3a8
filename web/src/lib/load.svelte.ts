// A document that a view shows: what is known of it, whether it is being asked for, and what went wrong.
import { problemOf } from "./client";
import type { Problem } from "./wire";

/** Asked for again, what is known stays shown until the new answer is there; an answer that is overtaken is dropped. */
export class Load<T> {
  data: T | undefined = $state.raw();
  problem: Problem | undefined = $state.raw();
  loading: boolean = $state(false);
  #asked: AbortController | undefined;

  constructor(private readonly ask: (signal: AbortSignal) => Promise<T>) {}

  async reload(): Promise<void> {
    this.#asked?.abort();
    const asked = new AbortController();
    this.#asked = asked;
    this.loading = true;
    try {
      const data = await this.ask(asked.signal);
      if (asked.signal.aborted) return;
      this.data = data;
      this.problem = undefined;
    } catch (error) {
      if (asked.signal.aborted) return;
      this.problem = problemOf(error);
    }
    this.loading = false;
  }

  /** Forgets the answer under way; for when the view goes. */
  stop(): void {
    this.#asked?.abort();
  }
}
