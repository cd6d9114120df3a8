import { expect, it } from "vitest";
import { granted } from "./grants";

it("gathers what is granted by kind", () => {
  expect(granted(["http:$webhook_url", "http:slack.com", "template"])).toEqual([
    { what: "Hosts on the network", items: ["the host in webhook_url", "slack.com"] },
    { what: "Of the host", items: ["templates"] },
  ]);
});

it("says what it does not know by its name, and nothing of nothing", () => {
  expect(granted(["clock", "socket:/run/x:1"])).toEqual([
    { what: "Of the host", items: ["clock"] },
    { what: "socket", items: ["/run/x:1"] },
  ]);
  expect(granted([])).toEqual([]);
});
