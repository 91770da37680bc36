import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Redis } from "ioredis";

import { findExecutable } from "../../../tooling/servers/src/find-executable.ts";
import { findFreePorts } from "../../../tooling/servers/src/free-ports.ts";
import type { KeptProcess } from "../../../tooling/servers/src/keeper/server-keeper.ts";
import { ServerKeeper } from "../../../tooling/servers/src/keeper/server-keeper.ts";
import { redisReadyLine } from "../../../tooling/servers/src/servers/redis-server.ts";

/** A master and a replica, each with an append-only file, and the Sentinel that looks after them. */
export interface SentinelGroup extends AsyncDisposable {
  readonly url: string;
  /**
   * Cuts the replica off for a second, and then kills the master with what only it has; resolves once the replica has
   * taken its place, and the former master follows it.
   */
  readonly failOver: () => Promise<void>;
}

const cutOffMs = 1_000;
const pollMs = 50;

/** @returns `undefined` if the program is not on this machine */
export async function startSentinelGroup(): Promise<SentinelGroup | undefined> {
  const command = await findExecutable("redis-server", process.env);
  if (command === undefined) return undefined;
  const keeper = await ServerKeeper.start();
  const [sentinelPort = 0, ...ports] = await findFreePorts(3);
  const [first = 0, second = 0] = ports;
  const start = async (port: number, more: readonly string[], readyLine = redisReadyLine): Promise<KeptProcess> => {
    const directory = join(keeper.directory, String(port));
    await mkdir(directory, { recursive: true });
    const logFile = join(keeper.directory, `${port}.log`);
    return await keeper.runUntilReady({ command, arguments: more, directory, logFile, readyLine });
  };
  const startNode = async (port: number, masterPort?: number): Promise<KeptProcess> => {
    const place = ["--port", String(port), "--bind", "127.0.0.1", "--dir", join(keeper.directory, String(port))];
    const disk = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];
    const role = masterPort === undefined ? [] : ["--replicaof", `127.0.0.1 ${masterPort}`];
    return await start(port, [...place, ...disk, "--repl-diskless-sync-delay", "0", ...role]);
  };
  const nodes = new Map([
    [first, await startNode(first)],
    [second, await startNode(second, first)],
  ]);
  await replicationOf(second, "master_link_status:up");
  const configuration = join(keeper.directory, "sentinel.conf");
  const settings = [
    `port ${sentinelPort}`,
    "bind 127.0.0.1",
    `sentinel monitor main 127.0.0.1 ${first} 1`,
    "sentinel down-after-milliseconds main 1000",
    "sentinel failover-timeout main 1000",
  ];
  await writeFile(configuration, settings.join("\n"));
  await start(sentinelPort, [configuration, "--sentinel"], /\+slave slave/u);
  let master = first;
  return {
    url: `redis://127.0.0.1:${sentinelPort}?sentinelMaster=main`,
    failOver: async () => {
      const replica = master === first ? second : first;
      await cutOffReplica(master);
      await nodes.get(master)?.stop();
      await replicationOf(replica, "role:master");
      // As an orchestrator does it, which asks the Sentinel before it starts a node again.
      nodes.set(master, await startNode(master, replica));
      await replicationOf(master, "master_link_status:up");
      master = replica;
    },
    [Symbol.asyncDispose]: async () => await keeper.close(),
  };
}

/** A replica whose connection ends comes back at once, so it is not let in again; the master forgets that when it dies. */
async function cutOffReplica(masterPort: number): Promise<void> {
  await withClient(masterPort, async (client) => {
    await client.acl("SETUSER", "default", "-psync", "-sync");
    await client.client("KILL", "TYPE", "REPLICA");
    await sleep(cutOffMs);
  });
}

async function replicationOf(port: number, line: string): Promise<void> {
  await withClient(port, async (client) => {
    while (!(await client.info("replication")).includes(line)) await sleep(pollMs);
  });
}

async function withClient(port: number, work: (client: Redis) => Promise<void>): Promise<void> {
  const client = new Redis(port, "127.0.0.1");
  client.on("error", () => undefined);
  try {
    await work(client);
  } finally {
    client.disconnect();
  }
}
