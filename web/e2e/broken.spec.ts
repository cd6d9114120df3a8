// From "something is wrong" to the line that says what.
import { expect, logLines, test } from "./test";

test("what is broken is on the first page, and its log is two steps away", async ({
  daemon,
  signedIn: page,
}) => {
  await daemon.run("report");
  await page.goto("./#/");
  const attention = page.getByRole("region", { name: /attention/i });
  await expect(attention.getByText("report")).toBeVisible();
  await expect(attention.getByText("ledger")).toBeVisible();

  await attention.getByRole("link", { name: "report" }).first().click();
  await page
    .getByRole("link", { name: /failed/i })
    .first()
    .click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Failed after /);
  await expect(page.getByText("exit code 3")).toBeVisible();

  const line = page.locator(".viewer .row", { hasText: "no figures for yesterday" });
  await expect(line).toBeVisible();
  // Told by a word and not by its colour alone; the colour of the program is there, too.
  await expect(line.locator(".s")).toHaveText("err");
  await expect(line.locator(".ink")).toHaveText("ERROR");
  await expect(logLines(page).first()).toHaveText("counting");
});
