import type { ServerName } from "./server-definition.ts";
import { startServer } from "./start-server.ts";
import type { MissingServer, RunningServer } from "./start-server.ts";

/** The servers of a test run: each is started once, whoever asks first, and all stop together. */
export interface SharedServers {
  readonly asked: ReadonlyMap<ServerName, Promise<RunningServer | MissingServer>>;
  get(name: ServerName): Promise<RunningServer | MissingServer>;
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
  return {
    asked,
    get: async (name) => {
      const known = asked.get(name);
      if (known !== undefined) return await known;
      const started = startServer(name);
      asked.set(name, started);
      return await started;
    },
    stop: async () => {
      const servers = await Promise.all(asked.values());
      await Promise.all(servers.map(async (server) => (server.kind === "running" ? await server.stop() : undefined)));
    },
  };
}
