/** Measures the stores, the ledger and the actors beside the bare SDKs; see the README beside. */
import { writeFile } from "node:fs/promises";

import { parseArguments, usage } from "./bench-arguments.ts";
import { benchBackends } from "./bench-backends.ts";
import type { BackendResult } from "./measure-backend.ts";
import { measureBackend } from "./measure-backend.ts";
import { formatSetting } from "./report/format-setting.ts";

const parsed = parseArguments(process.argv.slice(2));
if (typeof parsed === "string") {
  console.error(`${parsed}\n\n${usage}`);
  process.exit(2);
}
const backends: BackendResult[] = [];
for (const [name, open] of Object.entries(benchBackends)) {
  if (!parsed.only.includes(name)) continue;
  await using backend = await open();
  console.log(`\n${name} (${backend.server})`);
  backends.push(await measureBackend(backend, parsed.quick, (result) => console.log(`\n${formatSetting(result)}`)));
}
if (parsed.json !== undefined) await writeFile(parsed.json, JSON.stringify({ backends }, undefined, 2));
