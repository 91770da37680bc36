import { randomUUID } from "node:crypto";

import type { CheckpointStore } from "@holdpoint/core";
import { Cluster } from "ioredis";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createRedisStore } from "../src/index.ts";
import { cluster, inspector, redis } from "./test-server.ts";

async function keysOf(store: CheckpointStore, prefix = ""): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list({ prefix })) keys.push(key);
  return keys.toSorted();
}

async function openPlain(prefix: string): Promise<CheckpointStore> {
  const { hostname, port } = new URL(redis.url);
  return await createRedisStore({ host: hostname, port: Number(port), prefix });
}

function literalPrefixes(open: (prefix: string) => Promise<CheckpointStore>): void {
  test("a prefix is a literal string, whatever a pattern could make of it", async () => {
    const letter = fc.constantFrom(
      "a",
      "b",
      "{a}",
      "*",
      "?",
      "[",
      "]",
      "^",
      "-",
      "\\",
      "{",
      "}",
      "\n",
      "é",
      "e\u0301",
      "🦊",
    );
    const word = fc.array(letter, { minLength: 1, maxLength: 6 }).map((letters) => letters.join(""));
    await fc.assert(
      fc.asyncProperty(word, fc.uniqueArray(word, { minLength: 1, maxLength: 8 }), word, async (own, keys, prefix) => {
        const unique = randomUUID();
        await using store = await open(`${unique}${own}`);
        await using other = await open(unique);
        for (const key of keys) await store.put(key, new Uint8Array());
        await other.put("elsewhere", new Uint8Array());
        expect(await keysOf(store)).toEqual(keys.toSorted());
        expect(await keysOf(store, prefix)).toEqual(keys.filter((key) => key.startsWith(prefix)).toSorted());
      }),
      { numRuns: 20 },
    );
  });
}

describe.skipIf(redis.isMissing)("a single server", () => {
  literalPrefixes(openPlain);

  test("what other programs keep under the prefix is left alone", async () => {
    const prefix = `${randomUUID()}:`;
    using admin = inspector();
    await using store = await openPlain(prefix);
    await store.put("ours", new Uint8Array(1));
    await admin.lpush(`${prefix}list`, "x");
    await admin.hset(`${prefix}hash`, "body", "x");
    await admin.set(prefix, "the prefix itself");
    await admin.set(`${prefix}${"x".repeat(513)}`, "a key too long for a checkpoint");
    await admin.set(Buffer.concat([Buffer.from(prefix), Buffer.from([0xff, 0xfe])]), "no UTF-8");

    expect(await keysOf(store)).toEqual(["ours"]);
  });
});

describe.skipIf(cluster.isMissing)("a cluster", () => {
  async function openCluster(prefix: string): Promise<{ client: Cluster; store: CheckpointStore } & AsyncDisposable> {
    const { hostname, port } = new URL(cluster.url);
    const client = new Cluster([{ host: hostname, port: Number(port) }]);
    const store = await createRedisStore({ client, prefix });
    return {
      client,
      store,
      [Symbol.asyncDispose]: async () => {
        await store.close();
        client.disconnect();
      },
    };
  }
  literalPrefixes(async (prefix) => {
    const { hostname, port } = new URL(cluster.url);
    return await createRedisStore({ nodes: [{ host: hostname, port: Number(port) }], prefix });
  });

  const keys = Array.from({ length: 60 }, (_, index) => `k${index}`).toSorted();

  test("the keys of every master are listed, also of one that ioredis has lost sight of", async () => {
    await using opened = await openCluster(`${randomUUID()}:`);
    const { store, client } = opened;
    await Promise.all(keys.map((key) => store.put(key, new Uint8Array())));
    expect(await keysOf(store)).toEqual(keys);

    const [lost] = client.nodes("master");
    const { promise: isLost, resolve } = Promise.withResolvers<void>();
    client.once("-node", () => resolve());
    lost?.disconnect();
    await isLost;
    expect(client.nodes("master")).toHaveLength(2);
    expect(await keysOf(store)).toEqual(keys);
  });

  test("a key that an interrupted migration has left on two masters comes once", async () => {
    const prefix = `${randomUUID()}:`;
    await using opened = await openCluster(prefix);
    const { store, client } = opened;
    await store.put("a", new Uint8Array());
    const [anyMaster] = client.nodes("master");
    const slot = Number(await anyMaster?.cluster("KEYSLOT", `${prefix}a`));
    const owner = client.slots[slot]?.[0];
    const others = client.nodes("master").filter(({ options }) => `${options.host}:${options.port}` !== owner);
    const from = client.nodes("master").find((node) => !others.includes(node));
    const [stranger] = others;
    if (from === undefined || stranger === undefined) throw new Error("the cluster has too few masters");
    await stranger.cluster("SETSLOT", slot, "IMPORTING", await from.cluster("MYID"));
    // One after the other on the same connection: ASKING holds for the next command.
    await Promise.all([stranger.asking(), stranger.set(`${prefix}a`, "left behind")]);
    await stranger.cluster("SETSLOT", slot, "STABLE");
    expect(await keysOf(store)).toEqual(["a"]);
  });

  test("a listing during which a slot is being moved fails, because it may miss keys", async () => {
    await using opened = await openCluster(`${randomUUID()}:`);
    const { store, client } = opened;
    await store.put("a", new Uint8Array());
    const [from, to] = client.nodes("master");
    if (from === undefined || to === undefined) throw new Error("the cluster has too few masters");
    const slot = client.slots.findIndex(([node]) => node === `${from.options.host}:${from.options.port}`);
    const target = await to.cluster("MYID");
    await from.cluster("SETSLOT", slot, "MIGRATING", target);
    try {
      await expect(keysOf(store)).rejects.toMatchObject({ code: "unavailable", retryable: true });
    } finally {
      await from.cluster("SETSLOT", slot, "STABLE");
    }
    expect(await keysOf(store)).toEqual(["a"]);
  });
});
