// What people were told, what did not arrive and why, and a sample.
import { receiver } from "./daemon";
import { site } from "./site";
import { expect, test as base } from "./test";

// A receiver that refuses, there before the daemon is.
const test = base.extend<{ far: Awaited<ReturnType<typeof receiver>> }>({
  far: async ({}, use) => {
    const far = await receiver(410);
    await use(far);
    await far.close();
  },
  config: async ({ far }, use) =>
    use((dir: string) =>
      site(
        dir,
        `
[notifiers.ops]
type = "webhook"
url = "${far.url}"

[[route]]
events = ["run.failed"]
units = ["report"]
notifiers = ["ops", "inapp"]
`,
      ),
    ),
});

test("a failure rings the bell, its delivery says why it did not arrive, a sample shows the exchange", async ({
  daemon,
  far,
  signedIn: page,
}) => {
  await daemon.run("report");
  await daemon.until<{ deliveries: { state: string }[] }>("/deliveries", ({ deliveries }) =>
    deliveries.some(({ state }) => state === "rejected"),
  );
  expect(far.got.length).toBeGreaterThan(0);

  await page.getByRole("button", { name: /^Notifications/ }).click();
  const bell = page.getByRole("dialog", { name: "Notifications" });
  await expect(bell.getByText(/report/).first()).toBeVisible();
  await bell.getByRole("link", { name: "All notifications and deliveries" }).click();

  const row = page.locator("main").getByRole("article").filter({ hasText: "report" }).first();
  await row.getByRole("button", { name: "Mark as read" }).click();
  await expect(row.getByRole("button", { name: "Mark as read" })).toHaveCount(0);
  const unread = await daemon.get<{ notifications: { unit: string; read: boolean }[] }>("/notifications");
  expect(unread.notifications.find(({ unit }) => unit === "report")?.read).toBe(true);

  await page.getByRole("button", { name: "Deliveries" }).click();
  const delivery = page.locator("main .card > li", { hasText: "report" }).first();
  await expect(delivery.getByText("rejected").first()).toBeVisible();
  await expect(delivery.getByText(/410/).first()).toBeVisible();

  await delivery.getByRole("button", { name: "Send a sample by ops" }).click();
  const sample = page.getByRole("dialog", { name: "A sample by ops" });
  await expect(sample.getByText("rejected").first()).toBeVisible();
  // The address is a secret: who knows it may post there.
  await expect(sample.getByText("POST ***").first()).toBeVisible();
  await expect(sample.getByText("410", { exact: true })).toBeVisible();
  await expect(sample.getByText(/\/hook/)).toHaveCount(0);
});

const crowd = test.extend({
  config: async ({ far }, use) => {
    const tasks = NAMES.map((name) => `[tasks.${name}]\nrun = "exit 3"\n`).join("");
    await use((dir: string) =>
      site(
        dir,
        `
[notifiers.ops]
type = "webhook"
url = "${far.url}"

[[route]]
events = ["run.failed"]
units = ["crowd-*"]
notifiers = ["ops", "inapp"]

${tasks}`,
      ),
    );
  },
});
const NAMES = Array.from({ length: 60 }, (_, n) => `crowd-${String(n).padStart(2, "0")}`);

crowd("older notifications and deliveries are read page by page", async ({ daemon, signedIn: page }) => {
  const [oldest = "", ...others] = NAMES;
  await daemon.run(oldest);
  await Promise.all(others.map((name) => daemon.run(name)));
  await daemon.until<{ deliveries: { state: string }[] }>(
    "/deliveries?limit=100",
    ({ deliveries }) => NAMES.length === deliveries.filter(({ state }) => state === "rejected").length,
  );

  await page.goto("./#/notifications");
  // Apart from the row that says that messages by ops do not arrive.
  const told = page.locator("main").getByRole("article");
  const rows = told.filter({ hasText: "crowd-", hasNotText: "ops" });
  await expect(rows.first()).toBeVisible();
  await expect(rows.filter({ hasText: oldest })).toHaveCount(0);
  await page.getByRole("button", { name: "Older ones" }).click();
  await expect(rows).toHaveCount(NAMES.length);
  await expect(page.getByRole("button", { name: "Older ones" })).toHaveCount(0);

  // What happens again moves to the front and is there once.
  await daemon.run(oldest);
  await expect(rows.filter({ hasText: oldest })).toContainText("2×");
  await expect(rows).toHaveCount(NAMES.length);

  await page.getByRole("button", { name: "Deliveries" }).click();
  const sent = page.locator("main .card > li", { hasText: "crowd-" });
  await expect(sent).toHaveCount(50);
  await page.getByRole("button", { name: "Older ones" }).click();
  await expect(sent.filter({ hasText: others[0] })).toHaveCount(1);
  await expect(page.getByRole("button", { name: "Older ones" })).toHaveCount(0);
});
