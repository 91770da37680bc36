import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { testServer } from "@holdpoint/test-servers";
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from "vitest";

import { startFaultProxy } from "./fault-proxy.ts";
import type { FaultProxy } from "./fault-proxy.ts";
import { NatsServers } from "./configured-servers.ts";

const nats = testServer("nats");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.skipIf(nats.isMissing)("an answer that is lost", () => {
  let proxy: FaultProxy;
  let store: CheckpointStore;
  let bucket: string;

  beforeAll(async () => {
    proxy = await startFaultProxy(new URL(nats.url));
  });

  beforeEach(async () => {
    bucket = `faults-${randomUUID().slice(0, 8)}`;
    store = await openStore(`nats://${proxy.address}/${bucket}`);
  });

  afterEach(async () => {
    await store.close();
  });

  afterAll(async () => {
    await proxy?.[Symbol.asyncDispose]();
  });

  test("to a creation: it is known to have happened, once", async () => {
    const cut = proxy.cutBeforeAnswerTo(`$KV.${bucket}.key`);
    const { version } = await store.put("key", bytes("a"), { ifAbsent: true });
    await cut;
    expect(version).toBe("1");
    expect(await store.get("key")).toMatchObject({ version, body: bytes("a") });
  });

  test("to an update: it is no conflict with itself", async () => {
    const first = await store.put("key", bytes("a"));
    const cut = proxy.cutBeforeAnswerTo(`$KV.${bucket}.key`);
    const second = await store.put("key", bytes("b"), { ifVersion: first.version });
    await cut;
    expect(await store.get("key")).toMatchObject({ version: second.version, body: bytes("b") });
    expect(second.version).toBe("2");
  });

  test("to an update of a large value: its body stays", async () => {
    const first = await store.put("key", new Uint8Array(1_500_000).fill(1));
    const cut = proxy.cutBeforeAnswerTo(`$KV.${bucket}.key`);
    const second = await store.put("key", new Uint8Array(1_500_000).fill(2), { ifVersion: first.version });
    await cut;
    const found = await store.get("key");
    expect(found?.version).toBe(second.version);
    expect(Buffer.from(found?.body ?? []).equals(Buffer.alloc(1_500_000, 2))).toBe(true);
  });

  test("to a deletion: the value is gone, and that is said", async () => {
    const { version } = await store.put("key", bytes("a"));
    const cut = proxy.cutBeforeAnswerTo(`$KV.${bucket}.key`);
    expect(await store.delete("key", { ifVersion: version })).toBe(true);
    await cut;
    expect(await store.get("key")).toBeNull();
  });

  test("to a read: it is read again", async () => {
    await store.put("key", bytes("a"));
    const cut = proxy.cutBeforeAnswerTo("STREAM.MSG.GET");
    expect(await store.get("key")).toMatchObject({ body: bytes("a") });
    await cut;
  });

  test("to a listing: it begins anew, and is not taken for the end", async () => {
    await store.put("key", bytes("a"));
    const cut = proxy.cutBeforeAnswerTo("CONSUMER.MSG.NEXT");
    expect(await Array.fromAsync(store.list())).toHaveLength(1);
    await cut;
  });
});

describe.skipIf(nats.isMissing)("a server that goes away", () => {
  test("does not get a write later that was given up", async () => {
    await using servers = await NatsServers.open();
    const own = await servers.run('jetstream { store_dir: "{data}" }');
    await using store = await openStore(`nats://${own.address}/faults`, { maxAttempts: 1 });
    await store.put("before", bytes("a"));
    await own.stop();
    // A request that breaks off is how the client learns of it; a write that is sent before has an unknown outcome.
    await expect(store.get("before")).rejects.toMatchObject({ code: "unavailable" });
    await expect(store.put("during", bytes("b"))).rejects.toMatchObject({
      code: "unavailable",
      outcome: "not-applied",
      retryable: true,
    });
    await own.start();
    expect(await store.get("before")).toMatchObject({ body: bytes("a") });
    expect(await store.get("during")).toBeNull();
    await store.put("after", bytes("c"), { ifAbsent: true });
  });
});

describe("a program that has closed its store", () => {
  const ends = async (url: string): Promise<string> => {
    const script = fileURLToPath(new URL("./open-and-end.ts", import.meta.url));
    const child = await promisify(execFile)(process.execPath, [script, url], { timeout: 20_000 });
    return child.stdout;
  };

  test.skipIf(nats.isMissing)("ends by itself", async () => {
    expect(await ends(`${nats.url}/ends-${randomUUID().slice(0, 8)}`)).toBe("used");
  });

  test("ends by itself although the server has never answered", async () => {
    await using silent = createServer((socket) => socket.on("error", () => undefined).resume());
    silent.listen({ host: "127.0.0.1", port: 0 });
    await once(silent, "listening");
    expect(await ends(`nats://127.0.0.1:${(silent.address() as AddressInfo).port}/bucket`)).toBe("timeout");
  });
});
