import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    include: ["packages/*/{src,test}/**/*.test.ts", "tooling/*/src/**/*.test.ts", "test/**/*.test.ts"],
    // Child processes of the tests run the sources too.
    env: { NODE_OPTIONS: "--conditions=source" },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
