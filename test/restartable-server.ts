import { setTimeout as sleep } from "node:timers/promises";

import type { ServerName } from "@holdpoint/test-servers";

import { serverCacheDirectory } from "../tooling/servers/src/cache-directory.ts";
import { findFreePorts } from "../tooling/servers/src/free-ports.ts";
import type { KeptCommand } from "../tooling/servers/src/keeper/keeper-messages.ts";
import type { KeptProcess } from "../tooling/servers/src/keeper/server-keeper.ts";
import { ServerKeeper } from "../tooling/servers/src/keeper/server-keeper.ts";
import { binaryCommands } from "../tooling/servers/src/launch-server.ts";
import type { ServerDefinition } from "../tooling/servers/src/server-definition.ts";
import { serverDefinitions } from "../tooling/servers/src/server-definitions.ts";
import { cacheSource } from "../tooling/servers/src/sources/cache-source.ts";
import { pathSource } from "../tooling/servers/src/sources/path-source.ts";

/** A server that keeps its data on disk. */
export interface RestartableServer extends AsyncDisposable {
  readonly address: string;
  /** `kill -9` of one of its processes, which is then started again on the same port and data. */
  readonly restart: () => Promise<void>;
}

/** What makes a server keep all that it has acknowledged, where it does not by itself. */
const moreArguments: Partial<Record<ServerName, readonly string[]>> = {
  redis: ["--appendonly", "yes", "--appendfsync", "always"],
  "redis-cluster": ["--appendonly", "yes", "--appendfsync", "always"],
};

const maxStarts = 10;
const restMs = 200;

/**
 * Starts a server of one's own.
 *
 * @returns `undefined` if its program is not on this machine
 */
export async function startRestartableServer(name: ServerName): Promise<RestartableServer | undefined> {
  const definition = serverDefinitions[name];
  const keeper = await ServerKeeper.start();
  const command = await findProgram(definition, keeper);
  if (command === undefined) {
    await keeper.close();
    return undefined;
  }
  const ports = await findFreePorts(definition.portCount, definition.extraPortOffset);
  const starts = binaryCommands(definition, command, ports, keeper.directory).map((process) => {
    const more = [...process.arguments, ...(moreArguments[name] ?? [])];
    return async (): Promise<KeptProcess> => await startAsSupervisor(keeper, { ...process, arguments: more });
  });
  const running = await Promise.all(starts.map(async (start) => await start()));
  await definition.prepare?.(ports);
  let next = 0;
  return {
    address: definition.url(ports),
    restart: async () => {
      const index = next % running.length;
      next += 1;
      await running[index]?.stop();
      const started = await starts[index]?.();
      if (started !== undefined) running[index] = started;
    },
    [Symbol.asyncDispose]: async () => await keeper.close(),
  };
}

/**
 * Starts a server that ends at its start again, as whatever supervises it would: what a killed PostgreSQL has started
 * keeps its port and its memory until it notices, and on a busy machine that takes a while.
 */
async function startAsSupervisor(keeper: ServerKeeper, command: KeptCommand): Promise<KeptProcess> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await keeper.runUntilReady(command);
    } catch (error) {
      if (tries === maxStarts) throw error;
      await sleep(restMs);
    }
  }
}

async function findProgram(definition: ServerDefinition, keeper: ServerKeeper): Promise<string | undefined> {
  const { env: environment } = process;
  const cacheDirectory = serverCacheDirectory(environment);
  const context = { environment, cacheDirectory, keeper: async () => keeper, say: () => undefined };
  for (const source of [pathSource, cacheSource]) {
    const answer = await source.find(definition, context);
    if (answer.kind === "binary") return answer.path;
  }
  return undefined;
}
