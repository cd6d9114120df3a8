// What a plugin may reach, for people. Pure; tests are in grants.test.ts.

/** One kind of things that a plugin may reach. */
export interface Grant {
  what: string;
  items: string[];
}

/** Kinds that name what is reached, as in `http:slack.com`. */
const NAMES: Record<string, string> = {
  http: "Hosts on the network",
  files: "Files and folders",
};

/** Kinds that stand alone. */
const WHOLE: Record<string, string> = {
  mail: "mail servers",
  template: "templates",
};

/** The grants by kind, in the order in which each kind comes first; what is not known is called by its name. */
export function granted(grants: string[]): Grant[] {
  const found = new Map<string, string[]>();
  for (const grant of grants) {
    const at = grant.indexOf(":");
    const kind = at < 0 ? "" : grant.slice(0, at);
    const what = kind === "" ? "Of the host" : (NAMES[kind] ?? kind);
    const item = kind === "" ? (WHOLE[grant] ?? grant) : thing(grant.slice(at + 1));
    found.set(what, [...(found.get(what) ?? []), item]);
  }
  return [...found].map(([what, items]) => ({ what, items }));
}

/** `$url` is whatever host its setting `url` names. */
const thing = (text: string): string => (text.startsWith("$") ? `the host in ${text.slice(1)}` : text);
