// Short messages in the corner: what an action came to, and the way back while there is one.
import { problemOf } from "./client";

export interface Toast {
  id: number;
  tone: "plain" | "good" | "bad";
  text: string;
  help?: string | null;
  action?: { label: string; run: () => void };
}

/** How long one stays, ms. Bad news stays until it is closed. */
const STAYS = 5_000;

/** More than these at once are noise; the oldest goes. */
const AT_MOST = 4;

class Toasts {
  list: Toast[] = $state.raw([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  show(toast: Omit<Toast, "id">, stays = toast.tone === "bad" ? 0 : STAYS): number {
    const id = this.#next++;
    this.list = [...this.list, { ...toast, id }].slice(-AT_MOST);
    if (stays > 0)
      this.#timers.set(
        id,
        setTimeout(() => this.close(id), stays),
      );
    return id;
  }

  good(text: string): void {
    this.show({ tone: "good", text });
  }

  /** `what` completes "could not". */
  failed(what: string, error: unknown): void {
    const problem = problemOf(error);
    this.show({ tone: "bad", text: `Could not ${what}: ${problem.message}`, help: problem.help });
  }

  close(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
