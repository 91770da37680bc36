import { randomUUID } from "node:crypto";

import { CheckpointError } from "@holdpoint/core";
import { connect as connectCurrent } from "@nats-io/transport-node";
import { connect as connectLegacy } from "nats";
import { testServer } from "@holdpoint/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createNatsStore } from "../src/index.ts";
import type { NatsClient } from "../src/index.ts";
import { NatsServers } from "./configured-servers.ts";
import type { ConfiguredServer } from "./configured-servers.ts";

const nats = testServer("nats");

type OwnedClient = NatsClient & { close(): Promise<void> };

const generations: readonly (readonly [string, (settings: object) => Promise<OwnedClient>])[] = [
  ["@nats-io/transport-node 3.x", async (settings) => await connectCurrent(settings)],
  ["nats 2.x", async (settings) => await connectLegacy(settings)],
];

describe.skipIf(nats.isMissing).each(generations)("a client of %s that is handed in", (_generation, connect) => {
  let servers: NatsServers;
  let restricted: ConfiguredServer;

  beforeAll(async () => {
    servers = await NatsServers.open();
    restricted = await servers.run(`
      jetstream { store_dir: "{data}" }
      authorization { users: [
        { user: ann, password: pw }
        { user: reader, password: pw, permissions: {
          publish: [ "$JS.API.STREAM.INFO.>", "$JS.API.STREAM.MSG.GET.>" ], subscribe: [ "_MINE.>" ] } }
      ] }`);
  });

  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]();
  });

  test("does everything and stays open", async () => {
    const client = await connect({ servers: new URL(nats.url).host });
    const bucket = `clients-${randomUUID().slice(0, 8)}`;
    for (let round = 0; round < 2; round += 1) {
      await using store = await createNatsStore({ bucket, client });
      expect(store.location).toBe(`nats://${client.getServer()}/${bucket}`);
      const body = new Uint8Array(1_500_000).fill(round);
      const { version } = await store.put("large", body, { ifAbsent: true });
      expect(Buffer.compare((await store.get("large"))?.body ?? new Uint8Array(), body)).toBe(0);
      const error: unknown = await store.put("large", body, { ifAbsent: true }).catch((problem: unknown) => problem);
      expect(CheckpointError.is(error, "conflict")).toBe(true);
      await store.put("expiring", new Uint8Array(3), { ttlMs: 60_000 });
      await Promise.all(Array.from({ length: 30 }, (_, index) => store.put(`many/${index}`, new Uint8Array(1))));
      expect(await Array.fromAsync(store.list())).toHaveLength(32);
      expect(await store.delete("large", { ifVersion: version })).toBe(true);
      expect(await store.get("large")).toBeNull();
      await store.check();
    }
    expect(client.isClosed()).toBe(false);
    await client.request("$JS.API.INFO", "", { timeout: 5_000 });
    await client.close();
  });

  test("is interrupted at once by a signal", async () => {
    const client = await connect({ servers: new URL(nats.url).host });
    await using store = await createNatsStore({ bucket: `clients-${randomUUID().slice(0, 8)}`, client });
    const controller = new AbortController();
    const reading = store.get("key", { signal: controller.signal });
    controller.abort();
    await expect(reading).rejects.toMatchObject({ code: "aborted" });
    await client.close();
  });

  test("that is closed by its owner makes errors, not silence", async () => {
    const client = await connect({ servers: new URL(nats.url).host });
    await using store = await createNatsStore({ bucket: `clients-${randomUUID().slice(0, 8)}`, client });
    await client.close();
    await expect(store.get("key")).rejects.toMatchObject({ code: "unavailable", retryable: false });
    await expect(store.put("key", new Uint8Array(1))).rejects.toMatchObject({ outcome: "not-applied" });
  });

  test("is told what it may not do, and has its answers where it wants them", async () => {
    const ann = await connect({ servers: restricted.address, user: "ann", pass: "pw" });
    await (await createNatsStore({ bucket: "checkpoints", client: ann })).close();
    await ann.close();
    const client = await connect({ servers: restricted.address, user: "reader", pass: "pw", inboxPrefix: "_MINE" });
    await using store = await createNatsStore({ bucket: "checkpoints", client, inboxPrefix: "_MINE" });
    expect(await store.get("key")).toBeNull();
    await expect(store.put("key", new Uint8Array(1))).rejects.toMatchObject({
      code: "permission-denied",
      outcome: "not-applied",
    });
    await client.close();
  });

  test("loses its server and finds it again", async () => {
    const client = await connect({
      servers: restricted.address,
      user: "ann",
      pass: "pw",
      reconnectTimeWait: 50,
      maxReconnectAttempts: -1,
    });
    await using store = await createNatsStore({ bucket: "checkpoints", client });
    const { version } = await store.put("kept", new Uint8Array([1]));
    await restricted.stop();
    await expect(store.get("kept", { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: expect.stringMatching(/unavailable|timeout/u) as string,
    });
    await restricted.start();
    expect(await store.get("kept")).toMatchObject({ version });
    await client.close();
  });
});
