// How the browser tests run: a real daemon for each test, Debian's chromium, nothing tried twice.
import { defineConfig, devices } from "@playwright/test";
import { browser } from "./e2e/browser";

export default defineConfig({
  testDir: "./e2e",
  testMatch: "*.spec.ts",
  outputDir: "./test-results",
  // A test that passes only sometimes is a fault.
  retries: 0,
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  // Bounds for a machine that does other things meanwhile; nothing waits for time to pass.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  use: {
    ...devices["Desktop Chrome"],
    viewport: { width: 1280, height: 800 },
    launchOptions: browser,
    trace: "retain-on-failure",
    permissions: ["clipboard-read", "clipboard-write"],
    // What moves is of no interest here, and would be in the way of comparing colours.
    contextOptions: { reducedMotion: "reduce" },
  },
});
