// The configuration changes on disk: a banner says so, the plan says what it means, a button loads it.
import { site } from "./site";
import { expect, test } from "./test";

test("a changed configuration is looked at and loaded from the banner", async ({
  daemon,
  signedIn: page,
}) => {
  daemon.write(
    site(daemon.dir, '\n[services.extra]\nrun = "exec sleep infinity"\n').replace(
      "wrote 1.2 GB",
      "wrote 1.3 GB",
    ),
  );
  await expect(page.getByText("The configuration has changed on disk.")).toBeVisible();

  await page.getByRole("button", { name: "Show what would change" }).click();
  const plan = page.getByRole("dialog", { name: "What a reload would change" });
  await expect(plan.getByText("extra")).toBeVisible();
  await expect(plan.getByText("backup")).toBeVisible();
  await expect(plan.getByText("web", { exact: true })).toHaveCount(0);
  await plan.getByRole("button", { name: "Reload" }).click();

  await expect(page.getByText("The configuration is loaded")).toBeVisible();
  await expect(page.getByText("The configuration has changed on disk.")).toHaveCount(0);
  await expect(page.getByRole("navigation", { name: "Units" }).getByText("extra")).toBeVisible();
});

test("a broken one is shown with its place, and changes nothing", async ({ daemon, signedIn: page }) => {
  daemon.write(site(daemon.dir, "\n[services.extra]\nrum = 3\n"));
  await page.getByRole("button", { name: "Show what would change" }).click();
  await expect(page.getByRole("dialog").getByText(/rum/).first()).toBeVisible();
  const { units } = await daemon.get<{ units: { name: string; state: string }[] }>("/units");
  expect(units.find((unit) => unit.name === "web")?.state).toBe("running");
});
