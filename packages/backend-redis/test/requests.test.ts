import { randomUUID } from "node:crypto";

import { openStore } from "@holdpoint/core";
import { startCountingProxy } from "@holdpoint/test-servers";
import { describe, expect, test } from "vitest";

import { ownServer, redis } from "./test-server.ts";

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
