// Keys of the page. A view binds its keys while it is shown; `?` lists what is bound.
//
// Invariant: a key never acts while one writes into a field or while a dialog is open, Escape and Ctrl/⌘ keys apart.

export interface Binding {
  /** As `KeyboardEvent.key` says it, `mod+` before it for Ctrl or ⌘; several with spaces between are a sequence. */
  key: string;
  /** What it does, for the list of keys. */
  does: string;
  /** The heading it stands under in the list of keys. */
  group: string;
  run: (event: KeyboardEvent) => void;
}

let bound: Binding[] = [];
let typed: string[] = [];
let typedAt = 0;

/** The keys of a sequence have to follow one another within this many milliseconds. */
const PATIENCE = 1_200;

/** Binds keys until the returned function is called; later ones win. */
export function bind(bindings: Binding[]): () => void {
  bound = [...bindings, ...bound];
  return () => {
    bound = bound.filter((binding) => !bindings.includes(binding));
  };
}

/** What is bound now, first come first. */
export function bindings(): Binding[] {
  const seen = new Set<string>();
  return bound.filter((binding) => !seen.has(binding.key) && seen.add(binding.key));
}

/** The name of a key press, or null for a key that only modifies. */
export function named(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">): string | null {
  if (["Shift", "Control", "Meta", "Alt"].includes(event.key) || event.altKey) return null;
  return event.ctrlKey || event.metaKey ? `mod+${event.key.toLowerCase()}` : event.key;
}

/** The binding for what has been typed, the longest first, and whether a longer one may still come. */
export function match(keys: string[], among: Binding[]): { found?: Binding; waiting: boolean } {
  for (let from = 0; from < keys.length; from += 1) {
    const sequence = keys.slice(from).join(" ");
    const found = among.find((binding) => binding.key === sequence);
    if (found) return { found, waiting: false };
    if (among.some((binding) => binding.key.startsWith(`${sequence} `))) return { waiting: true };
  }
  return { waiting: false };
}

/** Hears every key of the window. */
export function listen(target: Window): () => void {
  const hear = (event: KeyboardEvent) => {
    const key = named(event);
    if (key === null || event.defaultPrevented) return;
    if (!key.startsWith("mod+") && busy(event.target)) return;
    const now = event.timeStamp;
    typed = now - typedAt > PATIENCE ? [key] : [...typed.slice(-2), key];
    typedAt = now;
    const { found, waiting } = match(typed, bound);
    if (found) {
      typed = [];
      event.preventDefault();
      found.run(event);
    } else if (!waiting) {
      typed = [];
    }
  };
  target.addEventListener("keydown", hear);
  return () => target.removeEventListener("keydown", hear);
}

function busy(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]")) return true;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}
