// How a plugin stands, in a word.
import type { Plugin } from "../../lib/wire";
import type { Said } from "../../lib/words";

const STATES: Record<Plugin["state"], Said> = {
  ready: { word: "ready", tone: "idle" },
  loaded: { word: "loaded", tone: "good" },
  suspended: { word: "suspended", tone: "bad" },
  missing: { word: "missing", tone: "bad" },
  changed: { word: "changed", tone: "bad" },
  broken: { word: "broken", tone: "bad" },
};

/** A suspended one is not called for a while; a missing, changed or broken one never; the others wait for a call. */
export const pluginWord = (plugin: Pick<Plugin, "state">): Said => STATES[plugin.state];

/** What it is, in a line: kind, version and origin, as far as they are known. */
export const plainly = (plugin: Pick<Plugin, "kind" | "version" | "origin">): string =>
  [plugin.kind, plugin.version, plugin.origin].filter((part) => part).join(" · ");
