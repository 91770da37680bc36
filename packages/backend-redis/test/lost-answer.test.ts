import { randomUUID } from "node:crypto";
import { once } from "node:events";

import { CheckpointError } from "@holdpoint/core";
import { Cluster, Redis } from "ioredis";
import { describe, expect, test } from "vitest";

import { createRedisStore } from "../src/index.ts";
import { OneTimeCommand } from "../src/redis-command.ts";
import type { CuttingProxy } from "./cutting-proxy.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";
import { cluster, DisposableRedis, redis } from "./test-server.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe.skipIf(redis.isMissing)("an answer that is lost after the server has carried out the request", () => {
  const owners = {
    "a client of our own": async (port: number, prefix: string) => ({
      store: await createRedisStore({ host: "127.0.0.1", port, prefix }),
      [Symbol.dispose]: () => undefined,
    }),
    // ioredis sends again what was in flight, unless it is told not to:
    // https://github.com/redis/ioredis#auto-reconnect
    "a client that was handed in, with the settings of ioredis": async (port: number, prefix: string) => {
      const client = new Redis(port, "127.0.0.1");
      client.on("error", () => undefined);
      return { store: await createRedisStore({ client, prefix }), [Symbol.dispose]: () => client.disconnect() };
    },
  };

  for (const [owner, open] of Object.entries(owners)) {
    describe(`${owner}:`, () => {
      test("a put is settled, and is sent once", async () => {
        await using proxy = await startCuttingProxy(redis.url);
        using opened = await open(proxy.port, `${randomUUID()}:`);
        await using store = opened.store;
        const created = await store.put("a", text("0"), { ifAbsent: true });
        // From here on the server knows the script.
        const { version } = await store.put("a", text("1"), { ifVersion: created.version });
        const sentBefore = proxy.sent().length;
        const cut = proxy.cutNext("evalsha");

        const second = await store.put("a", text("2"), { ifVersion: version });
        await cut;

        expect(await store.get("a")).toMatchObject({ version: second.version, body: text("2") });
        expect(
          proxy
            .sent()
            .slice(sentBefore)
            .match(/evalsha/gu),
        ).toHaveLength(1);
      });

      test("a put that somebody else has overwritten since is unknown, not a conflict", async () => {
        await using proxy = await startCuttingProxy(redis.url);
        const prefix = `${randomUUID()}:`;
        using opened = await open(proxy.port, prefix);
        await using store = opened.store;
        const { hostname, port } = new URL(redis.url);
        await using other = await createRedisStore({ host: hostname, port: Number(port), prefix });
        const { version } = await store.put("a", text("1"));
        const cut = proxy.cutNext("evalsha");
        const openDoor = proxy.closeDoor();

        const put = store.put("a", text("2"), { ifVersion: version });
        const failure = put.catch((error: unknown) => error);
        await cut;
        const written = await other.get("a");
        await other.put("a", text("3"), { ifVersion: written?.version });
        openDoor();

        expect(written?.body).toEqual(text("2"));
        expect(await failure).toMatchObject({ code: "unavailable", outcome: "unknown" });
        expect((await other.get("a"))?.body).toEqual(text("3"));
      });

      test("a put that is repeated after somebody else has removed it has another version", async () => {
        await using proxy = await startCuttingProxy(redis.url);
        const prefix = `${randomUUID()}:`;
        using opened = await open(proxy.port, prefix);
        await using store = opened.store;
        const { hostname, port } = new URL(redis.url);
        await using other = await createRedisStore({ host: hostname, port: Number(port), prefix });
        const cut = proxy.cutNext("evalsha");
        const openDoor = proxy.closeDoor();

        const put = store.put("a", text("1"));
        await cut;
        const removed = await other.get("a");
        await other.delete("a");
        openDoor();
        const { version } = await put;

        expect(removed?.body).toEqual(text("1"));
        expect(await other.get("a")).toMatchObject({ version, body: text("1") });
        expect(version).not.toBe(removed?.version);
        await expect(other.put("a", text("2"), { ifVersion: removed?.version })).rejects.toMatchObject({
          code: "conflict",
        });
      });

      test("a delete is settled", async () => {
        await using proxy = await startCuttingProxy(redis.url);
        using opened = await open(proxy.port, `${randomUUID()}:`);
        await using store = opened.store;
        await store.put("a", text("1"));
        const cut = proxy.cutNext("evalsha");

        expect(await store.delete("a")).toBe(true);
        await cut;
        expect(await store.get("a")).toBeNull();
      });
    });
  }

  test.skipIf(cluster.isMissing)(
    "a put to a cluster, by a client with the settings of ioredis, is sent once",
    async () => {
      const { hostname, port } = new URL(cluster.url);
      const direct = new Cluster([{ host: hostname, port: Number(port) }]);
      await once(direct, "ready");
      const addresses = direct.nodes("master").map(({ options }) => `${options.host}:${options.port}`);
      direct.disconnect();
      await using cleanup = new AsyncDisposableStack();
      const proxies = new Map<string, CuttingProxy>();
      for (const address of addresses) {
        proxies.set(address, cleanup.use(await startCuttingProxy(`redis://${address}`)));
      }
      const client = new Cluster([{ host: hostname, port: Number(port) }], {
        natMap: Object.fromEntries(
          [...proxies].map(([address, proxy]) => [address, { host: "127.0.0.1", port: proxy.port }]),
        ),
      });
      cleanup.defer(() => client.disconnect());
      const store = cleanup.use(await createRedisStore({ client, prefix: `${randomUUID()}:` }));
      for (const key of ["a", "b", "c", "d"]) {
        const first = await store.put(key, text("0"));
        // From now on the node knows the script.
        const { version } = await store.put(key, text("1"), { ifVersion: first.version });
        const sent = (): string => [...proxies.values()].map((proxy) => proxy.sent()).join("");
        const before = sent().split("evalsha").length;
        const cut = Promise.race([...proxies.values()].map((proxy) => proxy.cutNext("evalsha")));
        const { version: next } = await store.put(key, text("2"), { ifVersion: version });
        await cut;
        expect(await store.get(key)).toMatchObject({ version: next, body: text("2") });
        expect(sent().split("evalsha").length - before).toBe(1);
      }
    },
  );

  test("a put whose caller gave up while there was no connection is never sent", async () => {
    await using proxy = await startCuttingProxy(redis.url);
    const prefix = `${randomUUID()}:`;
    using client = new DisposableRedis(proxy.port, "127.0.0.1", { retryStrategy: () => 20 });
    client.on("error", () => undefined);
    await using store = await createRedisStore({ client, prefix });
    const closed = once(client, "close");
    const openDoor = proxy.closeDoor();
    proxy.cutAll();
    await closed;

    const caller = new AbortController();
    const put = store.put("a", text("1"), { signal: caller.signal });
    caller.abort();
    await expect(put).rejects.toSatisfy((error) => CheckpointError.is(error, "aborted"));
    const ready = once(client, "ready");
    openDoor();
    await ready;

    expect(await store.get("a")).toBeNull();
    expect(proxy.sent()).not.toContain("evalsha");
  });

  test("a client of ours that lost its connection finds a new one by itself", async () => {
    await using proxy = await startCuttingProxy(redis.url);
    await using store = await createRedisStore({ host: "127.0.0.1", port: proxy.port, prefix: `${randomUUID()}:` });
    const { version } = await store.put("a", text("1"));
    proxy.cutAll();
    expect(await store.get("a")).toMatchObject({ version });
    await store.put("a", text("2"), { ifVersion: version });
  });

  test("a command that ioredis has queued is not sent once nobody waits for it", async () => {
    using client = new DisposableRedis(redis.url, { lazyConnect: true });
    const key = randomUUID();
    const caller = new AbortController();

    const abandoned = client.sendCommand(new OneTimeCommand("set", [key, "1"], { signal: caller.signal }));
    caller.abort();

    expect(String(await abandoned)).toBe("PONG");
    expect(await client.exists(key)).toBe(0);
  });
});
