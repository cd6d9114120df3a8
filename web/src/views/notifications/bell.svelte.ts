// The bell's rows, for its page and for what opens from the header.
import * as api from "../../lib/api-messages";
import { live } from "../../lib/live.svelte";
import { toasts } from "../../lib/toasts.svelte";
import type { Notification, Problem } from "../../lib/wire";
import { problemOf } from "../../lib/client";

/** As many as the daemon gives at once. */
const MOST = 10_000;

export class BellRows {
  rows: Notification[] = $state.raw([]);
  known: boolean = $state(false);
  problem: Problem | undefined = $state.raw();
  /** How many are asked for. */
  #limit: number = $state(0);
  #asked = 0;

  constructor(
    limit: number,
    private readonly unreadOnly: () => boolean = () => false,
  ) {
    this.#limit = limit;
  }

  /** Whether there may be older ones. */
  get full(): boolean {
    return this.rows.length >= this.#limit && this.#limit < MOST;
  }

  async reload(): Promise<void> {
    const mine = ++this.#asked;
    try {
      const bell = await api.notifications({ limit: this.#limit, unread: this.unreadOnly() || undefined });
      if (mine !== this.#asked) return;
      this.rows = bell.notifications;
      this.known = true;
      this.problem = undefined;
      live.unread = bell.unread;
    } catch (error) {
      if (mine === this.#asked) this.problem = problemOf(error);
    }
  }

  /** Reads further back: the same list, longer. */
  more(): Promise<void> {
    this.#limit = Math.min(MOST, this.#limit * 4);
    return this.reload();
  }

  /** Marks one, or all, at once here and then there. */
  async read(id?: string): Promise<void> {
    const before = this.rows;
    this.rows = before.map((row) => (id === undefined || row.id === id ? { ...row, read: true } : row));
    try {
      live.unread = (await api.read(id)).unread;
    } catch (error) {
      this.rows = before;
      toasts.failed("mark it as read", error);
    }
  }
}
