import { expect, it } from "vitest";
import { settings } from "./settings";

it("has a row for each property, required ones first", () => {
  const schema = {
    properties: {
      port: { type: "integer", description: "Where it listens." },
      to: { type: "array", items: { type: "string" } },
      tls: { enum: ["none", "starttls"] },
    },
    required: ["to"],
  };
  expect(settings(schema)).toEqual([
    { name: "to", type: "list of string", required: true, description: "" },
    { name: "port", type: "integer", required: false, description: "Where it listens." },
    { name: "tls", type: '"none" or "starttls"', required: false, description: "" },
  ]);
});

it("has none for anything else", () => {
  for (const odd of [null, undefined, true, {}, { properties: 3 }]) expect(settings(odd)).toEqual([]);
});
