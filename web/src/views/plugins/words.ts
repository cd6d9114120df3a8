// How a plugin is, in a word.
import type { Plugin } from "../../lib/api-messages";
import type { Said } from "../../lib/words";

const STATES: Record<Plugin["state"], Said> = {
  idle: { word: "asleep", tone: "idle" },
  loaded: { word: "loaded", tone: "good" },
  suspended: { word: "suspended", tone: "bad" },
};

/** Suspended ones are not called any more; the others wait for a call. */
export const pluginWord = (plugin: Pick<Plugin, "state">): Said =>
  STATES[plugin.state] ?? { word: plugin.state, tone: "idle" };
