import { openStore } from "@holdpoint/core";
import { startCountingProxy } from "@holdpoint/test-servers";
import { describe, expect, test } from "vitest";

import { startCuttingProxy } from "./cutting-proxy.ts";
import type { OwnServer } from "./test-server.ts";
import { ownServer } from "./test-server.ts";

const body = new Uint8Array(1);

/** Makes `replica` a replica of `master` and waits until it is one. */
async function replicate(master: OwnServer, replica: OwnServer): Promise<void> {
  // A full synchronisation waits for other replicas that might want the same, by default five seconds.
  await master.admin.config("SET", "repl-diskless-sync-delay", "0");
  await replica.admin.replicaof("127.0.0.1", master.port);
  await expect.poll(() => replica.admin.info("replication"), { timeout: 20_000 }).toContain("master_link_status:up");
}

describe("durability", () => {
  test("a write counts once a replica has it, and is one request more", async (context) => {
    await using master = await ownServer(context);
    await using replica = await ownServer(context);
    await replicate(master, replica);
    await using proxy = await startCountingProxy({ target: master.url, protocol: "redis" });
    await using store = await openStore(`${proxy.url}?prefix=&waitReplicas=1&waitTimeoutMs=4000`);
    await store.put("warm", body);
    proxy.reset();
    const { version } = await store.put("a", body);
    expect(proxy.requests()).toEqual(["EVALSHA a", "WAIT 1"]);
    expect(await replica.admin.exists("a")).toBe(1);
    expect(await store.delete("a", { ifVersion: version })).toBe(true);
    expect(await replica.admin.exists("a")).toBe(0);
  });

  test("a write that no replica acknowledges is unknown, although the master has it", async (context) => {
    await using master = await ownServer(context);
    await using replica = await ownServer(context);
    await replicate(master, replica);
    await using store = await openStore(`${master.url}?prefix=&waitReplicas=1&waitTimeoutMs=200`);
    await replica.admin.replicaof("NO", "ONE");
    await expect(store.put("a", body)).rejects.toMatchObject({
      code: "unavailable",
      operation: "put",
      key: "a",
      retryable: false,
      outcome: "unknown",
      message: expect.stringContaining("waitReplicas=1"),
    });
    expect(await store.get("a")).toMatchObject({ body });
    await expect(store.put("a", body, { ifAbsent: true })).rejects.toMatchObject({ code: "conflict" });
    await expect(store.check()).rejects.toMatchObject({ code: "unavailable" });
  });

  test("a write whose connection breaks is settled by a read that is acknowledged too", async (context) => {
    await using master = await ownServer(context);
    await using replica = await ownServer(context);
    await replicate(master, replica);
    await using proxy = await startCuttingProxy(master.url);
    await using store = await openStore(`redis://127.0.0.1:${proxy.port}?prefix=&waitReplicas=1&waitTimeoutMs=4000`);
    for (const word of ["evalsha", "wait"]) {
      await store.put("warm", body);
      const cut = proxy.cutNext(word);
      const { version } = await store.put(word, body, { ifAbsent: true });
      await cut;
      expect(await replica.admin.exists(word)).toBe(1);
      const cutAgain = proxy.cutNext(word);
      expect(await store.delete(word, { ifVersion: version })).toBe(true);
      await cutAgain;
      expect(await replica.admin.exists(word)).toBe(0);
    }
  });

  test("a durable read waits for what others have written, and changes nothing", async (context) => {
    await using master = await ownServer(context);
    await using replica = await ownServer(context);
    await replicate(master, replica);
    const asked = "prefix=&waitReplicas=1&waitTimeoutMs=300";
    await using writer = await openStore(`${master.url}?${asked}`);
    await using proxy = await startCountingProxy({ target: master.url, protocol: "redis" });
    await using reader = await openStore(`${proxy.url}?${asked}`);
    await replica.admin.replicaof("NO", "ONE");
    await expect(writer.put("a", body, { ttlMs: 60_000 })).rejects.toMatchObject({ outcome: "unknown" });
    const plain = await reader.get("a");
    expect(plain).toMatchObject({ body });
    for (const key of ["a", "nothing"]) {
      await expect(reader.get(key, { durable: true })).rejects.toMatchObject({
        code: "unavailable",
        operation: "get",
        outcome: undefined,
        message: expect.stringContaining("waitReplicas=1"),
      });
    }
    await replicate(master, replica);
    await using patient = await openStore(`${proxy.url}?prefix=&waitReplicas=1&waitTimeoutMs=5000`);
    await patient.get("a", { durable: true });
    proxy.reset();
    expect(await patient.get("a", { durable: true })).toEqual(plain);
    expect(proxy.requests()).toEqual(["GET a", "EVALSHA a", "WAIT 1"]);
    expect(await patient.get("nothing", { durable: true })).toBeNull();
    expect(await master.admin.keys("*")).toEqual(["a"]);
    expect(await master.admin.pttl("a")).toBeGreaterThan(0);
    await patient.put("a", body, { ifVersion: plain?.version });
  });

  test("a plain read of a store without durability is one request, durable or not", async (context) => {
    await using master = await ownServer(context);
    await using proxy = await startCountingProxy({ target: master.url, protocol: "redis" });
    await using store = await openStore(`${proxy.url}?prefix=`);
    await store.put("a", body);
    proxy.reset();
    expect(await store.get("a", { durable: true })).toMatchObject({ body });
    expect(proxy.requests()).toEqual(["GET a"]);
  });

  test("waiting longer than half of an attempt is refused", async () => {
    await expect(openStore("redis://127.0.0.1:1?waitReplicas=1&waitTimeoutMs=5001")).rejects.toMatchObject({
      code: "invalid-argument",
      message: expect.stringContaining("waitTimeoutMs"),
    });
  });

  test("WAITAOF on a server that has it", async (context) => {
    await using server = await ownServer(context);
    await server.admin.config("SET", "appendonly", "yes");
    await expect.poll(() => server.admin.info("persistence")).toContain("aof_rewrite_in_progress:0");
    const hasWaitAof = (await server.admin.command("INFO", "waitaof"))[0] !== null;
    const opening = openStore(`${server.url}?prefix=&waitAof=true&waitTimeoutMs=4000`);
    if (!hasWaitAof) {
      await expect(opening).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("7.2") });
      return;
    }
    await using store = await opening;
    await store.put("a", body);
    expect(await store.get("a")).toMatchObject({ body });
  });
});
