// The form of a task's parameters: what it begins with, what is wrong, what is sent. Pure; tests beside it.
import type { Param } from "./wire";

export type Values = Record<string, string>;

/** What the fields hold at first: the run that is repeated, else the defaults. */
export function initial(params: Param[], before: Record<string, string> | null = null): Values {
  return Object.fromEntries(params.map((param) => [param.name, before?.[param.name] ?? param.default ?? ""]));
}

/** What is wrong, by field. The daemon checks again; this only says it sooner. */
export function wrong(params: Param[], values: Values): Record<string, string> {
  const found: Record<string, string> = {};
  for (const param of params) {
    const value = (values[param.name] ?? "").trim();
    if (value === "") {
      if (param.required) found[param.name] = "A value is needed.";
    } else if (param.type === "number" && !Number.isFinite(Number(value))) {
      found[param.name] = "This has to be a number.";
    } else if (param.choices.length > 0 && !param.allow_custom && !param.choices.includes(value)) {
      found[param.name] = "Choose one of the list.";
    }
  }
  return found;
}

/** What is sent: everything but fields left empty that have no default, which the task then does not get. */
export function sent(params: Param[], values: Values): Record<string, string> {
  const given = params
    .map((param) => [param.name, values[param.name] ?? ""] as const)
    .filter(
      ([name, value]) =>
        value !== "" || params.some((param) => param.name === name && param.default !== null),
    );
  return Object.fromEntries(given);
}
