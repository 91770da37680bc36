import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { Redis } from "ioredis";
import { Client } from "pg";

const execute = promisify(execFile);
const bytesPerKibibyte = 1_024;

/** What a server takes for all that it keeps. */
export interface ServerUsage {
  /** `undefined` where the server keeps everything in memory. */
  readonly diskBytes?: number | undefined;
  /** `undefined` where the server keeps everything on a disk. */
  readonly memoryBytes?: number | undefined;
}

/** Blocks of the file system, directories included. */
export async function fileUsage(storeUrl: string): Promise<ServerUsage> {
  return { diskBytes: await diskBytesOf(fileURLToPath(storeUrl)) };
}

/** A bucket on MinIO's drive; each object is a directory with a file in it. What was replaced lies elsewhere for a while. */
export async function minioUsage(address: string): Promise<ServerUsage> {
  const drive = (await argumentsOf(address)).at(-1) ?? "";
  return { diskBytes: await diskBytesOf(join(drive, "holdpoint")) };
}

/** The memory that Redis has allocated, of all masters of a cluster. */
export async function redisUsage(address: string): Promise<ServerUsage> {
  const first = new Redis(address);
  const isCluster = /cluster_enabled:1/u.test(await first.info("cluster"));
  const nodes = isCluster ? String(await first.cluster("NODES")).matchAll(/ ([\d.]+:\d+)@\d+\S* \S*master/gu) : [];
  const addresses = isCluster ? Array.from(nodes, ([, node]) => `redis://${node}`) : [address];
  first.disconnect();
  const used = await Promise.all(
    addresses.map(async (each) => {
      const node = new Redis(each);
      const memory = await node.info("memory");
      node.disconnect();
      return Number(/^used_memory:(\d+)/mu.exec(memory)?.[1]);
    }),
  );
  return { memoryBytes: used.reduce((sum, bytes) => sum + bytes, 0) };
}

/** The files of JetStream. */
export async function natsUsage(address: string): Promise<ServerUsage> {
  const args = await argumentsOf(address);
  return { diskBytes: await diskBytesOf(args[args.indexOf("--store_dir") + 1] ?? "") };
}

/** The table with its indexes, free space in it included. */
export async function postgresUsage(address: string): Promise<ServerUsage> {
  const client = new Client(address);
  await client.connect();
  try {
    const { rows } = await client.query<{ bytes: string }>(
      "SELECT pg_total_relation_size('holdpoint_checkpoints')::text AS bytes",
    );
    return { diskBytes: Number(rows[0]?.bytes) };
  } finally {
    await client.end();
  }
}

async function diskBytesOf(directory: string): Promise<number> {
  const { stdout } = await execute("du", ["-sk", directory]);
  return Number.parseInt(stdout, 10) * bytesPerKibibyte;
}

/** What the server that listens on an address was started with; on Linux. */
async function argumentsOf(address: string): Promise<readonly string[]> {
  const { port } = new URL(address);
  for (const id of await readdir("/proc")) {
    const line = /^\d+$/u.test(id) ? await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "") : "";
    const args = line.split("\0").filter((argument) => argument !== "");
    if (args.some((argument) => argument === port || argument.endsWith(`:${port}`))) return args;
  }
  throw new Error(`No process has ${port} among its arguments.`);
}
