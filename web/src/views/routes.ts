// Which component shows which place. A place without one is not offered.
import type { Component } from "svelte";
import type { Place, Route } from "../lib/router";
import Units from "./units/Units.svelte";

export type View = Component<{ route: Route }>;

export const views: Partial<Record<Place["view"], View>> = {
  units: Units as View,
};
