import { expect, it } from "vitest";
import { granted } from "./grants";

it("says what is granted, and nothing where nothing is", () => {
  expect(granted({ hosts: ["hooks.slack.com"], paths: [], env: false, mail: null })).toEqual([
    { what: "Hosts on the network", items: ["hooks.slack.com"] },
  ]);
});

it("says what it does not know by its name", () => {
  expect(granted({ raw_sockets: true, limits: { fuel: 3 } })).toEqual([
    { what: "raw sockets", items: ["yes"] },
    { what: "limits", items: ["fuel: 3"] },
  ]);
});
