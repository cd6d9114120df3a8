// One function per question or command: the only file of the page that knows paths.
import { http, ok } from "./client";
import type {
  Accepted,
  Bulk,
  Calendar,
  Firing,
  Host,
  Reload,
  Run,
  Runs,
  RunSummary,
  Samples,
  Session,
  Status,
  Unit,
} from "./wire";

type Query = Record<string, string | number | boolean | undefined | null>;

/** Drops what is not set; the daemon refuses empty parameters it does not know. */
function query(wanted: Query): Record<string, string | number | boolean> {
  const given = Object.entries(wanted).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  return Object.fromEntries(given) as Record<string, string | number | boolean>;
}

const V1 = "/api/v1";

export const session = () => ok<Session>(http.GET(`${V1}/session`, {}));
export const signOut = () => ok<unknown>(http.DELETE(`${V1}/session`, {}));

export const status = () => ok<Status>(http.GET(`${V1}/status`, {}));
export const unit = (name: string, signal?: AbortSignal) =>
  ok<Unit>(http.GET(`${V1}/units/{name}`, { params: { path: { name } }, signal }));

export interface RunQuery {
  unit?: string;
  kind?: string;
  state?: string;
  outcome?: string;
  trigger?: string;
  instance?: number;
  execution_id?: string;
  exit_code?: string;
  since?: string;
  until?: string;
  retries?: boolean;
  q?: string;
  sort?: string;
  limit?: number;
  cursor?: string;
  count?: boolean;
}
export const runs = (wanted: RunQuery, signal?: AbortSignal) =>
  ok<Runs>(http.GET(`${V1}/runs`, { params: { query: query({ ...wanted }) }, signal }));

export const run = (id: string, signal?: AbortSignal) =>
  ok<Run>(http.GET(`${V1}/runs/{id}`, { params: { path: { id } }, signal }));

export type UnitVerb = "start" | "stop" | "restart";
export const unitVerb = (name: string, verb: UnitVerb) =>
  ok<Accepted>(http.POST(`${V1}/units/{name}/${verb}`, { params: { path: { name } } }));
export const signalUnit = (name: string, signal: string, scope: string) =>
  ok<Accepted>(
    http.POST(`${V1}/units/{name}/signal`, { params: { path: { name } }, body: { signal, scope } }),
  );
export const runTask = (name: string, params: Record<string, string>) =>
  ok<Accepted>(http.POST(`${V1}/tasks/{name}/run`, { params: { path: { name } }, body: { params } }));
export const stopRun = (id: string) =>
  ok<Accepted>(http.POST(`${V1}/runs/{id}/stop`, { params: { path: { id } } }));

export const next = (wanted: { unit?: string; n?: number; from?: string }) =>
  ok<{ firings: Firing[] }>(http.GET(`${V1}/next`, { params: { query: query(wanted) } }));
export const calendar = (wanted: { unit?: string; from: string; until: string }, signal?: AbortSignal) =>
  ok<Calendar>(http.GET(`${V1}/calendar`, { params: { query: query(wanted) }, signal }));

export const reloadPlan = () =>
  ok<Reload>(http.POST(`${V1}/reload`, { params: { query: { plan_only: true } }, body: {} }));
export const reload = () => ok<Reload>(http.POST(`${V1}/reload`, { body: {} }));

export const unread = () =>
  ok<{ unread: number }>(http.GET(`${V1}/notifications`, { params: { query: { limit: 1 } } }));

export const summary = (wanted: { since?: string; unit?: string }) =>
  ok<RunSummary>(http.GET(`${V1}/runs/summary`, { params: { query: query(wanted) } }));
export const rerun = (id: string, params?: Record<string, string>) =>
  ok<Accepted>(
    http.POST(`${V1}/runs/{id}/rerun`, { params: { path: { id } }, body: params ? { params } : {} }),
  );

export type BulkAction = "stop" | "delete" | "restore" | "rerun";
/** Either runs by id, or all that fit a filter apart from some. */
export interface BulkWanted {
  action: BulkAction;
  ids?: string[];
  filter?: Omit<RunQuery, "limit" | "cursor" | "count" | "sort">;
  except?: string[];
}
export const bulk = (wanted: BulkWanted) => ok<Bulk>(http.POST(`${V1}/runs/bulk`, { body: wanted }));

export const host = (signal?: AbortSignal) => ok<Host>(http.GET(`${V1}/host`, { signal }));
export const samples = (
  wanted: { unit: string; since?: string; until?: string; points?: number },
  signal?: AbortSignal,
) => ok<Samples>(http.GET(`${V1}/samples`, { params: { query: query(wanted) }, signal }));
