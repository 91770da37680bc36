import { randomUUID } from "node:crypto";

import type { CheckpointStore } from "@holdpoint/core";
import { openStore } from "@holdpoint/core";
import { describe, expect, test } from "vitest";

import { createRedisStore } from "../src/index.ts";
import { inspector, redis } from "./test-server.ts";

async function openPlain(prefix: string): Promise<CheckpointStore> {
  const { hostname, port } = new URL(redis.url);
  return await createRedisStore({ host: hostname, port: Number(port), prefix });
}

describe.skipIf(redis.isMissing)("a value that another program stored", () => {
  // A task that a Python actor paused can be resumed here.
  test.each(["{}", "", "\0\n"])("%j is read, updated once and deleted as any other", async (content) => {
    const prefix = `${randomUUID()}:`;
    using admin = inspector();
    await using store = await openPlain(prefix);
    await admin.set(`${prefix}a`, content);

    const found = await store.get("a");
    expect(found?.body).toEqual(new TextEncoder().encode(content));
    await expect(store.put("a", new Uint8Array(1), { ifAbsent: true })).rejects.toMatchObject({ code: "conflict" });
    await expect(store.put("a", new Uint8Array(1), { ifVersion: "x" })).rejects.toMatchObject({ code: "conflict" });
    await expect(store.put("b", new Uint8Array(1), { ifVersion: found?.version })).rejects.toMatchObject({
      code: "conflict",
    });
    const updates = await Promise.allSettled(
      [1, 2, 3, 4].map((size) => store.put("a", new Uint8Array(size), { ifVersion: found?.version })),
    );
    expect(updates.filter(({ status }) => status === "fulfilled")).toHaveLength(1);

    await admin.set(`${prefix}a`, content);
    await expect(store.delete("a", { ifVersion: "x" })).rejects.toMatchObject({ code: "conflict" });
    expect(await store.delete("a", { ifVersion: found?.version })).toBe(true);
  });

  test("has no version where it is not wanted, since that is a digest of all of it", async () => {
    const prefix = `${randomUUID()}:`;
    using admin = inspector();
    await using store = await openPlain(prefix);
    await admin.set(`${prefix}a`, "x".repeat(1_000));
    await expect(store.get("a", { maxBytes: 10 })).rejects.toMatchObject({ sizeBytes: 1_000, version: undefined });
  });

  test("is read among a few others, and not all at once, where a listing says versions", async () => {
    const prefix = `${randomUUID()}:`;
    using client = inspector();
    await client.mset(Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`${prefix}${index}`, "{}"])));
    let underWay = 0;
    let most = 0;
    const send = client.sendCommand.bind(client);
    client.sendCommand = async (command, stream) => {
      if (command.name !== "get") return await send(command, stream);
      underWay += 1;
      most = Math.max(most, underWay);
      try {
        return await send(command, stream);
      } finally {
        underWay -= 1;
      }
    };
    await using store = await createRedisStore({ client, prefix });
    const entries = await Array.fromAsync(store.list({ versions: true }));
    const one = await store.get("7");
    expect(entries.filter(({ version }) => version === one?.version)).toHaveLength(200);
    expect(most).toBe(16);
  });

  test("changed behind our back is a conflict", async () => {
    const prefix = `${randomUUID()}:`;
    using admin = inspector();
    await using store = await openPlain(prefix);
    const { version } = await store.put("a", new Uint8Array(1));
    await admin.set(`${prefix}a`, "{}");
    await expect(store.put("a", new Uint8Array(2), { ifVersion: version })).rejects.toMatchObject({ code: "conflict" });
    await admin.del(`${prefix}a`);
    await expect(store.put("a", new Uint8Array(2), { ifVersion: version })).rejects.toMatchObject({ code: "conflict" });
  });

  test("with a damaged first line is corrupt, conflicts with every condition, and can be given up", async () => {
    const prefix = `${randomUUID()}:`;
    using admin = inspector();
    await using store = await openPlain(prefix);
    const { version } = await store.put("intact", new Uint8Array());
    for (const content of ["holdpoint1 ", "holdpoint1 x\n{}", `holdpoint1 ${version} forged\n{}`]) {
      await admin.set(`${prefix}a`, content);
      await expect(store.get("a")).rejects.toMatchObject({ code: "corrupt" });
      await expect(store.put("a", new Uint8Array(), { ifAbsent: true })).rejects.toMatchObject({ code: "conflict" });
      await expect(store.put("a", new Uint8Array(), { ifVersion: "x" })).rejects.toMatchObject({ code: "conflict" });
      await expect(store.delete("a", { ifVersion: "x" })).rejects.toMatchObject({ code: "conflict" });
      expect(await store.delete("a")).toBe(true);
    }
    await admin.set(`${prefix}a`, "holdpoint1 ");
    await store.put("a", new Uint8Array(3));
    expect((await store.get("a"))?.body).toHaveLength(3);
  });

  test("of another type is corrupt, and is never replaced or removed", async () => {
    const prefix = `${randomUUID()}:`;
    using admin = inspector();
    await using store = await openPlain(prefix);
    await admin.lpush(`${prefix}list`, "x");
    await admin.hset(`${prefix}hash`, "body", "x");
    for (const key of ["list", "hash"]) {
      await expect(store.get(key)).rejects.toMatchObject({ code: "corrupt" });
      await expect(store.put(key, new Uint8Array())).rejects.toMatchObject({ code: "corrupt", outcome: "not-applied" });
      await expect(store.delete(key)).rejects.toMatchObject({ code: "corrupt", outcome: "not-applied" });
    }
    expect(await admin.lrange(`${prefix}list`, 0, -1)).toEqual(["x"]);
  });

  test("an existing key's expiry ends with an overwrite without one, and nothing of ours expires unasked", async () => {
    const prefix = `${randomUUID()}:`;
    using admin = inspector();
    await using store = await openPlain(prefix);
    await admin.set(`${prefix}a`, "{}", "EX", 1_000);
    const found = await store.get("a");
    const { version } = await store.put("a", new Uint8Array(1), { ifVersion: found?.version, ttlMs: 60_000 });
    expect(await admin.pttl(`${prefix}a`)).toBeLessThanOrEqual(60_000);
    await store.put("a", new Uint8Array(1), { ifVersion: version });
    expect(await admin.pttl(`${prefix}a`)).toBe(-1);
  });
});

describe.skipIf(redis.isMissing)("what a state proxy's connector has written", () => {
  test.each([
    ["with a prefix", (crew: string) => crew, (crew: string) => `${crew}:`],
    ["with one that ends in a colon", (crew: string) => `${crew}:`, (crew: string) => `${crew}::`],
  ])("%s is found by its rules, explicitly chosen, and by no others", async (_name, prefixOf, keysBegin) => {
    const crew = randomUUID();
    using admin = inspector();
    await admin.set(`${keysBegin(crew)}paused/t.json`, "{}");
    const url = new URL(redis.url);
    url.searchParams.set("prefixRules", "state-proxy");
    await using byRules = await openStore(url.href, { environment: { STATE_PREFIX: prefixOf(crew) } });
    expect((await byRules.get("paused/t.json"))?.body).toEqual(new TextEncoder().encode("{}"));
    await using byLocation = await openStore(byRules.location, { environment: {} });
    expect(await Array.fromAsync(byLocation.list(), ({ key }) => key)).toEqual(["paused/t.json"]);
    url.searchParams.delete("prefixRules");
    await using byOurs = await openStore(url.href, { environment: { STATE_PREFIX: prefixOf(crew) } });
    expect(await byOurs.get("paused/t.json")).toBeNull();
  });
});
