import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Environment } from "../environment.ts";
import { writeExamples } from "../run-examples.ts";
import { runProgram } from "../run-program.ts";
import { writePrograms } from "../toolbox.ts";

// What Jest runs sees other classes than Node.js itself has, Error among them: each test file is a realm of its own.
const test = `
  import { runOnFiles } from "./file-conformance.mjs";

  test("file conformance", async () => {
    const results = await runOnFiles();
    expect(results.length).toBeGreaterThan(100);
    expect(results.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  }, 600_000);
`;

/** Jest with modules of its own, as its documentation says: https://jestjs.io/docs/ecmascript-modules */
export const jestEnvironment: Environment = {
  name: "Jest",
  examples: "yes, with `NODE_OPTIONS=--experimental-vm-modules`",
  files: "yes",
  isQuick: false,
  async run(toolbox) {
    const folder = await toolbox.folder("jest", {
      type: "module",
      jest: { testMatch: ["**/*.test.mjs"], transform: {} },
    });
    const packages = ["jest", ...toolbox.tarballs.values()];
    await runProgram(["npm", "install", "--no-audit", "--no-fund", "--prefer-offline", ...packages], { cwd: folder });
    await writePrograms(folder, "file-store-worker", "file-conformance");
    await writeFile(join(folder, "files.test.mjs"), test);
    for (const { name, prints } of await writeExamples(folder, ".mjs")) {
      if (prints !== undefined) await writeFile(join(folder, `${name}.test.mjs`), exampleTest(name, prints));
    }
    const env = { NODE_OPTIONS: "--experimental-vm-modules", CHECKPOINTS: folder, TMPDIR: folder };
    await runProgram([process.execPath, "node_modules/jest/bin/jest.js"], { cwd: folder, env, timeoutMs: 600_000 });
  },
};

function exampleTest(name: string, prints: readonly string[]): string {
  return `
    import { jest } from "@jest/globals";
    import { formatWithOptions } from "node:util";

    test("the example prints what it says", async () => {
      const printed = [];
      jest.spyOn(console, "log").mockImplementation((...values) => printed.push(formatWithOptions({}, ...values)));
      await import("./${name}.mjs");
      const promised = ${JSON.stringify(prints)};
      for (let round = 0; round < 600 && printed.length < promised.length; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(printed).toEqual(promised);
    }, 90_000);
  `;
}
