// The output of runs, as `api.ts` has the rest: one function per question, and the stream of new lines.
import { base, http, ok, Refused } from "./client";
import type { Told } from "../log/line";
import type { Query } from "../log/search";
import type { Hearing, Hits, Page, Part, Source } from "../log/source";
import type { LogLine } from "./wire";

const V1 = "/api/v1";
const address = (path: string): string => new URL(`.${V1}${path}`, base).href;

/** Where the bytes of a run's output are. */
export const rawLog = (id: string): string => address(`/runs/${encodeURIComponent(id)}/log/raw`);

/** How long to wait before the stream is tried again, ms: the browser gives up where a proxy answers in between. */
const AGAIN = [500, 1000, 2000, 5000, 10_000];

/** The output of one run. */
export function logOf(id: string): Source {
  const path = { id };
  return {
    page: (part: Part) => ok<Page>(http.GET(`${V1}/runs/{id}/log`, { params: { path, query: { ...part } } })),
    search: (query: Query, after: string | undefined, limit: number) =>
      ok<Hits>(
        http.GET(`${V1}/runs/{id}/log/search`, {
          params: {
            path,
            query: {
              q: query.text,
              regex: query.regex,
              case: query.cased,
              limit,
              ...(after ? { after } : {}),
            },
          },
        }),
      ),
    stream: (at: string, hear: Hearing) => listen(id, at, hear),
  };
}

function listen(id: string, at: string, hear: Hearing): () => void {
  let place = at;
  let tries = 0;
  let closed = false;
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const open = (): void => {
    const url = `${address(`/runs/${encodeURIComponent(id)}/log/stream`)}?at=${encodeURIComponent(place)}`;
    source = new EventSource(url);
    source.onopen = () => {
      tries = 0;
      hear.connected(true);
    };
    source.onerror = () => {
      hear.connected(false);
      // While it says "connecting" the browser tries by itself, from the last line it has.
      if (closed || source?.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(open, AGAIN[Math.min(tries++, AGAIN.length - 1)]);
    };
    source.addEventListener("line", (event: MessageEvent<string>) => {
      if (event.lastEventId !== "") {
        place = event.lastEventId;
        hear.place(place);
      }
      hear.line(JSON.parse(event.data) as Told);
    });
    source.addEventListener("end", () => {
      source?.close();
      hear.end();
    });
  };
  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    source?.close();
  };
}

/** Lines of all runs of a unit that fit, newest run first, as they are found. */
export async function searchUnit(
  unit: string,
  query: Query,
  limit: number,
  found: (lines: LogLine[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const wanted = new URLSearchParams({
    pattern: query.text,
    unit,
    fixed: String(!query.regex),
    ignore_case: String(!query.cased),
    limit: String(limit),
  });
  const answer = await fetch(`${address("/search")}?${wanted}`, {
    signal,
    headers: { accept: "application/x-ndjson" },
  });
  if (!answer.ok || !answer.body) {
    const body = (await answer.json().catch(() => undefined)) as
      { code?: string; message?: string } | undefined;
    throw new Refused({
      code: body?.code ?? "answer.unreadable",
      message: body?.message ?? `the answer was ${answer.status}`,
      help: null,
      status: answer.status,
    });
  }
  const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await pieces.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    const items = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Item);
    const broken = items.find((item) => item.type === "broken");
    if (broken) throw new Refused({ code: broken.code, message: broken.message, help: null });
    found(items.filter((item) => item.type === "line"));
    if (done) return;
  }
}

type Item = ({ type: "line" } & LogLine) | { type: "broken"; code: string; message: string };
