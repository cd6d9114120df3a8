// What an event changes in what the page knows. Pure; tests beside it.
//
// Events say less than documents: the fold shows at once what it can, and names what has to be asked for anew.
import type { Envelope, InstanceEvent, InstanceState, Run, RunEvent, Unit } from "../wire";

export interface Folded {
  units: Unit[];
  /** Units whose document no longer says the truth. */
  stale: string[];
  /** So much has changed that everything is asked for anew. */
  everything: boolean;
}

/** Which state of several instances is shown for the whole: the one that matters most comes first. */
const MATTERS: InstanceState[] = [
  "fatal",
  "unhealthy",
  "backoff",
  "stopping",
  "starting",
  "waiting",
  "running",
  "exited",
  "stopped",
];

export function fold(units: Unit[], envelope: Envelope): Folded {
  switch (envelope.event) {
    case "run":
      return {
        units: replace(units, envelope.unit, (unit) => withRun(unit, envelope)),
        stale: [envelope.unit],
        everything: false,
      };
    case "instance":
      return {
        units: replace(units, envelope.unit, (unit) => withInstance(unit, envelope)),
        stale: [envelope.unit],
        everything: false,
      };
    case "reloaded":
    case "daemon_started":
    case "daemon_stopping":
    case "config_stale":
    case "degraded":
      return { units, stale: [], everything: true };
    case "overdue":
      return { units, stale: [envelope.unit], everything: false };
    default:
      return { units, stale: [], everything: false };
  }
}

function replace(units: Unit[], name: string, change: (unit: Unit) => Unit): Unit[] {
  const at = units.findIndex((unit) => unit.name === name);
  const unit = units[at];
  if (!unit) return units;
  const changed = change(unit);
  return changed === unit ? units : units.with(at, changed);
}

function withInstance(unit: Unit, event: InstanceEvent): Unit {
  if (!unit.instances.some((instance) => instance.index === event.instance)) return unit;
  const instances = unit.instances.map((instance) =>
    instance.index === event.instance
      ? { ...instance, state: event.state, message: event.message }
      : instance,
  );
  return { ...unit, instances, state: worst(instances.map((instance) => instance.state)) ?? unit.state };
}

function withRun(unit: Unit, event: RunEvent): Unit {
  const over = event.state === "ended";
  if (unit.kind === "service") {
    const instances = unit.instances.map((instance) =>
      instance.index === event.instance ? { ...instance, run_id: event.run } : instance,
    );
    return { ...unit, instances };
  }
  const state = taskState(event.state);
  let instances = unit.instances;
  if (over) {
    instances = instances.filter((instance) => instance.run_id !== event.run);
  } else if (instances.some((instance) => instance.run_id === event.run)) {
    instances = instances.map((instance) =>
      instance.run_id === event.run ? { ...instance, state } : instance,
    );
  } else {
    instances = [
      ...instances,
      {
        index: event.instance,
        state,
        pid: null,
        run_id: event.run,
        uptime_ms: null,
        restarts: 0,
        retry_in_ms: null,
        message: event.message,
        usage: null,
      },
    ];
  }
  // What a task without active runs is, only the daemon knows: its unit is stale and will be asked for.
  return { ...unit, instances, state: worst(instances.map((instance) => instance.state)) ?? unit.state };
}

function taskState(state: RunEvent["state"]): InstanceState {
  if (state === "queued") return "waiting";
  return state === "ended" ? "exited" : state;
}

/** The state that matters most. */
export function worst(states: InstanceState[]): InstanceState | undefined {
  return MATTERS.find((state) => states.includes(state));
}

/** The run after the event; the same object when it tells nothing new. */
export function foldRun(run: Run, event: RunEvent): Run {
  if (run.id !== event.run || (run.state === event.state && run.outcome === event.outcome)) return run;
  // An event that was overtaken by the document: an ended run never lives again.
  if (run.state === "ended") return run;
  const next = { ...run, state: event.state, outcome: event.outcome, message: event.message ?? run.message };
  if (event.state === "running" && run.started_at === null) next.started_at = event.at;
  if (event.state === "ended" && run.ended_at === null) {
    next.ended_at = event.at;
    if (next.started_at) next.duration_ms = Math.max(0, Date.parse(event.at) - Date.parse(next.started_at));
  }
  return next;
}
