import type { Environment } from "../environment.ts";
import { nodeOfVersion } from "../node-of-version.ts";
import { runExamples } from "../run-examples.ts";
import { runFileConformance } from "../run-file-conformance.ts";

/** Node.js of one version, in a project of modules. */
export function nodeEnvironment(version: string, options: { readonly isQuick: boolean }): Environment {
  return {
    name: `Node ${version}`,
    examples: "yes",
    files: "yes",
    isQuick: options.isQuick,
    async run(toolbox) {
      const node = await nodeOfVersion(version);
      const folder = await toolbox.project(`node-${version}`, "module");
      // From 22.18 on types are stripped without being asked.
      const command = [node, ...(version === "22.13.0" ? ["--experimental-strip-types"] : [])] as const;
      await runExamples({ folder, extension: ".ts", command });
      await runExamples({ folder, extension: ".js", command: [node] });
      await runFileConformance({ folder, command: [node] });
    },
  };
}
