// Without a mouse: from the door to a log and back.
import { PASSWORD } from "./daemon";
import { expect, logLines, test } from "./test";

test("everything can be reached with keys", async ({ daemon, page }) => {
  const id = await daemon.run("report");
  await page.goto("./");
  await expect(page.getByLabel("Password", { exact: true })).toBeFocused();
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.locator("main#main h1")).toBeVisible();

  // The palette finds a unit by a part of its name.
  await page.keyboard.press("Control+k");
  await page.keyboard.type("repo");
  await expect(page.getByRole("option", { selected: true })).toContainText("report");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/#\/units\/report$/);

  // Sequences go to pages.
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await expect(page).toHaveURL(/#\/runs/);

  await page.goto(`./#/runs/${id}`);
  await expect(logLines(page).first()).toBeVisible();
  await page.keyboard.press("w");
  await expect(page.getByRole("button", { name: "Wrap long lines" })).toHaveAttribute(
    "aria-pressed",
    "false",
  );
  await page.keyboard.press("w");
  await page.keyboard.press("t");
  await expect(page.getByRole("button", { name: "Times: Elapsed" })).toBeVisible();
  await page.keyboard.press("t");
  await expect(page.getByRole("button", { name: "Times: No times" })).toBeVisible();
  await expect(page.locator(".viewer .row time")).toHaveCount(0);
  await page.keyboard.press("m");
  await expect(page.getByRole("button", { name: "The log alone" })).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "The log alone" })).toHaveAttribute("aria-pressed", "false");

  // Keys are letters where letters are written.
  await page.keyboard.press("/");
  await page.keyboard.type("gnw");
  await expect(page.getByRole("searchbox", { name: "Search in this log" })).toHaveValue("gnw");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");

  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toContainText("search in the log");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog", { name: "Keys" })).toHaveCount(0);

  // Tab comes to everything; what has the focus can be seen.
  await page.keyboard.press("r");
  await expect(page).not.toHaveURL(new RegExp(id));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Failed after /);
});
