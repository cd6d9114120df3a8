// Addresses of the page. Pure: from the part behind `#` to a route and back. Tests beside it.
//
// The part behind `#` never reaches the daemon, so an address works below any prefix and with any name in it.

export type Place =
  | { view: "overview" }
  | { view: "units" }
  | { view: "unit"; name: string }
  | { view: "runs" }
  | { view: "run"; id: string }
  | { view: "calendar" }
  | { view: "notifications" }
  | { view: "plugins" }
  | { view: "plugin"; name: string }
  | { view: "audit" }
  | { view: "signin" }
  | { view: "nowhere"; path: string };

export type Route = Place & { query: URLSearchParams };

/** Words in an address that stand for a view without further parts. */
const PLAIN = ["units", "runs", "calendar", "notifications", "plugins", "audit", "signin"] as const;

export function parse(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#/, "").split(/\?(.*)/s, 2);
  return { ...place(path), query: new URLSearchParams(search) };
}

function place(path: string): Place {
  const parts = path.split("/").filter((part) => part !== "");
  const [first, second, ...rest] = parts;
  if (first === undefined) return { view: "overview" };
  if (second === undefined) {
    const plain = PLAIN.find((word) => word === first);
    return plain ? { view: plain } : { view: "nowhere", path };
  }
  const name = decoded(second);
  if (rest.length === 0 && name !== null) {
    if (first === "units") return { view: "unit", name };
    if (first === "runs") return { view: "run", id: name };
    if (first === "plugins") return { view: "plugin", name };
  }
  return { view: "nowhere", path };
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** What stands in an `href`. Empty query values are left out. */
export function href(place: Place, query: Record<string, string | undefined> | URLSearchParams = {}): string {
  const params = query instanceof URLSearchParams ? query : new URLSearchParams();
  if (!(query instanceof URLSearchParams)) {
    for (const [key, value] of Object.entries(query)) if (value) params.set(key, value);
  }
  const search = params.toString();
  return `#/${path(place)}${search ? `?${search}` : ""}`;
}

function path(place: Place): string {
  switch (place.view) {
    case "overview":
      return "";
    case "unit":
      return `units/${encodeURIComponent(place.name)}`;
    case "run":
      return `runs/${encodeURIComponent(place.id)}`;
    case "plugin":
      return `plugins/${encodeURIComponent(place.name)}`;
    case "nowhere":
      return place.path.replace(/^\//, "");
    default:
      return place.view;
  }
}
