// Where the page is. The address bar is the truth; this follows it.
import { href, parse, type Place, type Route } from "./router";

class Router {
  route: Route = $state.raw(parse(typeof location === "undefined" ? "" : location.hash));

  constructor() {
    if (typeof window !== "undefined") {
      window.addEventListener("hashchange", () => (this.route = parse(location.hash)));
    }
  }

  go(place: Place, query: Record<string, string | undefined> | URLSearchParams = {}): void {
    location.hash = href(place, query);
  }

  /** Changes the query in place: filters are no steps for the Back button. */
  search(query: Record<string, string | undefined> | URLSearchParams): void {
    const { query: _, ...place } = this.route;
    const address = href(place, query);
    if (address === location.hash) return;
    history.replaceState(null, "", address);
    this.route = parse(address);
  }
}

export const router = new Router();
