// Messages to people, plugins, access and the audit log, as `api.ts` has the rest: one function per question.
import { http, ok } from "./client";
import type { Audit, Deliveries, Notifications, Plugin, PluginDetails, Session, Tested, Token } from "./wire";

const V1 = "/api/v1";

type Given = Record<string, string | number | boolean | undefined>;
const set = (wanted: Given): Given =>
  Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined && value !== ""));

export const notifications = (
  wanted: { unread?: boolean; limit?: number; before?: string },
  signal?: AbortSignal,
) => ok<Notifications>(http.GET(`${V1}/notifications`, { params: { query: set(wanted) }, signal }));
export const read = (id?: string) =>
  ok<Notifications>(http.POST(`${V1}/notifications/read`, { body: id ? { id } : {} }));
export const deliveries = (
  wanted: { notifier?: string; unit?: string; state?: string; limit?: number; before?: string },
  signal?: AbortSignal,
) => ok<Deliveries>(http.GET(`${V1}/deliveries`, { params: { query: set(wanted) }, signal }));

export const testNotifier = (id: string) =>
  ok<Tested>(http.POST(`${V1}/notifiers/{id}/test`, { params: { path: { id } }, body: {} }));

export const plugins = () => ok<{ plugins: Plugin[] }>(http.GET(`${V1}/plugins`, {}));
export const plugin = (name: string) =>
  ok<PluginDetails>(http.GET(`${V1}/plugins/{name}`, { params: { path: { name } } }));

export const audit = (wanted: {
  limit?: number;
  before?: number;
  actor?: string;
  action?: string;
  unit?: string;
}) => ok<Audit>(http.GET(`${V1}/audit`, { params: { query: set(wanted) } }));

export const tokens = () => ok<{ tokens: Token[] }>(http.GET(`${V1}/tokens`, {}));
export const revoke = (id: string) =>
  ok<unknown>(http.DELETE(`${V1}/tokens/{id}`, { params: { path: { id } } }));

export const signIn = (password: string) => ok<Session>(http.POST(`${V1}/session`, { body: { password } }));
export const signOutEverywhere = () => ok<unknown>(http.DELETE(`${V1}/sessions`, {}));
