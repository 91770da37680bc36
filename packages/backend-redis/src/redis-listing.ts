import { hash } from "node:crypto";

import type { CheckpointEntry } from "@holdpoint/core";

import { DriverFailureError } from "@holdpoint/core/driver";
import type { ListContext } from "@holdpoint/core/driver";

import type { RedisConnection, RedisNode } from "./redis-connection.ts";
import { isCluster } from "./redis-connection.ts";
import type { RedisKeys } from "./redis-key.ts";
import type { AskRedis } from "./redis-scripts.ts";
import { headsScript, runScript } from "./redis-scripts.ts";
import { decodeValue, versionedBytes, versionOfHead } from "./redis-value.ts";

const keysPerPage = "1000";
// Of another program's values, each of which may be large.
const valuesAtOnce = 16;
const slotCount = 16_384;

/**
 * Every checkpoint key with a prefix, each once, from all masters.
 *
 * @see https://redis.io/docs/latest/commands/scan/
 */
export async function* listEntries(
  connection: RedisConnection,
  keys: RedisKeys,
  keyPrefix: string,
  { signal, versions }: ListContext,
): AsyncIterable<readonly CheckpointEntry[]> {
  const { client } = connection;
  await connection.ready();
  const masters = isCluster(client) ? await coveringMasters(connection, signal) : new Map([[client, ""]]);
  const pattern = keys.matchPattern(keyPrefix);
  // Digests, so that what is remembered of a key does not depend on its length. A window or a filter of fixed size would
  // not do: SCAN may return a key again at any later time, when the server's table has shrunk meanwhile.
  const seen = new Set<string>();
  for (const node of masters.keys()) {
    let cursor = "0";
    do {
      const scan = [cursor, "MATCH", pattern, "COUNT", keysPerPage, "TYPE", "string"];
      const { reply } = await connection.requestFrom(node, "scan", scan, { signal, repeatable: true });
      const [next, page] = reply as [Buffer, Buffer[]];
      cursor = next.toString();
      const entries = page.flatMap((redisKey) => {
        const key = keys.checkpointKey(redisKey);
        if (key?.startsWith(keyPrefix) !== true) return [];
        const seenBefore = seen.size;
        seen.add(hash("sha256", redisKey, "binary"));
        return seen.size > seenBefore ? [{ key }] : [];
      });
      yield versions ? await withVersions(connection, node, keys, entries, signal) : entries;
    } while (cursor !== "0");
  }
  // A slot that moved from a master not yet scanned to one already scanned took its keys past us.
  for (const [node, slots] of masters) {
    if (isCluster(client) && (await slotsOf(connection, node, signal)) !== slots) throw slotsMovedError();
  }
}

/** The same entries with their versions, less those whose values are gone by now. */
async function withVersions(
  connection: RedisConnection,
  node: RedisNode,
  keys: RedisKeys,
  entries: readonly CheckpointEntry[],
  signal: AbortSignal,
): Promise<readonly CheckpointEntry[]> {
  const ask: AskRedis = async (name, args) =>
    await connection.requestFrom(node, name, args, { signal, repeatable: true });
  const heads = await headsOf(
    entries.map(({ key }) => keys.redisKey(key)),
    isCluster(connection.client),
    ask,
  );
  const versionOf = async (
    { key }: CheckpointEntry,
    head: Buffer | undefined,
  ): Promise<CheckpointEntry | undefined> => {
    const version = versionOfHead(head ?? Buffer.alloc(0));
    if (version !== undefined) return { key, version };
    // Gone, or written by another program: then its version is a digest of all of it.
    const { reply } = await ask("get", [keys.redisKey(key)]);
    return reply === null ? undefined : { key, version: decodeValue(reply as Buffer)?.version };
  };
  const found: CheckpointEntry[] = [];
  for (let start = 0; start < entries.length; start += valuesAtOnce) {
    const some = entries.slice(start, start + valuesAtOnce);
    const versions = await Promise.all(some.map((entry, index) => versionOf(entry, heads[start + index])));
    found.push(...versions.filter((entry) => entry !== undefined));
  }
  return found;
}

/** The first bytes of values, in one round trip; empty where there is none. A cluster's scripts take keys of one slot only. */
async function headsOf(redisKeys: readonly string[], isInCluster: boolean, ask: AskRedis): Promise<readonly Buffer[]> {
  if (redisKeys.length === 0) return [];
  if (!isInCluster) {
    const { reply } = await runScript(ask, headsScript, [String(redisKeys.length), ...redisKeys]);
    return reply as Buffer[];
  }
  const answers = await Promise.all(
    redisKeys.map((redisKey) => ask("getrange", [redisKey, "0", String(versionedBytes - 1)])),
  );
  return answers.map(({ reply }) => reply as Buffer);
}

/** The masters of a cluster, each with its slots as the cluster writes them; together they have every slot. */
async function coveringMasters(connection: RedisConnection, signal: AbortSignal): Promise<Map<RedisNode, string>> {
  const { client } = connection;
  const masters = new Map<RedisNode, string>();
  if (!isCluster(client)) return masters;
  // A second look, because ioredis drops a node whose connection ended and does not look for it before it is asked to.
  for (const look of ["first", "second"]) {
    if (look === "second") {
      const { promise, resolve } = Promise.withResolvers<void>();
      client.refreshSlotsCache(() => resolve());
      await promise;
    }
    masters.clear();
    for (const node of client.nodes("master")) masters.set(node, await slotsOf(connection, node, signal));
    const covered = [...masters.values()].flatMap((slots) => slots.split(" ")).map(slotsInRange);
    if (covered.reduce((sum, slots) => sum + slots, 0) === slotCount) return masters;
  }
  throw new DriverFailureError({
    code: "unavailable",
    retryable: true,
    outcome: "not-applied",
    message: "not every slot of the cluster is served by a master that can be reached, or slots are being moved",
    remedy: "See CLUSTER INFO and CLUSTER NODES, and list again when the cluster is whole.",
  });
}

/**
 * The slots that a node says it serves, for example `0-5460 7000`, and a slot that is just being moved as `[93->-…]`.
 *
 * @see https://redis.io/docs/latest/commands/cluster-nodes/
 */
async function slotsOf(connection: RedisConnection, node: RedisNode, signal: AbortSignal): Promise<string> {
  const { reply } = await connection.requestFrom(node, "cluster", ["NODES"], { signal, repeatable: true });
  const lines = String(reply).split("\n");
  const fields = lines.map((line) => line.split(" ")).find(([, , flags]) => flags?.split(",").includes("myself"));
  return fields?.[2]?.includes("master") === true ? fields.slice(8).join(" ") : "";
}

/** How many slots `5-7` or `9` are. One that is being moved makes the sum wrong, and is meant to. */
function slotsInRange(range: string): number {
  if (range === "") return 0;
  const [first, last = first] = range.split("-").map(Number);
  return Number(last) - Number(first) + 1;
}

function slotsMovedError(): DriverFailureError {
  return new DriverFailureError({
    code: "unavailable",
    retryable: true,
    outcome: "not-applied",
    message: "slots of the cluster moved while the keys were being listed, so some keys may have been missed",
    remedy: "List again.",
  });
}
