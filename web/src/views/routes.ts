// Which component shows which place. A place without one is not offered.
import type { Component } from "svelte";
import type { Place, Route } from "../lib/router";
import Audit from "./audit/Audit.svelte";
import Notifications from "./notifications/Notifications.svelte";
import Plugin from "./plugins/Plugin.svelte";
import Plugins from "./plugins/Plugins.svelte";
import Run from "./run/Run.svelte";
import Runs from "./runs/Runs.svelte";
import SignIn from "./signin/SignIn.svelte";
import Units from "./units/Units.svelte";

export type View = Component<{ route: Route }>;

export const views: Partial<Record<Place["view"], View>> = {
  units: Units as View,
  runs: Runs as View,
  run: Run,
  notifications: Notifications,
  plugins: Plugins,
  plugin: Plugin,
  audit: Audit,
  signin: SignIn,
};
