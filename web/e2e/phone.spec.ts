// On a phone: nothing is wider than the screen, and the way to a log is short.
import { expect, logLines, test } from "./test";

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

test("every view fits a phone, and a log is three taps away", async ({ daemon, signedIn: page }) => {
  await daemon.run("report");
  await page.goto("./#/");
  for (const place of [
    "",
    "units",
    "units/report",
    "runs",
    "calendar",
    "notifications",
    "plugins",
    "plugins/slack",
    "audit",
  ]) {
    await page.goto(`./#/${place}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(wide, `${place || "overview"} is wider than the screen`).toBeLessThanOrEqual(0);
  }
  await page.getByRole("button", { name: "Menu" }).tap();
  await page.getByRole("navigation", { name: "Units" }).getByRole("link", { name: "report" }).tap();
  await page.locator("main a[data-run]").first().tap();
  await expect(logLines(page).last()).toContainText("no figures for yesterday");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide).toBeLessThanOrEqual(0);
});
