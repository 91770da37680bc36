import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { serverCacheDirectory } from "../../../tooling/servers/src/cache-directory.ts";
import { findFreePorts } from "../../../tooling/servers/src/free-ports.ts";
import { ServerKeeper } from "../../../tooling/servers/src/keeper/server-keeper.ts";
import type { KeptProcess } from "../../../tooling/servers/src/keeper/server-keeper.ts";
import { natsServer } from "../../../tooling/servers/src/servers/nats-server.ts";
import { cacheSource } from "../../../tooling/servers/src/sources/cache-source.ts";
import { pathSource } from "../../../tooling/servers/src/sources/path-source.ts";

/** A NATS server with a configuration of its own. */
export interface ConfiguredServer {
  readonly address: string;
  stop(): Promise<void>;
  /** Starts it again on the same port with the same data. */
  start(): Promise<void>;
}

/** Starts NATS servers that the shared one cannot stand in for: with users, TLS, limits, in a cluster. */
export class NatsServers implements AsyncDisposable {
  readonly #keeper: ServerKeeper;
  readonly #binary: string;

  private constructor(keeper: ServerKeeper, binary: string) {
    this.#keeper = keeper;
    this.#binary = binary;
  }

  /** The directory for files of a test; it is removed at the end. */
  get directory(): string {
    return this.#keeper.directory;
  }

  static async open(): Promise<NatsServers> {
    const keeper = await ServerKeeper.start();
    return new NatsServers(keeper, await findBinary(keeper));
  }

  /** @param configuration in NATS's own format, without address, port and data directory */
  async run(configuration: string): Promise<ConfiguredServer> {
    const [port = 0] = await findFreePorts(1);
    const name = `nats-${port}`;
    const file = join(this.directory, `${name}.conf`);
    const configured = configuration.replaceAll("{data}", join(this.directory, name));
    await writeFile(file, `listen: "127.0.0.1:${port}"\nserver_name: "${name}"\n${configured}\n`);
    let kept: KeptProcess | undefined;
    const start = async (): Promise<void> => {
      const logFile = join(this.directory, `${name}.log`);
      const command = { command: this.#binary, arguments: ["-c", file], logFile, readyLine: /Server is ready/ };
      kept = await this.#keeper.runUntilReady(command);
    };
    await start();
    return { address: `127.0.0.1:${port}`, start, stop: async () => await kept?.stop() };
  }

  /** Servers that replicate among each other; they need a moment more before JetStream has a leader. */
  async runCluster(size: number): Promise<readonly ConfiguredServer[]> {
    const ports = await findFreePorts(size);
    const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(", ");
    return await Promise.all(
      ports.map(async (port) => {
        const cluster = `cluster { name: "test", listen: "127.0.0.1:${port}", routes: [ ${routes} ] }`;
        return await this.run(`jetstream { store_dir: "{data}" }\n${cluster}`);
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keeper.close();
  }
}

async function findBinary(keeper: ServerKeeper): Promise<string> {
  const environment = process.env;
  const cacheDirectory = serverCacheDirectory(environment);
  const context = { environment, cacheDirectory, keeper: async () => keeper, say: () => undefined };
  for (const source of [pathSource, cacheSource]) {
    const answer = await source.find(natsServer, context);
    if (answer.kind === "binary") return answer.path;
  }
  await keeper.close();
  throw new Error("There is no nats-server on PATH or in the cache.");
}
