// A task is run with parameters and watched to its end.
import { expect, logLines, test } from "./test";

test("a task is run with parameters, watched, and run again", async ({ daemon, signedIn: page }) => {
  await page.goto("./#/units/deploy");
  await page.getByRole("button", { name: "Run…" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("STAGE").selectOption("live");
  await form.getByLabel("VERSION").fill("1.4.2");
  await form.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("button", { name: "Show run" }).click();

  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Succeeded in /);
  await expect(logLines(page)).toHaveText(["deploying 1.4.2 to live"]);
  const facts = page.locator("dl.strip");
  await expect(facts).toContainText("by hand");
  await expect(facts.locator("div", { hasText: "VERSION" })).toContainText("1.4.2");

  const first = page.url();
  await page.getByRole("button", { name: "Run again" }).click();
  await expect.poll(() => page.url()).not.toBe(first);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Succeeded in /);
  await expect(logLines(page)).toHaveText(["deploying 1.4.2 to live"]);
  const runs = await daemon.get<{ runs: unknown[] }>("/runs?unit=deploy");
  expect(runs.runs).toHaveLength(2);
});

test("a schedule is told in words beside its expression", async ({ signedIn: page }) => {
  await page.goto("./#/units/backup");
  const schedule = page.getByRole("region", { name: "Schedule" });
  await expect(schedule.getByText("0 3 * * *", { exact: true })).toBeVisible();
  await expect(schedule.getByText(/^at 03:00/)).toBeVisible();
});
