// The places of the side bar, in order.
import type { Place } from "../lib/router";
import type { IconName } from "../parts/icons";
import { views } from "../views/routes";

export interface NavItem {
  place: Place;
  label: string;
  icon: IconName;
  /** Typed after `g`. */
  key: string;
  /** Only for these; others may look everywhere. */
  admin?: boolean;
}

const ALL: NavItem[] = [
  { place: { view: "overview" }, label: "Overview", icon: "overview", key: "o" },
  { place: { view: "units" }, label: "Units", icon: "units", key: "u" },
  { place: { view: "runs" }, label: "Runs", icon: "runs", key: "r" },
  { place: { view: "calendar" }, label: "Calendar", icon: "calendar", key: "c" },
  { place: { view: "notifications" }, label: "Notifications", icon: "bell", key: "n" },
  { place: { view: "plugins" }, label: "Plugins", icon: "plugins", key: "p" },
  { place: { view: "audit" }, label: "Audit", icon: "audit", key: "a", admin: true },
];

export const nav = (admin: boolean): NavItem[] =>
  ALL.filter((item) => views[item.place.view] !== undefined && (admin || !item.admin));
