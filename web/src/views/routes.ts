// Which component shows which place. A place without one is not offered.
import type { Component } from "svelte";
import type { Place, Route } from "../lib/router";
import Audit from "./audit/Audit.svelte";
import Calendar from "./calendar/Calendar.svelte";
import Notifications from "./notifications/Notifications.svelte";
import Overview from "./overview/Overview.svelte";
import Plugin from "./plugins/Plugin.svelte";
import Plugins from "./plugins/Plugins.svelte";
import Run from "./run/Run.svelte";
import Runs from "./runs/Runs.svelte";
import SignIn from "./signin/SignIn.svelte";
import Unit from "./unit/Unit.svelte";
import Units from "./units/Units.svelte";

export type View = Component<{ route: Route }>;

export const views: Partial<Record<Place["view"], View>> = {
  overview: Overview,
  units: Units,
  unit: Unit,
  runs: Runs,
  run: Run,
  calendar: Calendar,
  notifications: Notifications,
  plugins: Plugins,
  plugin: Plugin,
  audit: Audit,
  signin: SignIn,
};
