// The pictures of the manual: the same browser and the same program as the tests have.
import { defineConfig } from "@playwright/test";
import base from "../playwright.config";

export default defineConfig(base, {
  testDir: ".",
  outputDir: "../test-results",
  testMatch: "screenshots.ts",
});
