// Who may only look sees everything and can change nothing.
import { expect, signIn, test } from "./test";

const VIEWER = "only looking around";

test("the viewer's password shows everything and changes nothing", async ({ daemon, page }) => {
  const put = await daemon.ask("PUT", "/password", { password: VIEWER, viewer: true });
  expect(put.status).toBeLessThan(300);
  const id = await daemon.run("report");
  await signIn(page, VIEWER);

  await page.goto("./#/units/web");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/web/);
  for (const name of ["Start", "Stop", "Restart", "Run"]) {
    await expect(page.getByRole("button", { name, exact: true })).toHaveCount(0);
  }
  await page.goto(`./#/runs/${id}`);
  await expect(page.getByText("exit code 3", { exact: true }).first()).toBeVisible();
  for (const name of ["Run again", "Delete this run"])
    await expect(page.getByRole("button", { name })).toHaveCount(0);

  // The page only hides it; the daemon is who refuses.
  const status = await page.evaluate(
    async () => (await fetch("./api/v1/units/web/stop", { method: "POST" })).status,
  );
  expect(status).toBe(403);
  const unit = await daemon.get<{ state: string }>("/units/web");
  expect(unit.state).toBe("running");
});
