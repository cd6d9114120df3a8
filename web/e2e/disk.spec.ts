// The disk fills up under an open page: the page says so, goes on, and says nothing any more once there is room.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, logLines, signIn, test } from "./test";
import { site } from "./site";

// Mounting a small disk needs root, as in the tests of the program.
test.skip(process.getuid?.() !== 0, "needs root, to mount a small disk");

test.use({
  disk: "8m",
  config: async ({}, use) =>
    use((dir) =>
      site(
        dir,
        String.raw`
[services.fill]
description = "takes the whole disk, and gives it back when it is told to"
autostart = false
restart = "never"
run = "cat /dev/zero > ${dir}/data/fill || true; read go < ${dir}/room; rm ${dir}/data/fill; exec sleep infinity"
`,
      ),
    ),
});

test("a page that is open when the disk fills up says so, and that it is over", async ({ daemon, page }) => {
  execFileSync("mkfifo", [join(daemon.dir, "room")]);
  await signIn(page);
  const banner = page.getByRole("status").filter({ hasText: /disk|space|written/i });
  await expect(banner).toHaveCount(0);
  await daemon.post("/units/fill/start");
  await expect(banner.first()).toBeVisible();

  // What runs can be looked at all the same.
  const { instances } = await daemon.get<{ instances: { run_id: string }[] }>("/units/web");
  await page.goto(`./#/runs/${instances[0]?.run_id}`);
  await expect(logLines(page)).toHaveText(["listening on 8080"]);
  await expect(banner.first()).toBeVisible();

  writeFileSync(join(daemon.dir, "room"), "go\n");
  await expect(banner).toHaveCount(0);
  const id = await daemon.run("backup");
  await page.goto(`./#/runs/${id}`);
  await expect(logLines(page)).toHaveText(["copying 3 tables", "wrote 1.2 GB"]);
});
