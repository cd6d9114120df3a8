// Every view in both themes: nothing that axe finds, nothing that the policy forbids, and a small first load.
import { gzipSync } from "node:zlib";
import axe from "axe-core";
import { expect, signIn, test } from "./test";

const VIEWS: { name: string; at: (run: string) => string; shows: RegExp }[] = [
  { name: "overview", at: () => "", shows: /./ },
  { name: "units", at: () => "units", shows: /Units/ },
  { name: "a service", at: () => "units/web", shows: /web/ },
  { name: "a task", at: () => "units/deploy", shows: /deploy/ },
  { name: "runs", at: () => "runs", shows: /Runs/ },
  { name: "a run", at: (run) => `runs/${run}`, shows: /Failed/ },
  { name: "calendar", at: () => "calendar", shows: /Calendar/ },
  { name: "notifications", at: () => "notifications", shows: /Notifications/ },
  { name: "deliveries", at: () => "notifications?part=deliveries", shows: /Notifications/ },
  { name: "plugins", at: () => "plugins", shows: /Plugins/ },
  { name: "a plugin", at: () => "plugins/slack", shows: /slack/ },
  { name: "audit", at: () => "audit", shows: /Audit/ },
  { name: "tokens", at: () => "audit?part=tokens", shows: /Audit/ },
];

for (const theme of ["light", "dark"] as const) {
  test(`axe finds nothing in any view, ${theme}`, async ({ daemon, page }) => {
    const run = await daemon.run("report");
    await daemon.run("flood");
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    const faults: string[] = [];
    const look = async (name: string): Promise<void> => {
      // Through the debugger's door: the page's own policy would let no stranger's script in.
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() =>
        (globalThis as unknown as { axe: typeof axe }).axe.run(),
      );
      for (const fault of violations) {
        for (const node of fault.nodes)
          faults.push(`${name}: ${fault.id}: ${node.target.join(" ")}: ${node.failureSummary}`);
      }
    };
    await page.goto("./");
    await expect(page.getByLabel("Password", { exact: true })).toBeVisible();
    await look("sign in");
    await signIn(page);
    for (const view of VIEWS) {
      await page.goto(`./#/${view.at(run)}`);
      await expect(page.getByRole("heading", { level: 1 })).toHaveText(view.shows);
      await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
      await look(view.name);
    }
    expect(faults).toEqual([]);
  });
}

test("the first load is at most 150 kB compressed, and nothing of it is inline", async ({ page }) => {
  let bytes = 0;
  const names: string[] = [];
  const sizes: Promise<void>[] = [];
  page.on("response", (response) => {
    const path = new URL(response.url()).pathname;
    if (path.startsWith("/api/")) return;
    sizes.push(
      response.body().then((body) => {
        const size = gzipSync(body).length;
        bytes += size;
        names.push(`${path} ${size}`);
      }),
    );
  });
  const answer = await page.goto("./");
  await expect(page.getByLabel("Password", { exact: true })).toBeVisible();
  await page.waitForLoadState("networkidle");
  await Promise.all(sizes);
  expect(names.length).toBeGreaterThan(2);
  expect(bytes, names.join("\n")).toBeLessThanOrEqual(150_000);

  const policy = answer?.headers()["content-security-policy"] ?? "";
  expect(policy).toContain("default-src");
  expect(policy).not.toContain("unsafe-inline");
  expect(policy).not.toContain("unsafe-eval");
});
