import { randomUUID } from "node:crypto";

import { openStore } from "@holdpoint/core";
import KeyvRedis from "@keyv/redis";
import { Redis } from "ioredis";
import { Keyv } from "keyv";
import { createStorage } from "unstorage";
import redisDriver from "unstorage/drivers/redis";

import { createRedisClient } from "../../../../packages/backend-redis/src/redis-client.ts";
import { holdpointName, limitName } from "../contestant.ts";
import type { PlainStore } from "../plain-store.ts";
import { holdpointStore } from "../plain-store.ts";
import { closeAll, startBenchServer } from "./bench-server.ts";
import type { BackendUnderTest } from "./bench-server.ts";

/** Redis beside ioredis, unstorage and keyv. */
export async function openRedisBench(): Promise<BackendUnderTest> {
  const server = await startBenchServer("redis");
  const { hostname, port } = new URL(server.url);
  const store = await openStore(`${server.url}?prefix=holdpoint:`);
  const configured = await createRedisClient({ host: hostname, port: Number(port) }, 10_000);
  await configured.connect();
  const contestants = [
    createBareRedis(limitName, "", configured as Redis),
    createBareRedis("bare, as it comes", "the SDK's own settings", new Redis(server.url)),
    holdpointStore(holdpointName, store),
    createUnstorageRedis(server.url),
    createKeyvRedis(server.url),
  ];
  return {
    name: "redis",
    server: server.origin,
    store,
    contestants,
    url: `${server.url}?prefix=child:`,
    address: server.url,
    environment: {},
    [Symbol.asyncDispose]: async () => {
      await closeAll(contestants);
      await server[Symbol.asyncDispose]();
    },
  };
}

// A value is a version of 36 characters and then the body, which is the least that a compare and set needs.
const versionLength = 36;
const replaceScript = `
if redis.call('GETRANGE', KEYS[1], 0, ${versionLength - 1}) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1`;

function createBareRedis(name: string, lacks: string, client: Redis): PlainStore {
  const prefix = `${name}:`;
  const digest = client.script("LOAD", replaceScript) as Promise<string>;
  return {
    name,
    lacks,
    create: async (key, { bytes }) => {
      const version = randomUUID();
      if ((await client.set(prefix + key, encode(version, bytes), "NX")) === null) throw new Error("it exists");
      return version;
    },
    read: async (key) => {
      const value = await client.getBuffer(prefix + key);
      if (value === null) throw new Error("it is missing");
      return { content: value.subarray(versionLength), version: value.toString("latin1", 0, versionLength) };
    },
    update: async (key, { bytes }, version) => {
      const value = encode(randomUUID(), bytes);
      if ((await client.evalsha(await digest, 1, prefix + key, value, version)) !== 1) throw new Error("it changed");
    },
    remove: (key) => client.del(prefix + key),
    list: async (start) => await scanKeys(client, `${prefix}${start}*`),
    close: () => client.quit(),
  };
}

function encode(version: string, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(version, "latin1"), bytes]);
}

async function scanKeys(client: Redis, pattern: string): Promise<number> {
  const keys = new Set<string>();
  let cursor = "0";
  do {
    const [next, page] = await client.scan(cursor, "MATCH", pattern, "COUNT", 1_000);
    cursor = next;
    for (const key of page) keys.add(key);
  } while (cursor !== "0");
  return keys.size;
}

function createUnstorageRedis(url: string): PlainStore {
  const storage = createStorage({ driver: redisDriver({ base: "unstorage", url }) });
  const write = async (key: string, text: string): Promise<string> => {
    await storage.setItem(key, text);
    return "";
  };
  return {
    name: "unstorage",
    lacks: "no condition, text only",
    create: (key, { text }) => write(key, text),
    read: async (key) => ({ content: (await storage.getItem<string>(key)) ?? "", version: "" }),
    update: (key, { text }) => write(key, text),
    remove: (key) => storage.removeItem(key),
    list: async (prefix) => (await storage.getKeys(prefix)).length,
    close: () => storage.dispose(),
  };
}

function createKeyvRedis(url: string): PlainStore {
  const keyv = new Keyv({ store: new KeyvRedis(url), namespace: "keyv" });
  const write = async (key: string, text: string): Promise<string> => {
    await keyv.set(key, text);
    return "";
  };
  return {
    name: "keyv",
    lacks: "no condition, no listing by prefix",
    create: (key, { text }) => write(key, text),
    read: async (key) => ({ content: (await keyv.get<string>(key)) ?? "", version: "" }),
    update: (key, { text }) => write(key, text),
    remove: (key) => keyv.delete(key),
    close: () => keyv.disconnect(),
  };
}
