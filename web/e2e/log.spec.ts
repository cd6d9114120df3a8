// The log viewer: goes along, stands still for who reads, finds, and holds a bounded part of a long log.
import { execFileSync } from "node:child_process";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, logLines, test } from "./test";

/** The first line in view and how far it is cut off above, and how much there is to draw. */
const view = (page: Page) =>
  page.locator(".viewer .box").evaluate((box) => {
    const rows = [...box.querySelectorAll<HTMLElement>(".row")];
    const top = rows.find((row) => row.offsetTop + row.offsetHeight > box.scrollTop);
    return {
      line: Number(top?.querySelector(".n")?.textContent),
      cut: top ? top.offsetTop - box.scrollTop : 0,
      atEnd: box.scrollHeight - box.scrollTop - box.clientHeight < 2,
      rows: rows.length,
    };
  });

test("a live log is followed, stands still for who scrolls up, counts what comes, and is searched", async ({
  daemon,
  signedIn: page,
}) => {
  // The service reads what it is to say from a pipe, so the test decides when there are lines.
  const pipe = join(daemon.dir, "talk");
  execFileSync("mkfifo", [pipe]);
  await daemon.post("/units/talker/restart");
  const talk = await open(pipe, "w");
  const say = (from: number, to: number, text = "word"): Promise<unknown> =>
    talk.write(Array.from({ length: to - from + 1 }, (_, i) => `${text} ${from + i}\n`).join(""));
  try {
    await say(1, 300);
    const { instances } = await daemon.until<{ state: string; instances: { run_id: string }[] }>(
      "/units/talker",
      (unit) => unit.state === "running",
    );
    await page.goto(`./#/runs/${instances[0]?.run_id}`);
    await expect(logLines(page).last()).toHaveText("word 300");
    await say(301, 320);
    await expect(logLines(page).last()).toHaveText("word 320");
    expect((await view(page)).atEnd).toBe(true);

    // Up: from here on nothing moves under the reader.
    await page.locator(".viewer .box").hover();
    await page.mouse.wheel(0, -600);
    await expect(page.getByRole("button", { name: "Follow" })).toHaveAttribute("aria-pressed", "false");
    const before = await view(page);
    await say(321, 400, "later");
    const jump = page.getByRole("button", { name: /Jump to the end/ });
    await expect(jump).toContainText("80 new");
    expect(await view(page)).toMatchObject({ line: before.line, cut: before.cut, atEnd: false });

    await jump.click();
    await expect(logLines(page).last()).toHaveText("later 400");
    await say(401, 401, "last");
    await expect(logLines(page).last()).toHaveText("last 401");

    // Found by the daemon, marked here, gone through with n and N.
    await page.keyboard.press("/");
    await page.keyboard.type("word 17");
    await expect(page.locator(".viewer .count")).toHaveText("11");
    await page.keyboard.press("Enter");
    await expect(page.locator(".viewer .count")).toHaveText("11 of 11");
    await expect(page.locator(".viewer .row.hit")).toContainText("word 179");
    await expect(page.locator(".viewer .row.hit mark")).toHaveText("word 17");
    await page.locator(".viewer .box").focus();
    await page.keyboard.press("N");
    await expect(page.locator(".viewer .row.hit")).toContainText("word 178");
    await page.keyboard.press("n");
    await expect(page.locator(".viewer .row.hit")).toContainText("word 179");
  } finally {
    await talk.close();
  }
});

test("a long log opens at its end, loads upwards without a jump, and stays small in the page", async ({
  daemon,
  signedIn: page,
}) => {
  const id = await daemon.run("flood");
  await page.goto(`./#/runs/${id}`);
  await expect(logLines(page).last()).toHaveText("line 60000 of many");
  await expect(page.locator(".viewer .foot")).toContainText("line 60,000 of 60,000");

  // Ever further up: the numbers go down without a gap, and the page holds no more rows than it needs.
  await page.locator(".viewer .box").hover();
  let last = (await view(page)).line;
  for (let turn = 0; turn < 12; turn++) {
    await page.mouse.wheel(0, -3000);
    await expect.poll(async () => (await view(page)).line, { message: "goes up" }).toBeLessThan(last);
    const now = await view(page);
    expect(now.rows).toBeLessThanOrEqual(600);
    last = now.line;
    const numbers = (await page.locator(".viewer .row .n").allTextContents()).map(Number);
    expect(numbers.every((n, i) => i === 0 || n === (numbers[i - 1] ?? 0) + 1)).toBe(true);
  }

  await page.keyboard.press("g");
  await page.keyboard.press("g");
  await expect(logLines(page).first()).toHaveText("line 1 of many");
  await expect(page.getByText("Beginning of the log")).toBeVisible();
  await page.keyboard.press("Shift+G");
  await expect(logLines(page).last()).toHaveText("line 60000 of many");

  // A line has an address, and a number in it is a link to it.
  await page.goto(`./#/runs/${id}?line=31415-31416`);
  await page.reload();
  await expect(page.locator(".viewer .row.picked .x")).toHaveText([
    "line 31415 of many",
    "line 31416 of many",
  ]);
  await expect(page.locator(".viewer .row.picked").first()).toBeInViewport();
  await page.locator(".viewer .row .n", { hasText: /^31420$/ }).click();
  await expect(page).toHaveURL(/line=31420$/);
  await page.getByRole("button", { name: "Copy", exact: true }).last().click();
  await page.getByRole("button", { name: "Copy the picked lines" }).click();
  await expect(page.getByText("Copied 1 line")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("line 31420 of many\n");

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  const saved = await download.path();
  const { readFileSync } = await import("node:fs");
  const text = readFileSync(saved, "utf8");
  expect(text.startsWith("line 1 of many\n")).toBe(true);
  expect(text.split("\n")).toHaveLength(60_001);
});

test("what a program prints can do nothing but be read", async ({ daemon, signedIn: page }) => {
  const id = await daemon.run("nasty");
  await page.goto(`./#/runs/${id}`);
  await expect(logLines(page)).toHaveText([
    "<img src=x onerror=alert(1)><script>alert(2)</script>",
    "100% done2 earlier states",
    /^x{2000}… 3,000 more characters$/,
    "link and bell",
  ]);
  await page.getByRole("button", { name: "… 3,000 more characters" }).click();
  await expect(page.getByRole("dialog", { name: "The whole line" }).locator("pre")).toHaveText(
    "x".repeat(5000),
  );
});
