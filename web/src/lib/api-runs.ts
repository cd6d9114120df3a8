// What is done with runs that are there, as `api.ts` has the rest.
import type { Accepted } from "./api";
import { http, ok } from "./client";

const V1 = "/api/v1";

export type BulkAction = "stop" | "delete" | "restore" | "rerun";
export interface Bulk {
  affected: number;
  skipped: { id: string; why: string }[];
  runs: string[];
}
/** Deleted runs come back with `restore`, for a minute. */
export const bulk = (action: BulkAction, ids: string[]) =>
  ok<Bulk>(http.POST(`${V1}/runs/bulk`, { body: { action, ids } }));

/** The same unit with the same parameters. */
export const rerun = (id: string) =>
  ok<Accepted>(http.POST(`${V1}/runs/{id}/rerun`, { params: { path: { id } }, body: {} }));
