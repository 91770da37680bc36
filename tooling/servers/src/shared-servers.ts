import { findProgram } from "./find-program.ts";
import type { FoundProgram, ProgramName } from "./find-program.ts";
import { describeMissing } from "./reporting/describe-missing.ts";
import type { Missing } from "./reporting/describe-missing.ts";
import type { ServerName } from "./server-definition.ts";
import { startServer } from "./start-server.ts";
import type { MissingServer, RunningServer } from "./start-server.ts";

/** The servers and programs of a test run: each is had once, whoever asks first, and all servers stop together. */
export interface SharedServers {
  get(name: ServerName): Promise<RunningServer | MissingServer>;
  program(name: ProgramName): Promise<FoundProgram | Missing>;
  /**
   * The block for people about what could not be had, once; `undefined` if there is none or it was given out.
   * Sets the exit code of the process where that is a failure.
   */
  reportMissing(): Promise<string | undefined>;
  stop(): Promise<void>;
}

// Global, because Vitest evaluates this module once for every project's setup and once for the reporter.
const key = Symbol.for("holdpoint.test-servers");

/** The one set of servers of this process. */
export function sharedServers(): SharedServers {
  const holder = globalThis as { [key]?: SharedServers };
  return (holder[key] ??= createSharedServers());
}

function createSharedServers(): SharedServers {
  const asked = new Map<ServerName, Promise<RunningServer | MissingServer>>();
  const programs = new Map<ProgramName, Promise<FoundProgram | Missing>>();
  let reported = false;
  return {
    get: async (name) => {
      const known = asked.get(name);
      if (known !== undefined) return await known;
      const started = startServer(name);
      asked.set(name, started);
      return await started;
    },
    program: async (name) => {
      const known = programs.get(name);
      if (known !== undefined) return await known;
      const found = findProgram(name);
      programs.set(name, found);
      return await found;
    },
    reportMissing: async () => {
      const all = await Promise.all([...asked.values(), ...programs.values()]);
      const missing = all.filter((one) => one.kind === "missing");
      if (missing.length === 0 || reported) return undefined;
      reported = true;
      const isFailure = process.env["CI"] === "true" || missing.some((one) => one.wasAskedFor);
      if (isFailure) process.exitCode = 1;
      const consequence = isFailure ? "so this run counts as failed" : "which CI=true would turn into a failure";
      return describeMissing(missing, `Tests that need them were skipped, ${consequence}.`);
    },
    stop: async () => {
      const servers = await Promise.all(asked.values());
      await Promise.all(servers.map(async (server) => (server.kind === "running" ? await server.stop() : undefined)));
    },
  };
}
