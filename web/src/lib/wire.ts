// The documents of the API by the names the page uses: aliases of what is generated from `openapi.json`.
import type { components } from "./api.gen";

/** Fields that an answer may do without. */
type LeftOut = "definition" | "params" | "missing_bytes" | "rests_ms" | "calls" | "failures";

/** An answer as the daemon writes it: but for those, what has no value is `null` and never left out. */
type Written<T> = T extends readonly (infer Item)[]
  ? Written<Item>[]
  : T extends object
    ? { [Key in keyof T as Key extends LeftOut ? never : Key]-?: Written<Exclude<T[Key], undefined>> } & {
        [Key in keyof T as Key extends LeftOut ? Key : never]: Written<T[Key]>;
      }
    : T;

type Documents = components["schemas"];
type Schemas = { [Name in keyof Documents]: Written<Documents[Name]> };

export type Kind = Schemas["Kind"];
export type InstanceState = Schemas["InstanceState"];
export type RunState = Schemas["RunState"];
export type Outcome = Schemas["Outcome"];
export type Trigger = Schemas["Trigger"];
export type Scope = Schemas["Scope"];

export type Session = Schemas["Session"];
export type Daemon = Schemas["Daemon"];
export type Status = Schemas["Status"];
export type Unit = Schemas["Unit"];
export type Instance = Schemas["Instance"];
export type Definition = Schemas["Definition"];
export type Schedule = Schemas["ScheduleText"];
export type Param = Schemas["Param"];
export type Run = Schemas["Run"];
export type Runs = Schemas["Runs"];
export type RunSummary = Schemas["RunSummary"];
export type Accepted = Schemas["Accepted"];
export type Bulk = Schemas["Bulk"];
export type Reload = Schemas["Reload"];
export type Finding = Schemas["Finding"];
export type Firing = Schemas["Firing"];
export type Calendar = Schemas["Calendar"];
export type CalendarUnit = Schemas["CalendarUnit"];
export type CalendarTick = Schemas["CalendarTick"];
export type LogLine = Schemas["LogLine"];
export type Host = Schemas["Host"];
export type Sample = Schemas["Sample"];
export type Samples = Schemas["Samples"];

export type Notification = Schemas["Notification"];
export type Notifications = Schemas["Notifications"];
export type Severity = Schemas["Severity"];
export type Delivery = Schemas["Delivery"];
export type Deliveries = Schemas["Deliveries"];
export type DeliveryState = Schemas["DeliveryState"];
export type Attempt = Schemas["Attempt"];
export type Exchanged = Schemas["Exchanged"];
export type Tested = Schemas["Tested"];
export type Audit = Schemas["Audit"];
export type AuditEntry = Schemas["AuditEntry"];
export type Token = Schemas["Token"];
export type Plugin = Schemas["Plugin"];
export type PluginDetails = Schemas["PluginDetails"];

export type Envelope = Schemas["Envelope"];
export type RunEvent = Extract<Envelope, { event: "run" }>;
export type InstanceEvent = Extract<Envelope, { event: "instance" }>;

/** What is shown of a refusal: the daemon's document, or the page's own when there was no answer. */
export type Problem = Pick<Documents["Doc_Problem"], "code" | "message"> & Partial<Documents["Doc_Problem"]>;
