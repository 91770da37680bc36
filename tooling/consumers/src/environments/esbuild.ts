import { runProgram } from "../run-program.ts";
import { bundleEnvironment } from "./bundle.ts";

export const esbuildEnvironment = bundleEnvironment("esbuild", true, (job) => {
  const extension = job.format === "esm" ? "mjs" : "cjs";
  const settings = ["--bundle", "--platform=node", `--format=${job.format}`, `--out-extension:.js=.${extension}`];
  // A warning says that CommonJS has no import.meta; where we use it we do without.
  const output = ["--log-level=error", `--outdir=${job.outputFolder}`];
  return runProgram(["../node_modules/.bin/esbuild", ...job.programs, ...settings, ...output], { cwd: job.folder });
});
