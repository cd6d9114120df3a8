// Searching in a log: what is looked for, where it stands in a line, and which hit comes next.
//
// The daemon finds the lines; here they are only marked, and lines that come meanwhile are looked at. Pure; tests are
// in search.test.ts.

/** What is looked for. */
export type Query = { text: string; regex: boolean; cased: boolean };

/** From where to where something stands in a text. */
export type Span = { from: number; to: number };

/** More marks than this in one line help nobody. */
const MOST_SPANS = 200;

/** What finds a query in a text; undefined for an empty query, or one this browser reads differently than the daemon. */
export function matcher(query: Query): ((text: string) => Span[]) | undefined {
  if (query.text === "") return undefined;
  const source = query.regex ? query.text : query.text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, query.cased ? "gu" : "giu");
  } catch {
    return undefined;
  }
  return (text) => {
    const spans: Span[] = [];
    for (const match of text.matchAll(pattern)) {
      if (match[0] === "") continue;
      spans.push({ from: match.index, to: match.index + match[0].length });
      if (spans.length === MOST_SPANS) break;
    }
    return spans;
  };
}

/** Cuts a piece of text that begins at `at` where marks begin and end. */
export function split(text: string, at: number, spans: readonly Span[]): { text: string; marked: boolean }[] {
  const parts: { text: string; marked: boolean }[] = [];
  let done = 0;
  for (const span of spans) {
    const from = Math.max(span.from - at, done);
    const to = Math.min(span.to - at, text.length);
    if (to <= from) continue;
    if (from > done) parts.push({ text: text.slice(done, from), marked: false });
    parts.push({ text: text.slice(from, to), marked: true });
    done = to;
  }
  if (done < text.length) parts.push({ text: text.slice(done), marked: false });
  return parts;
}

/** The place of the next hit after line `n`, or before it; goes round at the ends. −1 without any. */
export function step(hits: readonly number[], n: number, forward: boolean): number {
  if (hits.length === 0) return -1;
  if (forward) {
    const next = hits.findIndex((hit) => hit > n);
    return next < 0 ? 0 : next;
  }
  for (let i = hits.length - 1; i >= 0; i--) if ((hits[i] ?? 0) < n) return i;
  return hits.length - 1;
}
