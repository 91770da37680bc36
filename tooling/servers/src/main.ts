/** Starts every server for a person to play with, prints how to reach them, and keeps them until Ctrl-C. */
import { once } from "node:events";

import { describeMissing } from "./reporting/describe-missing.ts";
import { serverDefinitions } from "./server-definitions.ts";
import { serverNames } from "./server-definition.ts";
import { startServer } from "./start-server.ts";
import { storeUrls } from "./store-urls.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
// Listened for from the start, so that a Ctrl-C while servers are being built ends as orderly as a later one.
const stopped = Promise.race(signals.map(async (signal) => await once(process, signal))).then(() => "stopped" as const);
const started = Promise.all(serverNames.map(async (name) => await startServer(name)));
const servers = await Promise.race([started, stopped]);
// Whatever is still being started ends with this process.
if (servers === "stopped") process.exit(130);

const running = servers.filter((server) => server.kind === "running");
const missing = servers.filter((server) => server.kind === "missing");
for (const { name, url, origin } of running) {
  console.log(`\n${name} (${origin})`);
  for (const store of storeUrls(name, url)) {
    console.log(`  ${store.url}`);
    for (const [variable, value] of Object.entries(store.environment)) console.log(`    ${variable}=${value}`);
  }
  console.log(`  for tests: ${serverDefinitions[name].environmentVariable}=${url}`);
}
if (missing.length > 0) console.log(`\n${describeMissing(missing)}`);
if (running.length === 0) {
  process.exitCode = 1;
} else {
  console.log("\nThey run until Ctrl-C, and keep nothing after that.");
  await stopped;
}
await Promise.all(running.map(async (server) => await server.stop()));
process.exit();
