import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { runProgram } from "../run-program.ts";
import { bundleEnvironment } from "./bundle.ts";

export const webpackEnvironment = bundleEnvironment(
  "webpack",
  false,
  async ({ folder, programs, outputFolder, format }) => {
    const isModule = format === "esm";
    const entry = Object.fromEntries(programs.map((program) => [program.replace(".mjs", ""), `./${program}`]));
    const config = {
      target: "node",
      mode: "development",
      devtool: false,
      entry,
      output: {
        path: outputFolder,
        filename: `[name].${isModule ? "mjs" : "cjs"}`,
        library: { type: isModule ? "module" : "commonjs2" },
        module: isModule,
      },
      experiments: { outputModule: isModule },
    };
    await writeFile(join(folder, "webpack.config.mjs"), `export default ${JSON.stringify(config)};\n`);
    return await runProgram([process.execPath, "../node_modules/webpack-cli/bin/cli.js"], { cwd: folder });
  },
);
