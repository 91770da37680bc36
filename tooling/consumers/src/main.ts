/** Tries every environment of the support table, or those whose names are given; see the README beside. */
import { environments } from "./environments.ts";
import { Toolbox } from "./toolbox.ts";

const wanted = process.argv.slice(2);
const chosen = environments.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
if (chosen.length === 0) {
  console.error(`There is no such environment; there are: ${environments.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}
await using toolbox = await Toolbox.open();
let failed = 0;
for (const environment of chosen) {
  const startedAt = performance.now();
  try {
    await environment.run(toolbox);
    console.log(
      `ok    ${environment.name}, ${seconds(startedAt)}: examples ${environment.examples}; files ${environment.files}`,
    );
  } catch (error) {
    failed += 1;
    console.error(
      `FAIL  ${environment.name}, ${seconds(startedAt)}\n${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
console.log(`\n${chosen.length - failed} of ${chosen.length} environments are as docs/environments.md says.`);
if (failed > 0) process.exitCode = 1;

function seconds(startedAt: number): string {
  return `${Math.round((performance.now() - startedAt) / 1_000)} s`;
}
