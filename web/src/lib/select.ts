// Which rows of a list are chosen: some by name, or all that fit the filter apart from some. Pure; tests beside it.

export type Selection = { all: false; ids: ReadonlySet<string> } | { all: true; except: ReadonlySet<string> };

export const none: Selection = { all: false, ids: new Set() };
export const everything: Selection = { all: true, except: new Set() };

export function has(selection: Selection, id: string): boolean {
  return selection.all ? !selection.except.has(id) : selection.ids.has(id);
}

export function toggled(selection: Selection, id: string): Selection {
  const set = new Set(selection.all ? selection.except : selection.ids);
  if (!set.delete(id)) set.add(id);
  return selection.all ? { all: true, except: set } : { all: false, ids: set };
}

/** All rows between two, both included, become chosen. */
export function ranged(selection: Selection, rows: string[], from: string, to: string): Selection {
  const [a, b] = [rows.indexOf(from), rows.indexOf(to)].sort((x, y) => x - y) as [number, number];
  if (a < 0) return toggled(selection, to);
  const between = rows.slice(a, b + 1);
  if (selection.all)
    return { all: true, except: new Set([...selection.except].filter((id) => !between.includes(id))) };
  return { all: false, ids: new Set([...selection.ids, ...between]) };
}

/** How many are chosen, of as many as the daemon counts. */
export function size(selection: Selection, total: number): number {
  return selection.all ? Math.max(0, total - selection.except.size) : selection.ids.size;
}
