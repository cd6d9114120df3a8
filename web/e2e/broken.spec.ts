// From "something is wrong" to the line that says what.
import { expect, logLines, test } from "./test";

test("what is broken is on the first page, and its log is two steps away", async ({
  daemon,
  signedIn: page,
}) => {
  await daemon.run("report");
  await page.goto("./#/");
  const attention = page.getByRole("region", { name: /Needs attention/ });
  await expect(attention.getByRole("link", { name: "ledger" })).toBeVisible();
  const report = attention.getByRole("listitem").filter({ hasText: "report" });
  await expect(report).toContainText("exited 3");

  await report.getByRole("link", { name: "Log" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Failed after /);
  await expect(page.getByText("exit code 3", { exact: true }).first()).toBeVisible();

  const line = page.locator(".viewer .row", { hasText: "no figures for yesterday" });
  await expect(line).toBeVisible();
  // Told by a word and not by its colour alone; the colour of the program is there, too.
  await expect(line.locator(".s")).toHaveText("err");
  await expect(line.locator(".ink")).toHaveText("ERROR");
  await expect(logLines(page).first()).toHaveText("counting");
});
