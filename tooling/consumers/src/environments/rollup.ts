import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { runProgram } from "../run-program.ts";
import { bundleEnvironment } from "./bundle.ts";

export const rollupEnvironment = bundleEnvironment(
  "rollup",
  false,
  async ({ folder, programs, outputFolder, format }) => {
    const extension = format === "esm" ? "mjs" : "cjs";
    const config = `
    import commonjs from "@rollup/plugin-commonjs";
    import json from "@rollup/plugin-json";
    import { nodeResolve } from "@rollup/plugin-node-resolve";
    export default ${JSON.stringify(programs)}.map((input) => ({
      input,
      plugins: [nodeResolve({ exportConditions: ["node"], preferBuiltins: true }), commonjs(), json()],
      output: {
        file: ${JSON.stringify(outputFolder)} + "/" + input.replace(".mjs", ".${extension}"),
        format: "${format}",
        inlineDynamicImports: true,
      },
    }));`;
    await writeFile(join(folder, "rollup.config.mjs"), config);
    const command = [process.execPath, "../node_modules/rollup/dist/bin/rollup", "--config", "--silent"] as const;
    return await runProgram(command, { cwd: folder });
  },
);
