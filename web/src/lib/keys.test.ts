import { expect, test } from "vitest";
import { match, named, type Binding } from "./keys";

const key = (name: string): Binding => ({ key: name, does: "", group: "", run: () => {} });
const press = (name: string, more: Partial<KeyboardEvent> = {}) =>
  named({ key: name, ctrlKey: false, metaKey: false, altKey: false, ...more });

test("a key press has one name, whichever system's modifier is held", () => {
  expect(press("K", { ctrlKey: true })).toBe("mod+k");
  expect(press("k", { metaKey: true })).toBe("mod+k");
  expect(press("?")).toBe("?");
  expect(press("Shift")).toBeNull();
  expect(press("j", { altKey: true })).toBeNull();
});

test("sequences wait for their second key and do not swallow single ones", () => {
  const keys = [key("g u"), key("j"), key("g r")];
  expect(match(["g"], keys)).toEqual({ waiting: true });
  expect(match(["g", "u"], keys).found?.key).toBe("g u");
  expect(match(["g", "j"], keys).found?.key).toBe("j");
  expect(match(["j", "g"], keys)).toEqual({ waiting: true });
  expect(match(["x"], keys)).toEqual({ waiting: false });
});
