// Server-sent events over fetch: unlike EventSource it sees the status of a refusal, and the caller decides when to
// try again. The reader is pure; tests beside it.

export interface Message {
  event: string;
  data: string;
  id: string | null;
}

/** The longest message that is kept, in characters; a longer one is dropped whole. */
const LONGEST = 4_000_000;

/** Takes text in any pieces and gives whole messages. */
export class Reader {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #size = 0;
  #id: string | null = null;

  push(text: string): Message[] {
    const messages: Message[] = [];
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (this.#data.length > 0 && this.#size <= LONGEST) {
          messages.push({ event: this.#event || "message", data: this.#data.join("\n"), id: this.#id });
        }
        this.#event = "";
        this.#data = [];
        this.#size = 0;
      } else {
        this.#field(line);
      }
    }
    return messages;
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#event = value;
    else if (name === "id") this.#id = value;
    else if (name === "data") {
      this.#size += value.length;
      if (this.#size <= LONGEST) this.#data.push(value);
    }
  }
}

/** Why a stream ended. */
export type Ended = { why: "closed" } | { why: "refused"; status: number } | { why: "unreachable" };

export interface Wanted {
  url: string;
  lastId: string | null;
  signal: AbortSignal;
  /** The daemon has accepted; messages follow. */
  opened?: () => void;
  heard: (message: Message) => void;
  /** Without a byte for this long the stream is taken for dead. The daemon sends a ping in between. */
  silenceMs?: number;
}

/** Reads one stream until it ends. Never throws; an abort counts as closed. */
export async function follow(wanted: Wanted): Promise<Ended> {
  const gone = new AbortController();
  const end = () => gone.abort();
  wanted.signal.addEventListener("abort", end);
  let watch: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(watch);
    watch = setTimeout(end, wanted.silenceMs ?? 45_000);
  };
  try {
    alive();
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (wanted.lastId !== null) headers["Last-Event-ID"] = wanted.lastId;
    const response = await fetch(wanted.url, { headers, signal: gone.signal, cache: "no-store" });
    if (!response.ok || !response.body) return { why: "refused", status: response.status };
    wanted.opened?.();
    const reader = new Reader();
    const chunks = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      alive();
      const { done, value } = await chunks.read();
      if (done) return { why: "closed" };
      for (const message of reader.push(value)) wanted.heard(message);
    }
  } catch {
    return wanted.signal.aborted ? { why: "closed" } : { why: "unreachable" };
  } finally {
    clearTimeout(watch);
    wanted.signal.removeEventListener("abort", end);
  }
}

/** How long to wait before the nth try, ms: quick at first, 10 s at most, spread so that many pages do not come at once. */
export function backoff(tries: number, random: number): number {
  const base = Math.min(500 * 2 ** Math.max(0, tries - 1), 10_000);
  return Math.round(base * (0.75 + random / 2));
}
