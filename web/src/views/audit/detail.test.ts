import { expect, it } from "vitest";
import { detail } from "./detail";

it("says parameters as one writes them, and nothing where there is nothing", () => {
  expect(detail('{"params":{"STAGE":"live","VERSION":"1.4"}}')).toBe("STAGE=live, VERSION=1.4");
  expect(detail('{"params":{}}')).toBe("");
  expect(detail("{}")).toBe("");
  expect(detail(null)).toBe("");
  expect(detail('{"signal":"HUP","scope":null}')).toBe("signal=HUP");
  expect(detail('{"action":"delete","ids":["a","b"]}')).toBe("action=delete, a b");
});

it("leaves alone what is no JSON", () => {
  expect(detail("cut off {")).toBe("cut off {");
});
