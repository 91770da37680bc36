// Prints how long `holdpoint --help` takes, from the built package, beside a Node that does nothing.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const executable = join(import.meta.dirname, "../packages/cli/dist/holdpoint.js");
const rounds = 25;
const maxRatio = 2;

const measured = { "node -e 0": ["-e", "0"], "holdpoint --help": [executable, "--help"] };
const bestMs = new Map<string, number>();
// In turns, so that a machine that is busy for a while is so for both.
for (let round = 0; round < rounds; round += 1) {
  for (const [name, parameters] of Object.entries(measured)) {
    const start = performance.now();
    const { status, stderr } = spawnSync(process.execPath, parameters, { env: { ...process.env, NODE_OPTIONS: "" } });
    if (status !== 0) throw new Error(stderr.toString());
    bestMs.set(name, Math.min(performance.now() - start, bestMs.get(name) ?? Infinity));
  }
}
for (const [name, ms] of bestMs) console.log(`${name}: ${ms.toFixed(1)} ms, the best of ${rounds} processes`);
const [nothing = NaN, help = NaN] = bestMs.values();
console.log(`ratio: ${(help / nothing).toFixed(2)}`);
if (!(help / nothing < maxRatio)) {
  console.error(`Expected less than ${maxRatio}.`);
  process.exitCode = 1;
}
