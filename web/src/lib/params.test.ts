import { expect, test } from "vitest";
import { initial, sent, wrong } from "./params";
import type { Param } from "./wire";

const param = (name: string, more: Partial<Param> = {}): Param => ({
  name,
  type: "string",
  default: null,
  required: false,
  choices: [],
  allow_custom: false,
  description: null,
  ...more,
});
const params = [
  param("DAY", { required: true }),
  param("LIMIT", { type: "number", default: "500" }),
  param("MODE", { choices: ["new", "all"], default: "new" }),
  param("NOTE"),
];

test("fields begin with the run that is repeated, else with defaults", () => {
  expect(initial(params)).toEqual({ DAY: "", LIMIT: "500", MODE: "new", NOTE: "" });
  expect(initial(params, { DAY: "monday", LIMIT: "7", GONE: "x" })).toEqual({
    DAY: "monday",
    LIMIT: "7",
    MODE: "new",
    NOTE: "",
  });
});

test("what is wrong is said beside its field", () => {
  expect(Object.keys(wrong(params, { DAY: " ", LIMIT: "many", MODE: "none", NOTE: "" }))).toEqual([
    "DAY",
    "LIMIT",
    "MODE",
  ]);
  expect(wrong(params, { DAY: "1", LIMIT: "-2.5", MODE: "all", NOTE: "" })).toEqual({});
  expect(wrong([param("MODE", { choices: ["a"], allow_custom: true })], { MODE: "b" })).toEqual({});
});

test("an empty field is sent only where it stands against a default", () => {
  expect(sent(params, { DAY: "1", LIMIT: "", MODE: "all", NOTE: "" })).toEqual({
    DAY: "1",
    LIMIT: "",
    MODE: "all",
  });
});
