// Which browser the tests drive, and how it is started: one that is on the machine, and asks nobody for anything.

/** For Playwright. `RUNWISP_CHROMIUM` names another one than Debian's. */
export const browser = {
  executablePath: process.env.RUNWISP_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    // Root may not have a sandbox; the pages are ours.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ],
};
