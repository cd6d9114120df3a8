// The bell's rows, for its page and for what opens from the header.
import * as api from "../../lib/api-messages";
import { live } from "../../lib/live.svelte";
import { toasts } from "../../lib/toasts.svelte";
import type { Problem } from "../../lib/wire";
import { problemOf } from "../../lib/client";

export class BellRows {
  rows: api.Notification[] = $state.raw([]);
  next: string | null = $state(null);
  known: boolean = $state(false);
  problem: Problem | undefined = $state.raw();
  #asked = 0;

  constructor(
    private readonly limit: number,
    private readonly unreadOnly: () => boolean = () => false,
  ) {}

  async reload(): Promise<void> {
    const mine = ++this.#asked;
    try {
      const bell = await api.notifications({ limit: this.limit, unread: this.unreadOnly() || undefined });
      if (mine !== this.#asked) return;
      this.rows = bell.notifications;
      this.next = bell.next ?? null;
      this.known = true;
      this.problem = undefined;
      live.unread = bell.unread;
    } catch (error) {
      if (mine === this.#asked) this.problem = problemOf(error);
    }
  }

  async more(): Promise<void> {
    if (this.next === null) return;
    const mine = this.#asked;
    try {
      const bell = await api.notifications({
        limit: this.limit,
        unread: this.unreadOnly() || undefined,
        before: this.next,
      });
      if (mine !== this.#asked) return;
      this.rows = [...this.rows, ...bell.notifications];
      this.next = bell.next ?? null;
    } catch (error) {
      toasts.failed("read older notifications", error);
    }
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

  async unread(id: string): Promise<void> {
    try {
      await api.unread(id);
      await this.reload();
    } catch (error) {
      toasts.failed("mark it as unread", error);
    }
  }
}
