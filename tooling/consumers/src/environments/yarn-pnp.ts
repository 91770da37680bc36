import { writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import type { Environment } from "../environment.ts";
import { cachedPackage } from "../node-of-version.ts";
import { runExamples } from "../run-examples.ts";
import { runFileConformance } from "../run-file-conformance.ts";
import { runProgram } from "../run-program.ts";

/** Yarn without `node_modules`: packages stay in their archives, and Node's `fs` is a copy that reads from there. */
export const yarnPnpEnvironment: Environment = {
  name: "Yarn Plug'n'Play",
  examples: "yes",
  files: "yes",
  isQuick: false,
  async run(toolbox) {
    const tarballs = Object.fromEntries(
      Array.from(toolbox.tarballs, ([name, path]) => [name, `file:${path}`] as const),
    );
    const folder = await toolbox.folder("yarn-pnp", {
      type: "module",
      // What our packages need of each other comes from the tarballs too.
      dependencies: { ...tarballs, vitest: "*" },
      resolutions: tarballs,
    });
    await writeFile(join(folder, "yarn.lock"), "");
    const settings = ["nodeLinker: pnp", "enableTelemetry: false", "enableImmutableInstalls: false"];
    await writeFile(join(folder, ".yarnrc.yml"), `${settings.join("\n")}\n`);
    const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "holdpoint/consumers/yarn");
    const env = { YARN_GLOBAL_FOLDER: cache };
    const yarn = join(await cachedPackage("@yarnpkg/cli-dist@4", "@yarnpkg/cli-dist"), "bin/yarn.js");
    await runProgram([process.execPath, yarn, "install"], { cwd: folder, env });
    const command = [process.execPath, yarn, "node"] as const;
    await runExamples({ folder, extension: ".mjs", command, env });
    await runFileConformance({ folder, command, env });
  },
};
