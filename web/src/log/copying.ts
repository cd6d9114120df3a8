// Which lines are copied: the picked ones; without any the whole log, or, of a large one, what is loaded.
import { held, type Line } from "./line";
import type { Reader } from "./reader";
import type { Source } from "./source";

/** A clipboard is no place for more lines. */
export const MOST_COPIED = 20_000;

/** The lines, and what they are called. */
export async function toCopy(
  source: Source,
  reader: Reader,
  picked: { from: number; to: number } | undefined,
): Promise<{ lines: readonly Line[]; words: string }> {
  if (!picked && reader.total > MOST_COPIED) {
    const lines = reader.held.lines;
    return { lines, words: `lines ${lines[0]?.n ?? 0} to ${lines.at(-1)?.n ?? 0}` };
  }
  const from = picked?.from ?? 1;
  const to = Math.min(picked?.to ?? reader.total, from + MOST_COPIED - 1);
  let lines: Line[] = [];
  let page = await source.page({ from, limit: Math.min(5000, to - from + 1) });
  for (;;) {
    lines = lines.concat(held(page.lines, lines.at(-1)));
    if (page.lines.length === 0 || page.complete || (lines.at(-1)?.n ?? 0) >= to) break;
    page = await source.page({ at: page.next, limit: 5000 });
  }
  lines = lines.filter((line) => line.n <= to);
  const count = lines.filter((line) => !line.piece).length;
  return { lines, words: count === 1 ? "1 line" : `${count.toLocaleString("en")} lines` };
}
