// A service is stopped, started and restarted, and the page shows what becomes of it.
import { expect, test } from "./test";

interface Unit {
  state: string;
  instances: { pid: number | null }[];
}

test("a service is stopped, started and restarted", async ({ daemon, signedIn: page }) => {
  const before = await daemon.until<Unit>("/units/web", (unit) => unit.state === "running");
  await page.goto("./#/units/web");
  const state = page.locator("main .view-head");
  await expect(state.getByText("running")).toBeVisible();

  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(state.getByText("stopped")).toBeVisible();
  await daemon.until<Unit>("/units/web", (unit) => unit.state === "stopped");

  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(state.getByText("running")).toBeVisible();
  const started = await daemon.until<Unit>("/units/web", (unit) => unit.state === "running");
  expect(started.instances[0]?.pid).not.toBe(before.instances[0]?.pid);

  await page.getByRole("button", { name: "Restart", exact: true }).click();
  await daemon.until<Unit>(
    "/units/web",
    (unit) => unit.state === "running" && unit.instances[0]?.pid !== started.instances[0]?.pid,
  );
  await expect(state.getByText("running")).toBeVisible();
});
