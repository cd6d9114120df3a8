// What the page knows of the daemon at this moment, kept true by its events. The one store that views read.
//
// Invariant: events are folded in bunches, and what they make old is asked for at most once a second, however many come.
import * as api from "./api";
import { base, problemOf } from "./client";
import { fold } from "./events/fold";
import type { Connection, Told } from "./events/hub";
import { share, type Share } from "./events/share";
import { me } from "./session.svelte";
import { toasts } from "./toasts.svelte";
import type { Daemon, Envelope, Problem, Unit } from "./wire";

/** Events are folded together for this long, ms. */
const BUNCH = 80;

/** Documents are asked for anew no more often than this, ms. */
const CALM = 1_000;

/** Beyond this many units that are old, one answer with all of them is cheaper. */
const FEW = 4;

class Live {
  daemon: Daemon | undefined = $state.raw();
  units: Unit[] = $state.raw([]);
  /** Whether the first answer is there. */
  known: boolean = $state(false);
  problem: Problem | undefined = $state.raw();
  connection: Connection = $state.raw({ phase: "connecting" });
  unread: number = $state(0);
  /** Grows whenever lists and documents held by views may miss something: after a gap or a new daemon. */
  epoch: number = $state(0);

  #hearers = new Set<(envelope: Envelope) => void>();
  #queue: Envelope[] = [];
  #folding: ReturnType<typeof setTimeout> | undefined;
  #stale = new Set<string>();
  #everything = false;
  #asking = false;
  #due: ReturnType<typeof setTimeout> | undefined;
  #share: Share | undefined;

  start(): void {
    this.#share ??= share(`${base}api/v1/events`, (told) => this.#hear(told));
    this.#everything = true;
    void this.#ask();
    void this.#count();
  }

  unit(name: string): Unit | undefined {
    return this.units.find((unit) => unit.name === name);
  }

  /** Calls back with every event from now on. */
  on(hear: (envelope: Envelope) => void): () => void {
    this.#hearers.add(hear);
    return () => this.#hearers.delete(hear);
  }

  retry(): void {
    this.#share?.retry();
  }

  /** Asks for everything now; after an action whose result people wait for. */
  refresh(): void {
    this.#everything = true;
    void this.#ask();
  }

  #hear(told: Told): void {
    if (told.type === "event") {
      this.#queue.push(told.envelope);
      this.#folding ??= setTimeout(() => this.#fold(), BUNCH);
    } else if (told.type === "connection") {
      this.#connected(told.connection);
    } else {
      this.#again();
    }
  }

  #connected(connection: Connection): void {
    const before = this.connection.phase;
    this.connection = connection;
    if (connection.phase === "stranger") me.stranger = true;
    if (connection.phase === "live" && before === "lost") {
      this.#again();
      void this.#count();
    }
  }

  #again(): void {
    this.epoch += 1;
    this.refresh();
  }

  #fold(): void {
    this.#folding = undefined;
    const events = this.#queue;
    this.#queue = [];
    let units = this.units;
    for (const event of events) {
      const folded = fold(units, event);
      units = folded.units;
      for (const name of folded.stale) this.#stale.add(name);
      this.#everything ||= folded.everything;
      if (event.event === "notification") void this.#count();
    }
    this.units = units;
    for (const event of events) for (const hear of this.#hearers) hear(event);
    if (this.#stale.size > 0 || this.#everything) this.#due ??= setTimeout(() => void this.#ask(), CALM);
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#due);
    this.#due = undefined;
    // What became old meanwhile is asked for once the answer is there, see below.
    if (this.#asking) return;
    this.#asking = true;
    const names = [...this.#stale];
    const everything = this.#everything || names.length > FEW;
    this.#stale.clear();
    this.#everything = false;
    try {
      if (everything) this.#all(await api.status());
      else await Promise.all(names.map((name) => this.#one(name)));
      this.problem = undefined;
    } catch (error) {
      this.problem = problemOf(error);
      // It is asked for again when the connection is back.
      this.#everything = true;
    }
    this.#asking = false;
    if (this.problem === undefined && (this.#stale.size > 0 || this.#everything)) {
      this.#due ??= setTimeout(() => void this.#ask(), CALM);
    }
  }

  #all(status: { daemon: Daemon; units: Unit[] }): void {
    const before = this.daemon;
    this.daemon = status.daemon;
    this.units = status.units;
    this.known = true;
    if (!before || before.started_at === status.daemon.started_at) return;
    this.epoch += 1;
    if (before.version === status.daemon.version) {
      toasts.show({ tone: "plain", text: "The daemon was restarted; the page has caught up." });
      return;
    }
    const text = `The daemon is now version ${status.daemon.version}. This page is of ${before.version}.`;
    toasts.show({ tone: "plain", text, action: { label: "Reload page", run: () => location.reload() } }, 0);
  }

  async #one(name: string): Promise<void> {
    try {
      const unit = await api.unit(name);
      const at = this.units.findIndex((known) => known.name === name);
      // The long answer has the definition; the list stays short.
      const { definition: _, ...short } = unit;
      this.units = at < 0 ? [...this.units, short] : this.units.with(at, short);
    } catch (error) {
      const { code } = problemOf(error);
      if (code !== "unit.unknown") throw error;
      this.units = this.units.filter((unit) => unit.name !== name);
    }
  }

  async #count(): Promise<void> {
    try {
      this.unread = (await api.unread()).unread;
    } catch {
      // The bell's figure is not worth a message; it comes with the next notification.
    }
  }
}

export const live = new Live();
