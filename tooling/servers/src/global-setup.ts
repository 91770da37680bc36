import type { TestProject } from "vitest/node";

import { programVariable } from "./find-program.ts";
import type { ProgramName } from "./find-program.ts";
import { serverDefinitions } from "./server-definitions.ts";
import type { ServerName } from "./server-definition.ts";
import { sharedServers } from "./shared-servers.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The servers that a project's tests talk to. */
    readonly servers: readonly ServerName[];
    /** The programs, besides servers, that a project's tests run. */
    readonly programs: readonly ProgramName[];
  }
}

/**
 * Vitest calls this once for each project that has tests to run, before its workers start; they inherit the addresses
 * and paths through the environment, and so do the processes that tests start.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = sharedServers();
  const { servers: names, programs } = project.getProvidedContext();
  await Promise.all([
    ...names.map(async (name) => {
      const server = await servers.get(name);
      const { environmentVariable } = serverDefinitions[name];
      if (server.kind === "running") process.env[environmentVariable] = server.url;
      else Reflect.deleteProperty(process.env, environmentVariable);
    }),
    ...programs.map(async (name) => {
      const program = await servers.program(name);
      if (program.kind === "found") process.env[programVariable(name)] = program.path;
      else Reflect.deleteProperty(process.env, programVariable(name));
    }),
  ]);
  return async () => {
    // Where the command line has chosen another reporter, nobody has said it yet.
    const block = await servers.reportMissing();
    if (block !== undefined) process.stderr.write(`\n${block}\n`);
    await servers.stop();
  };
}
