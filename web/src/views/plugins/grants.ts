// What a plugin may reach, as sentences. Pure; tests are in grants.test.ts.

/** One thing a plugin may reach. */
export interface Grant {
  what: string;
  items: string[];
}

const NAMES: Record<string, string> = {
  hosts: "Hosts on the network",
  paths: "Files and folders",
  env: "Environment variables",
  smtp: "Mail servers",
  mail: "Mail servers",
  users: "User accounts",
};

/** Every kind of grant that gives something; what is empty gives nothing. */
export function granted(grants: Record<string, unknown>): Grant[] {
  const found: Grant[] = [];
  for (const [key, value] of Object.entries(grants)) {
    const items = said(value);
    if (items.length > 0) found.push({ what: NAMES[key] ?? key.replaceAll("_", " "), items });
  }
  return found;
}

function said(value: unknown): string[] {
  if (value === null || value === undefined || value === false) return [];
  if (value === true) return ["yes"];
  if (Array.isArray(value)) return value.flatMap(said);
  if (typeof value === "object") {
    return Object.entries(value).flatMap(([key, inner]) => said(inner).map((item) => `${key}: ${item}`));
  }
  return [String(value)];
}
