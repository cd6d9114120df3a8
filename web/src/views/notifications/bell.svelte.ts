// The bell's rows, for its page and for what opens from the header.
import * as api from "../../lib/api-messages";
import { live } from "../../lib/live.svelte";
import { Pages } from "../../lib/pages.svelte";
import { toasts } from "../../lib/toasts.svelte";
import type { Notification } from "../../lib/wire";

export class BellRows extends Pages<Notification> {
  constructor(limit: number, unreadOnly: () => boolean = () => false) {
    super(
      async (before, signal) => {
        const bell = await api.notifications({ limit, unread: unreadOnly() || undefined, before }, signal);
        live.unread = bell.unread;
        return { rows: bell.notifications, next: bell.next };
      },
      // What happens again moves to the front.
      (row) => `${row.last_at} ${row.id}`,
    );
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
