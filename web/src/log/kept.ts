// How this browser likes to see logs. Storage that is switched off or full changes nothing but that it is forgotten.
import type { Times } from "./line";

const TIMES = "runwisp.log.times";
const WRAP = "runwisp.log.wrap";

function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** How times are shown. */
export function times(): Times {
  const value = read(TIMES);
  return value === "since" || value === "off" ? value : "clock";
}

/** Whether long lines wrap. */
export function wrap(): boolean {
  return read(WRAP) !== "no";
}

/** Remembers both. */
export function keep(times: Times, wrap: boolean): void {
  try {
    localStorage.setItem(TIMES, times);
    localStorage.setItem(WRAP, wrap ? "yes" : "no");
  } catch {
    // Forgotten, then.
  }
}
