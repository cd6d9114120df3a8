// What every browser test has: a daemon of its own, a page that is signed in, and a watch over what the page does.
//
// The watch fails a test when the page asks another origin for anything, breaks its own policy, or throws.
import { expect, type Page, test as base } from "@playwright/test";
import { Daemon, PASSWORD } from "./daemon";
import { site } from "./site";

interface Given {
  /** The configuration, given the folder it is in. */
  config: (dir: string) => string;
  /** The size of the disk its data is on; none is the machine's own. */
  disk: string;
  daemon: Daemon;
  /** Signed in as the operator, at the overview. */
  signedIn: Page;
}

export const test = base.extend<Given>({
  config: async ({}, use) => use((dir) => site(dir)),
  disk: ["", { option: true }],
  daemon: async ({ config, disk }, use) => {
    const daemon = new Daemon(config, disk);
    try {
      await daemon.start();
      await use(daemon);
    } finally {
      await daemon.end();
    }
  },
  baseURL: async ({ daemon }, use) => use(daemon.url),
  page: async ({ page, daemon }, use) => {
    const broken: string[] = [];
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (["data:", "blob:"].includes(url.protocol)) return;
      if (url.origin !== new URL(daemon.url).origin) broken.push(`asked ${request.url()}`);
    });
    page.on("pageerror", (error) => broken.push(`threw ${error.stack ?? error.message}`));
    page.on("console", (message) => {
      if (/content security policy/i.test(message.text())) broken.push(message.text());
    });
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(
          `content security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`,
        );
      });
    });
    await use(page);
    expect(broken).toEqual([]);
  },
  signedIn: async ({ page }, use) => {
    await signIn(page);
    await use(page);
  },
});

export { expect };

/** Through the door, with the operator's password unless told otherwise. */
export async function signIn(page: Page, password = PASSWORD, to = ""): Promise<void> {
  await page.goto(`./${to}`);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "runwisp" })).toHaveCount(0);
  await expect(page.locator("main#main h1")).toBeVisible();
}

/** The lines of the log that are drawn, as text. */
export const logLines = (page: Page) => page.locator(".viewer .list .row .x");
