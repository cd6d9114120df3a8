// Two operators at once: each sees what the other does, and is told where the other was first.
import { expect, signIn, test } from "./test";

test("what one does the other sees, and a run that one deleted the other cannot", async ({
  daemon,
  page,
  browser,
}) => {
  await daemon.run("report");
  const context = await browser.newContext({ baseURL: daemon.url });
  try {
    const other = await context.newPage();
    await signIn(page);
    await signIn(other);
    await page.goto("./#/units/web");
    await other.goto("./#/units/web");
    const state = (of: typeof page) => of.locator(".view-head");
    await expect(state(page)).toContainText(/running/i);

    await other.getByRole("button", { name: "Stop" }).click();
    await expect(state(page)).toContainText(/stopped/i);
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await expect(state(other)).toContainText(/running/i);

    await page.goto("./#/runs?unit=report");
    await other.goto("./#/runs?unit=report");
    const rows = (of: typeof page) => of.locator("main").getByRole("link", { name: /report/ });
    await expect(rows(page)).toHaveCount(1);
    await page.getByRole("checkbox", { name: /report/ }).check();
    await other.getByRole("checkbox", { name: /report/ }).check();
    await other.getByRole("button", { name: "Delete" }).click();
    await expect(rows(other)).toHaveCount(0);
    await page.getByRole("button", { name: "Delete" }).click();
    await expect(page.getByText(/0 runs deleted; 1 left: there is no run/)).toBeVisible();
  } finally {
    await context.close();
  }
});
