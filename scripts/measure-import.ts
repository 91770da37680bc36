// Prints what installing and importing @holdpoint/core costs, from the built package, each import in a fresh process.
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const packageDirectory = join(import.meta.dirname, "../packages/core");
const entry = join(packageDirectory, "dist/index.js");
const rounds = 9;
const maxDependencies = 3;

const measured = `const start = performance.now(); await import(${JSON.stringify(entry)}); console.log(performance.now() - start);`;
const times = Array.from({ length: rounds }, () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "--eval", measured], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}).toSorted((left, right) => left - right);
const medianMs = times[Math.floor(rounds / 2)] ?? Infinity;

const manifest = JSON.parse(await readFile(join(packageDirectory, "package.json"), "utf8")) as {
  dependencies?: Record<string, string>;
};
const dependencies = Object.keys(manifest.dependencies ?? {});

console.log(`runtime dependencies of @holdpoint/core: ${dependencies.length} (${dependencies.join(", ")})`);
console.log(`cold import, median of ${rounds} processes: ${medianMs.toFixed(1)} ms`);
// The time is for people to judge: on a busy machine it says little.
if (dependencies.length > maxDependencies) {
  console.error(`Expected at most ${maxDependencies} dependencies.`);
  process.exitCode = 1;
}
