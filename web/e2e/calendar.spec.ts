// The calendar: what fired with its outcome, what will, and what does so too often to be told each time.
import { site } from "./site";
import { expect, test as base } from "./test";

const TASKS = `
[daemon]
timezone = "UTC"

[tasks.pulse]
run = "true"
cron = "* * * * * *"
`;

const test = base.extend({
  config: async ({}, use) => use((dir: string) => site(dir, TASKS)),
});

interface Tick {
  at: string;
  run: { outcome: string | null } | null;
}

test("a day tells what fired with its outcome, what will fire, and counts what is due often", async ({
  daemon,
  signedIn: page,
}) => {
  // Every six seconds of this minute and the next: few enough on a day to be told one by one.
  const now = new Date();
  const soon = new Date(now.getTime() + 60_000);
  const both = (a: number, b: number) => (a === b ? `${a}` : `${a},${b}`);
  const minutes = both(now.getUTCMinutes(), soon.getUTCMinutes());
  const cron = `*/6 ${minutes} ${both(now.getUTCHours(), soon.getUTCHours())} * * *`;
  daemon.write(site(daemon.dir, `${TASKS}\n[tasks.stumble]\nrun = "exit 3"\ncron = "${cron}"\n`));
  await daemon.post("/reload");
  await daemon.until<{ ticks: Tick[] }>("/ticks?unit=pulse", ({ ticks }) =>
    ticks.some((tick) => tick.run?.outcome === "succeeded"),
  );
  const { ticks } = await daemon.until<{ ticks: Tick[] }>("/ticks?unit=stumble", (told) =>
    told.ticks.some((tick) => tick.run?.outcome === "failed"),
  );
  const today = ticks.at(-1)?.at.slice(0, 10) ?? "";
  const tomorrow = new Date(Date.parse(`${today}T12:00:00Z`) + 86_400_000).toISOString().slice(0, 10);

  await page.goto(`./#/calendar?from=${today}&day=${today}`);
  const list = page.getByRole("list", { name: /^What fired and what will/ });
  const pulse = list.getByRole("listitem").filter({ hasText: "pulse" });
  await expect(pulse).toHaveCount(1);
  await expect(pulse).toContainText(/\d+ fired/);
  const failed = list.getByRole("listitem").filter({ hasText: "stumble" }).filter({ hasText: "failed" });
  await expect(failed.first()).toBeVisible();
  const days = page.getByRole("region", { name: "Days" }).getByRole("button");
  await expect(days).toHaveCount(14);
  await expect(days.first()).toContainText(/\d+ failed/);

  // With the keyboard: the day after, on which all is to come.
  await page.keyboard.press("j");
  await expect(page).toHaveURL(new RegExp(`day=${tomorrow}`));
  const planned = list.getByRole("listitem").filter({ hasText: "backup" });
  await expect(planned).toContainText("03:00:00");
  await expect(planned).toContainText("planned");
  await expect(list.getByText("86.4k planned")).toBeVisible();

  // One task alone, and from its failure to the run.
  await page.keyboard.press("k");
  await page.getByRole("combobox", { name: "Unit" }).selectOption("stumble");
  await expect(pulse).toHaveCount(0);
  await failed.first().getByRole("link", { name: "stumble" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Failed/);
});

test("an address that names no day shows today", async ({ signedIn: page }) => {
  await page.goto("./#/calendar?from=soon&day=2026-99-99");
  await expect(page.getByRole("region", { name: "Days" }).locator("button.today.chosen")).toBeVisible();
});
