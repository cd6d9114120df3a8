// The way in and out.
import { PASSWORD } from "./daemon";
import { expect, signIn, test } from "./test";

test("a wrong password is told, the right one lets in and is remembered, signing out ends it", async ({
  page,
}) => {
  await page.goto("./#/runs");
  await expect(page.getByLabel("Password", { exact: true })).toBeFocused();
  await page.keyboard.type("not this one");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert").filter({ hasText: "That is not the password." })).toBeVisible();
  await expect(page.getByLabel("Password", { exact: true })).toBeFocused();

  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  // Where one wanted to go.
  await expect(page.getByRole("heading", { level: 1, name: "Runs" })).toBeVisible();

  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "Runs" })).toBeVisible();

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByLabel("Password", { exact: true })).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Password", { exact: true })).toBeVisible();
});

test("a session that is ended elsewhere leads back to the password, and from there to where one was", async ({
  page,
  browser,
  daemon,
}) => {
  await signIn(page, PASSWORD, "#/units");
  const other = await browser.newContext({ baseURL: daemon.url });
  const elsewhere = await other.newPage();
  await signIn(elsewhere, PASSWORD, "#/audit?part=tokens");
  await elsewhere.getByRole("button", { name: "Sign everybody out" }).click();
  await elsewhere.getByRole("dialog").getByRole("button", { name: "Sign everybody out" }).click();
  await expect(elsewhere.getByLabel("Password", { exact: true })).toBeVisible();
  await other.close();

  await expect(page.getByLabel("Password", { exact: true })).toBeVisible();
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Units" })).toBeVisible();
});
