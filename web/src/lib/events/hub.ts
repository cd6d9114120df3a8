// The one connection to the daemon's events, whoever holds it: a shared worker, or the tab that leads.
//
// Invariant: it holds the last sequence number over every loss, so that nothing between is missed; where the daemon no
// longer keeps what is between, it says `gap` and every tab asks anew.
import type { Envelope } from "../wire";
import { backoff, follow, type Ended, type Message } from "./sse";

export type Connection =
  | { phase: "connecting" }
  | { phase: "live"; since: number }
  | { phase: "lost"; since: number; tries: number; retryAt: number }
  | { phase: "stranger" };

/** What tabs are told. */
export type Told =
  { type: "event"; envelope: Envelope } | { type: "connection"; connection: Connection } | { type: "gap" };

/** What tabs ask. */
export type Asked = { type: "join"; url: string } | { type: "retry" } | { type: "leave" };

/** Events of the stream itself that are no events of the daemon. */
const OF_THE_STREAM = ["ping", "gap", "lagged"];

/** An event of the stream, or nothing when it only keeps the stream alive. */
export function told(message: Message): Told | null {
  if (message.event === "gap" || message.event === "lagged") return { type: "gap" };
  if (OF_THE_STREAM.includes(message.event)) return null;
  try {
    return { type: "event", envelope: JSON.parse(message.data) as Envelope };
  } catch {
    // A proxy cut it. What it told of is asked for anew.
    return { type: "gap" };
  }
}

export class Hub {
  connection: Connection = { phase: "connecting" };
  #lastId: string | null = null;
  #stop = new AbortController();
  #wake: (() => void) | undefined;
  #running = false;

  constructor(private readonly tell: (told: Told) => void) {}

  start(url: string): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run(url);
  }

  /** Ends the wait before the next try. */
  retry(): void {
    this.#wake?.();
  }

  stop(): void {
    this.#stop.abort();
    this.#wake?.();
  }

  async #run(url: string): Promise<void> {
    let tries = 0;
    let lostAt = 0;
    while (!this.#stop.signal.aborted) {
      let opened = false;
      const ended = await follow({
        url,
        lastId: this.#lastId,
        signal: this.#stop.signal,
        opened: () => {
          opened = true;
          tries = 0;
          this.#become({ phase: "live", since: Date.now() });
        },
        heard: (message) => {
          if (message.id !== null) this.#lastId = message.id;
          const news = told(message);
          if (news) this.tell(news);
        },
      });
      if (this.#stop.signal.aborted) return;
      if (opened || tries === 0) lostAt = Date.now();
      tries += 1;
      await this.#wait(ended, tries, lostAt);
    }
  }

  async #wait(ended: Ended, tries: number, since: number): Promise<void> {
    const stranger = ended.why === "refused" && ended.status === 401;
    const delay = backoff(tries, Math.random());
    this.#become(
      stranger ? { phase: "stranger" } : { phase: "lost", since, tries, retryAt: Date.now() + delay },
    );
    await new Promise<void>((resolve) => {
      // A stranger waits until a tab says that somebody has signed in.
      const timer = stranger ? undefined : setTimeout(resolve, delay);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #become(connection: Connection): void {
    this.connection = connection;
    this.tell({ type: "connection", connection });
  }
}
