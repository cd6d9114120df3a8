// Two pages of a list, newest first, as one. Pure; tests beside it.

/** The newest page before what is known: known rows that the page should hold and does not are gone. Null when the
 * two do not meet: so much is new that the list begins anew. `place` says where a row stands, for those that move. */
export function joined<T extends { id: string }>(
  page: T[],
  known: T[],
  whole: boolean,
  place: (row: T) => string = (row) => row.id,
): T[] | null {
  const oldest = page.at(-1);
  if (whole || !oldest) return page;
  const edge = known.findIndex((row) => place(row) === place(oldest));
  if (edge < 0) return null;
  const ids = new Set(page.map((row) => row.id));
  return [...page, ...known.slice(edge + 1).filter((row) => !ids.has(row.id))];
}
