import { join } from "node:path";

import type { Environment } from "../environment.ts";
import { cachedPackage } from "../node-of-version.ts";
import { runExamples } from "../run-examples.ts";
import { runFileConformance } from "../run-file-conformance.ts";

export const bunEnvironment: Environment = {
  name: "Bun",
  examples: "yes",
  files: "yes",
  isQuick: false,
  async run(toolbox) {
    const bun = join(await cachedPackage("bun@1.4.5", "bun"), "../.bin/bun");
    const folder = await toolbox.project("bun", "module");
    await runExamples({ folder, extension: ".ts", command: [bun, "run"] });
    await runFileConformance({ folder, command: [bun, "run"] });
  },
};
