import type { TestProject } from "vitest/node";

import { serverDefinitions } from "./server-definitions.ts";
import type { ServerName } from "./server-definition.ts";
import { sharedServers } from "./shared-servers.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The servers that a project's tests talk to. */
    readonly servers: readonly ServerName[];
  }
}

/**
 * Vitest calls this once for each project that has tests to run, before its workers start; they inherit the addresses
 * through the environment, and so do the processes that tests start.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = sharedServers();
  const { servers: names } = project.getProvidedContext();
  await Promise.all(
    names.map(async (name) => {
      const server = await servers.get(name);
      const { environmentVariable } = serverDefinitions[name];
      if (server.kind === "running") process.env[environmentVariable] = server.url;
      else Reflect.deleteProperty(process.env, environmentVariable);
    }),
  );
  return async () => {
    // Where the command line has chosen another reporter, nobody has said it yet.
    const block = await servers.reportMissing();
    if (block !== undefined) process.stderr.write(`\n${block}\n`);
    await servers.stop();
  };
}
