// A refusal says what it is, and leads to what its code means.
import { expect, test } from "./test";

test("the code of a problem leads to its row in the page about the API", async ({ signedIn: page }) => {
  await page.goto("./#/calendar?from=9999-12-30");
  const trouble = page.locator("main").getByRole("alert");
  await expect(trouble).toContainText("Could not load the calendar");
  const link = trouble.getByRole("link");
  const code = (await link.locator("code").textContent()) ?? "";
  const opened = page.waitForEvent("popup");
  await link.click();
  const about = await opened;
  await expect(about).toHaveURL(new RegExp(`/api#${code.replace(".", "\\.")}$`));
  await expect(about.locator(":target")).toContainText(code);
});
