// Takes the pictures of docs/tour.md, in both themes, of a real daemon with real runs: `cargo xtask screenshots`.
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import { type Daemon, receiver } from "./daemon";
import { withPalette } from "./palette";
import { shop } from "./shop";
import { expect, logLines, signIn, test as base } from "./test";

const FOLDER = resolve(import.meta.dirname, "../../docs/images");

const test = base.extend<{ config: (dir: string) => string }>({
  config: async ({}, use) => {
    const [ops, pager] = [await receiver(200), await receiver(410)];
    await use(() => shop(ops.url, pager.url));
    await ops.close();
    await pager.close();
  },
});

/** A day's worth of runs, one after the other. */
async function history(daemon: Daemon): Promise<{ report: string; shop: string }> {
  for (let i = 0; i < 6; i++) {
    await daemon.run("thumbnails");
    await daemon.run("backup");
    if (i % 2 === 0) await daemon.run("cleanup");
    await daemon.run("certificates");
  }
  await daemon.run("deploy", { STAGE: "staging", VERSION: "4.12.0" });
  await daemon.run("deploy", { STAGE: "production", VERSION: "4.12.0" });
  const report = await daemon.run("report");
  await daemon.until<{ state: string }>("/units/search-index", (unit) => unit.state === "fatal");
  // What there is to see in the audit log.
  await daemon.post("/units/mailer/restart");
  await daemon.post("/notifications/read");
  await daemon.run("report");
  const { instances } = await daemon.get<{ instances: { run_id: string }[] }>("/units/shop");
  return { report, shop: instances[0]?.run_id ?? "" };
}

async function picture(page: Page, name: string): Promise<void> {
  await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
  await page.evaluate(() => document.fonts.ready);
  const small = withPalette(await page.screenshot({ animations: "disabled", caret: "hide" }));
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(resolve(FOLDER, `${name}.png`), small);
}

for (const theme of ["light", "dark"] as const) {
  test(`pictures, ${theme}`, async ({ daemon, page }) => {
    test.setTimeout(300_000);
    const ids = await history(daemon);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await page.goto("./");
    await expect(page.getByLabel("Password", { exact: true })).toBeVisible();
    await signIn(page);

    const views: [string, string, RegExp][] = [["overview", "", /Overview/]];
    views.push(["run", `runs/${ids.report}`, /Failed/]);
    if (theme === "light") {
      views.push(
        ["unit", "units/shop", /shop/],
        ["runs", "runs", /Runs/],
        ["units", "units", /Units/],
        ["notifications", "notifications?part=deliveries", /Notifications/],
        ["plugins", "plugins", /Plugins/],
        ["audit", "audit", /Audit/],
      );
    }
    for (const [name, at, shows] of views) {
      await page.goto(`./#/${at}`);
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(shows);
      if (name === "run") await expect(logLines(page).last()).toContainText("report.build");
      await picture(page, `${name}-${theme}`);
    }

    if (theme === "light") return;
    // A log that lives, searched.
    await page.goto(`./#/runs/${ids.shop}`);
    await expect(page.locator(".viewer .row").first()).toBeVisible();
    await page.keyboard.press("/");
    await page.keyboard.type("declined");
    await expect(page.locator(".viewer .count")).toHaveText(/^\d+/);
    await page.keyboard.press("Enter");
    await expect(page.locator(".viewer .row.hit")).toBeVisible();
    await picture(page, "log-dark");

    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto("./#/");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Overview/);
    await picture(page, "phone");
  });
}
