import { expect, test } from "vitest";
import { href, parse, type Place } from "./router";

test("every place comes back from its address", () => {
  const places: Place[] = [
    { view: "overview" },
    { view: "units" },
    { view: "unit", name: "a/b %2F ü?#" },
    { view: "runs" },
    { view: "run", id: "01J8" },
    { view: "calendar" },
    { view: "notifications" },
    { view: "plugins" },
    { view: "plugin", name: "slack" },
    { view: "audit" },
    { view: "signin" },
  ];
  for (const place of places) {
    const { query, ...back } = parse(href(place));
    expect(back).toEqual(place);
    expect([...query]).toEqual([]);
  }
});

test("the query is kept, and empty values are left out", () => {
  const address = href({ view: "runs" }, { outcome: "failed,timeout", unit: "", q: "a&b=c" });
  expect(address).toBe("#/runs?outcome=failed%2Ctimeout&q=a%26b%3Dc");
  const route = parse(address);
  expect(route.query.get("q")).toBe("a&b=c");
  expect(route.query.has("unit")).toBe(false);
});

test("what leads nowhere says so", () => {
  for (const bad of ["#/nothing", "#/units/%E0%A4%A", "#/units/a/b", "#/audit/3"]) {
    expect(parse(bad).view, bad).toBe("nowhere");
  }
  expect(parse("").view).toBe("overview");
  expect(parse("#").view).toBe("overview");
});
