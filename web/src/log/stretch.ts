// The stretch of a log that is in memory: neighbouring lines, never more than a bound, whatever the log's size.
//
// It grows at one end and lets go at the other. Pure; tests are in stretch.test.ts.

import { type Line, same } from "./line";

/** The most lines that are held. */
export const MOST_LINES = 12_000;
/** The most characters that are held; a few very long lines count like many short ones. */
export const MOST_CHARS = 8_000_000;

/** Neighbouring lines of one run. Replaced, not changed: who holds one may compare. */
export type Stretch = {
  readonly lines: readonly Line[];
  readonly chars: number;
  /** Whether nothing is kept before the first line. */
  readonly atStart: boolean;
  /** Whether nothing had been printed after the last line when it was read. */
  readonly atEnd: boolean;
};

export const NOTHING: Stretch = { lines: [], chars: 0, atStart: true, atEnd: true };

const size = (lines: readonly Line[]): number => lines.reduce((sum, line) => sum + line.text.length, 0);

/** A stretch of its own. */
export function stretch(lines: readonly Line[], atStart: boolean, atEnd: boolean): Stretch {
  return { lines, chars: size(lines), atStart, atEnd };
}

/** With newer lines at its end; the oldest are let go. */
export function append(to: Stretch, lines: readonly Line[], atEnd: boolean): Stretch {
  if (lines.length === 0) return to.atEnd === atEnd ? to : { ...to, atEnd };
  const all = to.lines.concat(lines);
  let chars = to.chars + size(lines);
  let gone = 0;
  while (all.length - gone > 1 && (all.length - gone > MOST_LINES || chars > MOST_CHARS)) {
    chars -= all[gone]?.text.length ?? 0;
    gone += 1;
  }
  return { lines: gone > 0 ? all.slice(gone) : all, chars, atStart: to.atStart && gone === 0, atEnd };
}

/** With older lines at its beginning; the newest are let go. */
export function prepend(to: Stretch, lines: readonly Line[], atStart: boolean): Stretch {
  if (lines.length === 0) return to.atStart === atStart ? to : { ...to, atStart };
  const all = lines.concat(to.lines);
  let chars = to.chars + size(lines);
  let end = all.length;
  while (end > 1 && (end > MOST_LINES || chars > MOST_CHARS)) {
    end -= 1;
    chars -= all[end]?.text.length ?? 0;
  }
  return {
    lines: end < all.length ? all.slice(0, end) : all,
    chars,
    atStart,
    atEnd: to.atEnd && end === all.length,
  };
}

/** Whether newer lines could be put at its end without letting go of what somebody reads. */
export function hasRoom(of: Stretch, lines: number, chars: number): boolean {
  return of.lines.length + lines <= MOST_LINES && of.chars + chars <= MOST_CHARS;
}

/** The place of the first line with a number of at least `n`. */
export function find(lines: readonly Line[], n: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.n ?? 0) < n) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The lines of `page` that stand before `first`, if the page really reaches it. Undefined if it doesn't: the log was
 * rotated in between, and its numbers are others now.
 */
export function before(page: readonly Line[], first: Line): Line[] | undefined {
  const at = page.findIndex((line) => same(line, first));
  return at < 0 ? undefined : page.slice(0, at);
}

/** The lines of `page` that stand after `last`, in the same way. */
export function after(page: readonly Line[], last: Line): Line[] | undefined {
  for (let at = page.length - 1; at >= 0; at--) {
    const line = page[at];
    if (line && same(line, last)) return page.slice(at + 1);
  }
  return undefined;
}
