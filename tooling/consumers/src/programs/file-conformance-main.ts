import { runOnFiles } from "./file-conformance.ts";

console.log(JSON.stringify(await runOnFiles()));
process.exit(0);
