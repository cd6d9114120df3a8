// What stands in the title of the browser's tab.
import type { Route } from "../lib/router";

const TITLES: Record<Route["view"], string> = {
  overview: "Overview",
  units: "Units",
  unit: "Unit",
  runs: "Runs",
  run: "Run",
  calendar: "Calendar",
  notifications: "Notifications",
  plugins: "Plugins",
  plugin: "Plugin",
  audit: "Audit",
  signin: "Sign in",
  nowhere: "Nothing here",
};

export function titleOf(route: Route, host: string | undefined): string {
  const thing = route.view === "unit" || route.view === "plugin" ? route.name : TITLES[route.view];
  return `${thing} – ${host ?? "runwisp"}`;
}
