// The browser tests: Chromium against a hub that runs already (HUB_URL, HUB_USER, HUB_PASSWORD). One file after the other,
// since they share that hub's alarms.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    dir: import.meta.dirname,
    include: ["**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
