import { join } from "node:path";

import { checkDocstrings } from "./check-docstrings.ts";
import { readApi } from "./read-api.ts";
import { writePages } from "./write-pages.ts";

const root = join(import.meta.dirname, "../../..");
const api = await readApi(root);
const changed = await writePages(api, join(root, "docs/api"));
console.log(changed.length === 0 ? "docs/api is up to date." : ["docs/api, changed pages:", ...changed].join("\n"));
const problems = checkDocstrings(api);
if (problems.length > 0) {
  console.error(["", "Docstrings that lack something:", ...problems].join("\n"));
  process.exitCode = 1;
}
