// The daemon is killed under an open page: the page goes on with the next one, and services never noticed.
import { execFileSync } from "node:child_process";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { expect, logLines, signIn, test } from "./test";

test("a page that is open when the daemon is killed goes on with the next", async ({ daemon, page }) => {
  // Again, on the port it has now: the next daemon is to be where this one was.
  await daemon.stop();
  await daemon.start();
  const pipe = join(daemon.dir, "talk");
  execFileSync("mkfifo", [pipe]);
  await daemon.post("/units/talker/restart");
  const talk = await open(pipe, "w");
  try {
    await talk.write("before\n");
    const { instances } = await daemon.until<{ state: string; instances: { run_id: string; pid: number }[] }>(
      "/units/talker",
      (unit) => unit.state === "running",
    );
    await signIn(page);
    await page.goto(`./#/runs/${instances[0]?.run_id}`);
    await expect(logLines(page)).toHaveText(["before"]);

    await daemon.crash();
    await talk.write("while it was away\n");
    await expect(logLines(page)).toHaveText(["before", "while it was away"]);
    await talk.write("after\n");
    await expect(logLines(page)).toHaveText(["before", "while it was away", "after"]);

    // What happens now is heard of again, without a reload.
    await daemon.run("backup");
    await page.getByRole("link", { name: "Runs", exact: true }).first().click();
    await expect(
      page
        .locator("main")
        .getByRole("link", { name: /backup/ })
        .first(),
    ).toBeVisible();
    const after = await daemon.get<{ instances: { pid: number }[] }>("/units/talker");
    expect(after.instances[0]?.pid).toBe(instances[0]?.pid);
  } finally {
    await talk.close();
  }
});
