// Messages to people, access and the audit log, as `api.ts` has the rest: one function per question.
import { http, ok } from "./client";
import type { Session } from "./wire";

const V1 = "/api/v1";

export type Severity = "info" | "warning" | "error";

export type DeliveryState = "pending" | "held" | "sending" | "delivered" | "rejected" | "expired";

export interface Notification {
  id: string;
  kind: string;
  severity: Severity;
  unit: string | null;
  run_id: string | null;
  title: string;
  sentence: string;
  count: number;
  first_at: string;
  last_at: string;
  read: boolean;
}
export interface Attempt {
  at: string;
  outcome: string;
  message: string | null;
}
export interface Delivery {
  id: string;
  event_id: string;
  notifier: string;
  target: string | null;
  unit: string | null;
  run_id: string | null;
  kind: string;
  severity: Severity;
  title: string;
  folded: number;
  state: DeliveryState;
  created_at: string;
  next_at: string | null;
  ended_at: string | null;
  answers: string | null;
  receipt: string | null;
  attempts: Attempt[];
}

type Given = Record<string, string | number | boolean | undefined>;
const set = (wanted: Given): Given =>
  Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined && value !== ""));

export interface Bell {
  notifications: Notification[];
  unread: number;
}
export const notifications = (wanted: { unread?: boolean; limit?: number }) =>
  ok<Bell>(http.GET(`${V1}/notifications`, { params: { query: set(wanted) } }));
export const read = (id?: string) =>
  ok<Bell>(http.POST(`${V1}/notifications/read`, { body: id ? { id } : {} }));
export const deliveries = (wanted: { notifier?: string; unit?: string; state?: string; limit?: number }) =>
  ok<{ deliveries: Delivery[] }>(http.GET(`${V1}/deliveries`, { params: { query: set(wanted) } }));

export type Exchanged =
  | { type: "line"; level: string; message: string }
  | {
      type: "call";
      asked: string;
      sent: string;
      ok: boolean;
      outcome: string;
      received: string;
      took_ms: number;
    };
export interface Tested {
  delivered: boolean;
  delivery: Delivery;
  exchange: Exchanged[];
  took_ms: number;
}
export const testNotifier = (id: string) =>
  ok<Tested>(http.POST(`${V1}/notifiers/{id}/test`, { params: { path: { id } }, body: {} }));

export interface AuditEntry {
  id: number;
  at: string;
  actor: { kind: string; name: string };
  from: string | null;
  action: string;
  target: string | null;
  detail: string | null;
  result: string;
  status: number;
}
export const audit = (wanted: {
  limit?: number;
  before?: number;
  actor?: string;
  action?: string;
  unit?: string;
}) =>
  ok<{ entries: AuditEntry[]; next: number | null }>(
    http.GET(`${V1}/audit`, { params: { query: set(wanted) } }),
  );

export interface Token {
  id: string;
  name: string;
  scope: string;
  units: string[] | null;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  created_by: string;
}
export const tokens = () => ok<{ tokens: Token[] }>(http.GET(`${V1}/tokens`, {}));
export const revoke = (id: string) =>
  ok<unknown>(http.DELETE(`${V1}/tokens/{id}`, { params: { path: { id } } }));

export const signIn = (password: string) => ok<Session>(http.POST(`${V1}/session`, { body: { password } }));
export const signOutEverywhere = () => ok<unknown>(http.DELETE(`${V1}/sessions`, {}));
