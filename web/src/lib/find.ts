// How what is typed into the palette finds something. Pure; tests beside it.

/** How well `typed` fits `text`: higher is better, 0 not at all. Letters in order suffice; whole beginnings win. */
export function score(text: string, typed: string): number {
  const wanted = typed.trim().toLowerCase();
  if (wanted === "") return 1;
  const in_ = text.toLowerCase();
  const at = in_.indexOf(wanted);
  if (at === 0) return 1_000 - text.length;
  if (at > 0) return (begins(in_, at) ? 700 : 500) - text.length;
  let from = 0;
  let points = 0;
  for (const letter of wanted) {
    if (letter === " ") continue;
    const found = in_.indexOf(letter, from);
    if (found < 0) return 0;
    points += begins(in_, found) ? 8 : found === from ? 4 : 1;
    from = found + 1;
  }
  return Math.max(1, points * 4 - text.length);
}

const begins = (text: string, at: number): boolean => at === 0 || /[\s\-_./:]/.test(text[at - 1] ?? "");

/** The best first, those that do not fit left out; equals stay in their order. */
export function best<T>(all: T[], typed: string, text: (one: T) => string, limit: number): T[] {
  return all
    .map((one, at) => ({ one, at, points: score(text(one), typed) }))
    .filter((found) => found.points > 0)
    .sort((a, b) => b.points - a.points || a.at - b.at)
    .slice(0, limit)
    .map((found) => found.one);
}
