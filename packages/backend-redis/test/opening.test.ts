import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { inspect } from "node:util";

import { CheckpointError, openStore } from "@holdpoint/core";
import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";

import { createRedisStore } from "../src/index.ts";
import { createRedisClient, explainFailure } from "../src/redis-client.ts";
import { classifyRedisError } from "../src/redis-error.ts";
import { freePort } from "./free-port.ts";
import { cluster, inspector, ownServer, redis } from "./test-server.ts";

/** Opens a store that cannot be opened, and hands back why; no password may show in it. */
async function failureOf(url: string, password = "s3cret"): Promise<CheckpointError> {
  const opening = openStore(url, { timeoutMs: 3_000, attemptTimeoutMs: 700, environment: {} });
  const error: unknown = await opening.then(
    () => new Error("the store was opened"),
    (reason: unknown) => reason,
  );
  if (!CheckpointError.is(error)) throw error;
  expect(inspect(error, { depth: 20 })).not.toContain(password);
  return error;
}

async function listen(server: Server): Promise<{ readonly address: string } & AsyncDisposable> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

describe("what cannot be opened says why", () => {
  for (const [kind, query] of [
    ["a single server", ""],
    ["a cluster", "?cluster=true"],
    ["sentinels", "?sentinelMaster=m"],
  ] as const) {
    describe(`${kind}:`, () => {
      test("unknown host", async () => {
        expect(await failureOf(`redis://user:s3cret@no-such-host.invalid${query}`)).toMatchObject({
          code: "unavailable",
          message: expect.stringContaining("no-such-host.invalid"),
        });
      });

      test("nothing listens", async () => {
        const error = await failureOf(`redis://:s3cret@127.0.0.1:${await freePort()}${query}`);
        expect(error.code).toBe("unavailable");
        expect(error.message).toContain("nothing listens");
      });

      test("a web server", async () => {
        await using server = await listen(createHttpServer((_, response) => response.end()));
        const error = await failureOf(`redis://:s3cret@${server.address}${query}`);
        expect(error.code).toBe("unsupported");
        expect(error.message).toContain("not a Redis server");
      });

      test("something that never answers", async () => {
        await using server = await listen(createServer((socket) => socket.on("error", () => undefined).resume()));
        expect((await failureOf(`redis://:s3cret@${server.address}${query}`)).code).toBe("timeout");
      });

      test("something that hangs up", async () => {
        await using server = await listen(createServer((socket) => socket.destroy()));
        expect((await failureOf(`redis://:s3cret@${server.address}${query}`)).code).toBe("unavailable");
      });

      test("something that hangs up once it has heard what is asked, as servers of other kinds do", async () => {
        await using server = await listen(
          createServer((socket) => socket.on("error", () => undefined).once("data", () => socket.end())),
        );
        const error = await failureOf(`redis://:s3cret@${server.address}${query}`);
        expect(error.code).toBe("unavailable");
        expect(error.message).toMatch(/Check (?:host and port|the addresses of the sentinels)/u);
      });
    });
  }

  test("a node that never answers is named as the reason why a cluster cannot be used", async () => {
    await using server = await listen(createServer((socket) => socket.on("error", () => undefined).resume()));
    const [host = "", port] = server.address.split(":");
    const options = { nodes: [{ host, port: Number(port) }], password: "s3cret" };
    const client = await createRedisClient(options, 200);
    expect(classifyRedisError(await explainFailure(client, options)).code).toBe("timeout");
    client.disconnect();
  });

  test("no TLS where it is expected", async () => {
    await using server = await listen(createHttpServer());
    const error = await failureOf(`rediss://:s3cret@${server.address}`);
    expect(error.code).toBe("unavailable");
    expect(error.message).toContain("TLS");
  });

  test("a file that is not there", async () => {
    const error = await failureOf("rediss://127.0.0.1?tlsCaFile=/no/such.pem");
    expect(error.code).toBe("invalid-argument");
    expect(error.message).toContain("tlsCaFile");
  });

  describe.skipIf(redis.isMissing)("a server that is there", () => {
    const withLogin = (login: string, rest = ""): string => `${redis.url.replace("//", `//${login}@`)}${rest}`;

    test("a wrong password", async () => {
      const error = await failureOf(withLogin("nobody:s3cret"));
      expect(error).toMatchObject({ code: "permission-denied", retryable: false });
    });

    test("a user who may not write", async () => {
      const user = randomUUID();
      using admin = inspector();
      await admin.acl("SETUSER", user, "on", ">s3cret", "~*", "+@read", "+info");
      await using store = await openStore(withLogin(`${user}:s3cret`));
      const error: unknown = await store.put("a", new Uint8Array()).catch((reason: unknown) => reason);
      await admin.acl("DELUSER", user);
      expect(error).toMatchObject({ code: "permission-denied", outcome: "not-applied" });
      expect(inspect(error, { depth: 20 })).not.toContain("s3cret");
    });

    test("a user who may run scripts but not SET", async () => {
      const user = randomUUID();
      using admin = inspector();
      await admin.acl("SETUSER", user, "on", ">s3cret", "~*", "+@all", "-set");
      await using store = await openStore(withLogin(`${user}:s3cret`));
      const put = store.put("a", new Uint8Array());
      await expect(put).rejects.toMatchObject({ code: "permission-denied", outcome: "not-applied" });
      await admin.acl("DELUSER", user);
    });

    test("a database that the server does not have, which ioredis would replace by number 0", async () => {
      expect((await failureOf(`${redis.url}/123456`)).code).toBe("invalid-argument");
    });

    test("no cluster", async () => {
      const error = await failureOf(`${redis.url}?cluster=true`);
      expect(error.code).toBe("unsupported");
      expect(error.message).toContain("cluster=true");
    });

    test("an option that does not exist", async () => {
      const error = await failureOf(`${redis.url}?prefx=a`);
      expect(error.code).toBe("invalid-argument");
      expect(error.message).toContain("prefix, ");
    });

    test("an acknowledgement that no replica can give", async () => {
      const error = await failureOf(`${redis.url}?waitReplicas=40&waitTimeoutMs=100`);
      expect(error.code).toBe("unavailable");
      expect(error.message).toContain("waitReplicas asks for 40");
    });

    test("a typed configuration opens what it says", async () => {
      const { hostname, port } = new URL(redis.url);
      await using store = await openStore({ backend: "redis", host: hostname, port: Number(port), prefix: "a b/ü:" });
      expect(store.location).toBe(`redis://${hostname}:${port}/0?prefix=a%20b/%C3%BC:`);
      await using again = await openStore(store.location);
      expect(again.location).toBe(store.location);
    });

    test("options that exclude each other", async () => {
      const client = new Redis({ lazyConnect: true });
      await expect(createRedisStore({ client, host: "h" })).rejects.toMatchObject({ code: "invalid-argument" });
      await expect(createRedisStore({ client, password: "s3cret" })).rejects.toMatchObject({
        code: "invalid-argument",
      });
      await expect(createRedisStore({})).rejects.toMatchObject({ code: "invalid-argument" });
      await expect(createRedisStore({ nodes: [] })).rejects.toMatchObject({ code: "invalid-argument" });
      await expect(createRedisStore({ nodes: [{ host: "h" }], database: 1 })).rejects.toMatchObject({
        code: "invalid-argument",
      });
      await expect(createRedisStore({ host: "h", port: 70_000 })).rejects.toMatchObject({ code: "invalid-argument" });
      expect(client.status).toBe("wait");
    });

    test("a client that was closed", async () => {
      const client = new Redis(redis.url);
      await client.quit();
      await expect(createRedisStore({ client })).rejects.toMatchObject({ code: "closed", retryable: false });
    });

    test("a client that is subscribed", async () => {
      const client = new Redis(redis.url, { protocol: 2 });
      await client.subscribe(randomUUID());
      await expect(createRedisStore({ client })).rejects.toMatchObject({ code: "invalid-argument" });
      client.disconnect();
    });
  });

  test.skipIf(cluster.isMissing)("a node of a cluster without cluster=true", async () => {
    const error = await failureOf(cluster.url);
    expect(error.code).toBe("unsupported");
    expect(error.message).toContain("cluster=true");
  });

  test("a password that was not given", async (context) => {
    await using server = await ownServer(context);
    await server.admin.config("SET", "requirepass", "s3cret");
    expect((await failureOf(server.url)).code).toBe("permission-denied");
    await using store = await openStore("redis:", { environment: { REDIS_URL: server.url, REDIS_PASSWORD: "s3cret" } });
    await store.check();
  });

  test("a replica", async (context) => {
    await using master = await ownServer(context);
    await using replica = await ownServer(context);
    await replica.admin.replicaof("127.0.0.1", master.port);
    const error = await failureOf(replica.url);
    expect(error.code).toBe("unavailable");
    expect(error.message).toContain("replica");
  });

  test("a server without an append-only file that should be waited for", async (context) => {
    await using server = await ownServer(context);
    const error = await failureOf(`${server.url}?waitAof=true&waitTimeoutMs=100`);
    expect(error.code).toBe("unsupported");
    expect(error.message).toContain("waitAof");
  });

  test("a full server refuses writes and still reads", async (context) => {
    await using server = await ownServer(context);
    await using store = await openStore(server.url);
    const { version } = await store.put("a", new Uint8Array(1));
    await server.admin.config("SET", "maxmemory", "1");
    await expect(store.put("a", new Uint8Array(2), { ifVersion: version })).rejects.toMatchObject({
      code: "unavailable",
      outcome: "not-applied",
      message: expect.stringContaining("maxmemory"),
    });
    expect(await store.get("a")).toMatchObject({ version });
    expect(await store.delete("a", { ifVersion: version })).toBe(true);
  });

  test("a master that becomes a replica takes no writes, and its replies are not believed after a reconnection", async (context) => {
    await using master = await ownServer(context);
    await using demoted = await ownServer(context);
    await using store = await openStore(demoted.url, { timeoutMs: 1_500 });
    await store.put("a", new Uint8Array(1));
    await demoted.admin.replicaof("127.0.0.1", master.port);
    await expect(store.put("a", new Uint8Array(2))).rejects.toMatchObject({
      code: "unavailable",
      outcome: "not-applied",
      message: expect.stringContaining("replica"),
    });
    await expect(store.get("a")).rejects.toMatchObject({ code: "unavailable" });
    await demoted.admin.replicaof("NO", "ONE");
    await store.put("a", new Uint8Array(3));
  });
});
