// What can be done with a unit, in one place for the buttons, the menus and the palette.
import * as api from "./api";
import { live } from "./live.svelte";
import { router } from "./router.svelte";
import { toasts } from "./toasts.svelte";
import type { Unit } from "./wire";
import type { IconName } from "../parts/icons";

export interface Verb {
  label: string;
  icon: IconName;
  /** Whether it ends something that runs. */
  ends: boolean;
  run: () => void;
}

const RESTING = ["stopped", "exited", "fatal"];

async function verb(unit: Unit, name: api.UnitVerb, done: string): Promise<void> {
  try {
    const accepted = await api.unitVerb(unit.name, name);
    toasts.good(accepted.changed ? `${unit.name} ${done}.` : `${unit.name}: nothing to do.`);
    live.refresh();
  } catch (error) {
    toasts.failed(`${name} ${unit.name}`, error);
  }
}

/** Runs a task and says where to see it. */
async function run(unit: Unit, params: Record<string, string> = {}): Promise<boolean> {
  try {
    const { runs } = await api.runTask(unit.name, params);
    const id = runs[0];
    toasts.show({
      tone: "good",
      text: `${unit.name} was started.`,
      action: id ? { label: "Show run", run: () => router.go({ view: "run", id }) } : undefined,
    });
    live.refresh();
    return true;
  } catch (error) {
    toasts.failed(`run ${unit.name}`, error);
    return false;
  }
}

/** What makes sense for the unit as it is now. */
function of(unit: Unit): Verb[] {
  if (unit.kind === "task") {
    // Its page asks for parameters, where it has some.
    const start = () => router.go({ view: "unit", name: unit.name }, { run: "1" });
    const verbs: Verb[] = [{ label: "Run", icon: "play", ends: false, run: start }];
    if (unit.instances.length > 0) {
      verbs.push({
        label: "Stop",
        icon: "stop",
        ends: true,
        run: () => void verb(unit, "stop", "is being stopped"),
      });
    }
    return verbs;
  }
  const start: Verb = {
    label: "Start",
    icon: "play",
    ends: false,
    run: () => void verb(unit, "start", "is being started"),
  };
  const stop: Verb = {
    label: "Stop",
    icon: "stop",
    ends: true,
    run: () => void verb(unit, "stop", "is being stopped"),
  };
  const restart: Verb = {
    label: "Restart",
    icon: "restart",
    ends: true,
    run: () => void verb(unit, "restart", "is being restarted"),
  };
  const resting = unit.instances.every((instance) => RESTING.includes(instance.state));
  const running = unit.instances.some((instance) => !RESTING.includes(instance.state));
  if (resting) return [start];
  return running ? [restart, stop] : [start, stop];
}

export const act = { of, run };
