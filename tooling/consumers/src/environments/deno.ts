import { join } from "node:path";

import type { Environment } from "../environment.ts";
import { cachedPackage } from "../node-of-version.ts";
import { runExamples } from "../run-examples.ts";
import { runFileConformance } from "../run-file-conformance.ts";

export const denoEnvironment: Environment = {
  name: "Deno",
  examples: "yes",
  files: "yes",
  isQuick: false,
  async run(toolbox) {
    const deno = join(await cachedPackage("deno@2.9.6", "deno"), "../.bin/deno");
    const folder = await toolbox.project("deno", "module");
    const command = [deno, "run", "--allow-all", "--node-modules-dir=manual"] as const;
    await runExamples({ folder, extension: ".ts", command });
    await runFileConformance({ folder, command });
  },
};
