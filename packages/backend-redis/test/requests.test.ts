import { randomUUID } from "node:crypto";

import { openStore } from "@holdpoint/core";
import { PreconditionFailedError } from "@holdpoint/core/driver";
import type { Precondition } from "@holdpoint/core/driver";
import { startCountingProxy } from "@holdpoint/test-servers";
import { describe, expect, onTestFinished, test } from "vitest";

import { createRedisStore } from "../src/index.ts";
import { createRedisClient } from "../src/redis-client.ts";
import { RedisDriver } from "../src/redis-driver.ts";
import { inspector, ownServer, redis } from "./test-server.ts";

const body = new Uint8Array(10);

describe.skipIf(redis.isMissing)("requests on the wire", () => {
  test("each operation is one", async () => {
    await using proxy = await startCountingProxy({ target: redis.url, protocol: "redis" });
    await using store = await openStore(`${proxy.url}?prefix=${randomUUID()}:`);
    // A server that has been restarted gets each script whole, once.
    await store.put("a", body);
    await store.delete("a");

    const requestsOf = async (work: () => Promise<unknown>): Promise<number> => {
      proxy.reset();
      await work();
      return proxy.count();
    };
    expect(await requestsOf(() => store.put("a", body, { ifAbsent: true }))).toBe(1);
    expect(await requestsOf(() => store.put("a", body, { ifAbsent: true }).catch(() => undefined))).toBe(1);
    expect(await requestsOf(() => store.put("a", body, { ttlMs: 60_000 }))).toBe(1);
    expect(await requestsOf(() => store.get("a"))).toBe(1);
    expect(await requestsOf(() => store.get("b"))).toBe(1);
    expect(await requestsOf(() => store.delete("a"))).toBe(1);
    expect(await requestsOf(() => store.check())).toBe(1);
  });
});

describe.skipIf(redis.isMissing)("what is larger than is wanted", () => {
  test("is told by the size and the version of one value, although it is replaced meanwhile", async () => {
    const prefix = `${randomUUID()}:`;
    await using writer = await openStore(`${redis.url}?prefix=${prefix}`);
    using client = inspector();
    await using store = await createRedisStore({ client, prefix });
    await writer.put("a", new Uint8Array(1_000));
    let replaced: Promise<{ readonly version: string }> | undefined;
    const send = client.sendCommand.bind(client);
    client.sendCommand = async (command, stream) => {
      const reply: unknown = await send(command, stream);
      if (command.name === "getrange") await (replaced ??= writer.put("a", new Uint8Array(2_000)));
      return reply;
    };
    const told: unknown = await store.get("a", { maxBytes: 0 }).catch((error: unknown) => error);
    expect(told).toMatchObject({ code: "too-large", sizeBytes: 2_000, version: (await replaced)?.version });
  });
});

describe.skipIf(redis.isMissing)("the version of a condition", () => {
  test("is all of it, and no other condition", async () => {
    await using store = await openStore(`${redis.url}?prefix=${randomUUID()}:`);
    const { version } = await store.put("a", body);
    const others = ["any", "absent", version.slice(0, 8), version.slice(0, -1), `${version} `, "raw-"];
    for (const ifVersion of others) {
      await expect(store.put("a", body, { ifVersion })).rejects.toMatchObject({ code: "conflict" });
      await expect(store.put("b", body, { ifVersion })).rejects.toMatchObject({ code: "conflict" });
    }
    expect((await store.get("a"))?.version).toBe(version);
    await store.put("a", body, { ifVersion: version });
    await expect(store.put("a", body, { ifVersion: version })).rejects.toMatchObject({ code: "conflict" });
  });

  test("comes back where the very same write is there already", async () => {
    const { hostname, port } = new URL(redis.url);
    const client = await createRedisClient({ host: hostname, port: Number(port) }, 5_000);
    const location = "redis://test";
    const options = { owned: true, location, prefix: `${randomUUID()}:`, database: undefined, durability: undefined };
    const driver = new RedisDriver(client, options);
    onTestFinished(() => driver.close());
    const { signal } = new AbortController();
    const write = (precondition: Precondition, writeId: string): Promise<{ readonly version: string }> =>
      driver.write("a", body, { precondition, writeId, ttlMs: undefined }, { signal });
    const { version } = await write({ kind: "any" }, "first");
    expect(await write({ kind: "any" }, "first")).toEqual({ version });
    const replaced = await write({ kind: "version", version }, "second");
    expect(await write({ kind: "version", version }, "second")).toEqual(replaced);
    await expect(write({ kind: "version", version }, "third")).rejects.toBeInstanceOf(PreconditionFailedError);
  });
});

test("a server that has forgotten the scripts gets each of them again, once", async (context) => {
  await using server = await ownServer(context);
  await using proxy = await startCountingProxy({ target: server.url, protocol: "redis" });
  await using store = await openStore(proxy.url);
  await store.put("a", body);
  await store.delete("a");
  await server.admin.script("FLUSH");
  proxy.reset();
  for (const _ of ["first", "second"]) {
    const { version } = await store.put("a", body);
    await store.delete("a", { ifVersion: version });
  }
  const names = proxy.requests().map((request) => request.split(" ")[0]);
  expect(names).toEqual(["EVALSHA", "EVAL", "EVALSHA", "EVAL", "EVALSHA", "EVALSHA"]);
});
