// The last runs of each unit that is on screen, kept true by events.
//
// Invariant: only what is seen is asked for, a few at a time, so a thousand units cost what the screen holds.
import { SvelteMap } from "svelte/reactivity";
import * as api from "./api";
import { foldRun } from "./events/fold";
import { live } from "./live.svelte";
import type { Envelope, Run } from "./wire";

/** Runs kept per unit. */
const KEPT = 24;

/** Questions under way at once. */
const AT_ONCE = 4;

class Recent {
  #runs = new SvelteMap<string, Run[]>();
  #waiting: string[] = [];
  #asking = 0;
  #epoch = 0;

  constructor() {
    live.on((envelope) => this.#fold(envelope));
  }

  of(unit: string): Run[] | undefined {
    return this.#runs.get(unit);
  }

  /** For an element that shows a unit's runs: asks for them once it can be seen. */
  watch(unit: string): (element: Element) => () => void {
    return (element) => {
      const epoch = live.epoch;
      if (epoch !== this.#epoch) {
        this.#epoch = epoch;
        this.#runs.clear();
      }
      const seen = new IntersectionObserver((entries) => {
        if (!entries.some((entry) => entry.isIntersecting) || this.#runs.has(unit)) return;
        this.#want(unit);
      });
      seen.observe(element);
      return () => seen.disconnect();
    };
  }

  #want(unit: string): void {
    if (this.#waiting.includes(unit)) return;
    this.#waiting.push(unit);
    void this.#next();
  }

  async #next(): Promise<void> {
    const unit = this.#waiting[0];
    if (unit === undefined || this.#asking >= AT_ONCE) return;
    this.#waiting.shift();
    this.#asking += 1;
    try {
      this.#runs.set(unit, (await api.runs({ unit, limit: KEPT })).runs);
    } catch {
      // A strip is not worth a message; it is asked for again when the row is seen again.
    }
    this.#asking -= 1;
    void this.#next();
  }

  #fold(envelope: Envelope): void {
    if (envelope.event !== "run") return;
    const runs = this.#runs.get(envelope.unit);
    if (!runs) return;
    if (runs.some((run) => run.id === envelope.run)) {
      this.#runs.set(
        envelope.unit,
        runs.map((run) => foldRun(run, envelope)),
      );
    } else {
      this.#want(envelope.unit);
    }
  }
}

export const recent = new Recent();
