// Runs are filtered, deleted in bulk, and brought back.
import { expect, test } from "./test";

test("runs are filtered, deleted in bulk, and brought back", async ({ daemon, signedIn: page }) => {
  for (let i = 0; i < 3; i++) await daemon.run("report");
  for (let i = 0; i < 2; i++) await daemon.run("backup");
  const failed = async () =>
    (await daemon.get<{ runs: unknown[] }>("/runs?unit=report&outcome=failed")).runs.length;

  await page.goto("./#/runs?unit=report");
  const rows = page.locator("main").getByRole("link", { name: /report/ });
  await expect(rows).toHaveCount(3);

  await page.getByRole("checkbox", { name: "Choose all runs that fit" }).click();
  await page.getByRole("toolbar").getByRole("button", { name: "Delete" }).click();
  await expect(rows).toHaveCount(0);
  await expect.poll(failed).toBe(0);

  await page.getByRole("button", { name: "Undo" }).click();
  await expect(rows).toHaveCount(3);
  await expect.poll(failed).toBe(3);
});
