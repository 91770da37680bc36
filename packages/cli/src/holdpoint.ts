#!/usr/bin/env node
import { enableCompileCache } from "node:module";

// Half of the start-up time would be spent on compiling the same files again.
enableCompileCache();
const { runHoldpoint } = await import("./run-holdpoint.ts");
await runHoldpoint(process.argv.slice(2));
