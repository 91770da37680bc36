import { randomBytes, randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";

import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamManager } from "@nats-io/jetstream";
import { Objm } from "@nats-io/obj";
import { connect, headers } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { testServer } from "@holdpoint/test-servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { NatsBodies } from "../src/nats-bodies.ts";
import { openBucket } from "../src/nats-bucket.ts";
import { bodyHeader } from "../src/nats-headers.ts";
import { JetStream } from "../src/nats-jetstream.ts";
import { NatsSession } from "../src/nats-session.ts";

const nats = testServer("nats");
const never = new AbortController().signal;

// Over the default max_payload of 1 MiB.
const large = (): Uint8Array => new Uint8Array(randomBytes(2_500_000));
/** Twenty chunks of it, and one that describes it. */
const messagesOfLarge = 21;

describe.skipIf(nats.isMissing)("a value that is larger than a message", () => {
  let connection: NatsConnection;
  let manager: JetStreamManager;
  let name: string;
  let store: CheckpointStore;

  beforeAll(async () => {
    connection = await connect({ servers: new URL(nats.url).host });
    manager = await jetstreamManager(connection);
  });

  beforeEach(async () => {
    name = `bodies-${randomUUID().slice(0, 8)}`;
    store = await openStore(`${nats.url}/${name}`);
  });

  afterEach(async () => {
    await store.close();
  });

  afterAll(async () => {
    await connection?.close();
  });

  /** How many messages the object store holds. */
  async function storedMessages(): Promise<number> {
    return (await manager.streams.info(`OBJ_${name}-bodies`)).state.messages;
  }

  /** Resolves when there are just as many large bodies as given. */
  async function expectBodies(count: number): Promise<void> {
    await vi.waitFor(async () => expect(await storedMessages()).toBe(count * messagesOfLarge), { timeout: 5_000 });
  }

  /** The bodies of the bucket, as its driver has them. */
  async function openBodies(): Promise<{ bodies: NatsBodies; session: NatsSession; jetStream: JetStream }> {
    const session = new NatsSession({ bucket: name, client: connection }, 10_000);
    const jetStream = new JetStream(session);
    const bucket = await openBucket(jetStream, { name, create: false }, never);
    return { bodies: new NatsBodies(jetStream, bucket, true), session, jetStream };
  }

  test("comes back whole, with a size in listings", async () => {
    const body = large();
    const { version } = await store.put("tasks/1", body, { ifAbsent: true });
    const found = await store.get("tasks/1");
    expect(found?.version).toBe(version);
    expect(Buffer.compare(found?.body ?? new Uint8Array(), body)).toBe(0);
    expect(await Array.fromAsync(store.list())).toMatchObject([{ key: "tasks/1", sizeBytes: body.byteLength }]);
    await expect(store.put("tasks/1", large(), { ifAbsent: true })).rejects.toMatchObject({ code: "conflict" });
    await expectBodies(1);
  });

  test("is an object that official clients can read", async () => {
    const body = large();
    await store.put("tasks/1", body);
    const objects = await new Objm(connection).open(`${name}-bodies`);
    const [info] = await objects.list();
    expect(info).toMatchObject({ description: "tasks/1", size: body.byteLength });
    const read = await objects.getBlob(info?.name ?? "");
    expect(read !== null && Buffer.compare(read, body)).toBe(0);
  });

  test("leaves nothing behind when it is updated, made small or deleted", async () => {
    const first = await store.put("key", large());
    await expectBodies(1);
    const second = await store.put("key", large(), { ifVersion: first.version });
    expect(second.version).not.toBe(first.version);
    await expectBodies(1);
    await store.put("key", new Uint8Array(3), { ifVersion: second.version });
    await expectBodies(0);
    await store.put("key", large());
    await expectBodies(1);
    await store.delete("key");
    await expectBodies(0);
    const third = await store.put("key", large(), { ifAbsent: true });
    await store.delete("key", { ifVersion: third.version });
    await expectBodies(0);
  });

  test("leaves nothing behind when its condition fails", async () => {
    await store.put("key", new Uint8Array(3));
    await expect(store.put("key", large(), { ifVersion: "999999" })).rejects.toMatchObject({ code: "conflict" });
    await expectBodies(0);
  });

  test("is read whole or in its next state while it changes", async () => {
    await store.put("key", new Uint8Array(2_000_000).fill(0));
    const writing = (async () => {
      for (let round = 1; round <= 12; round += 1) {
        const current = await store.get("key");
        const body = new Uint8Array(round % 3 === 0 ? 100 : 2_000_000).fill(round);
        await store.put("key", body, { ifVersion: current?.version });
      }
      return "done" as const;
    })();
    let reads = 0;
    while ((await Promise.race([writing, setImmediate("going on")])) !== "done") {
      const found = await store.get("key");
      expect(found).not.toBeNull();
      const body = Buffer.from(found?.body ?? []);
      expect(body.equals(Buffer.alloc(body.byteLength, body[0]))).toBe(true);
      reads += 1;
    }
    expect(reads).toBeGreaterThan(0);
  });

  test("does not touch the old value when its upload is broken off", async () => {
    await store.put("key", new Uint8Array([1]));
    const signal = AbortSignal.timeout(15);
    const result: unknown = await store
      .put("key", new Uint8Array(60_000_000), { signal })
      .catch((error: unknown) => error);
    expect(result).toMatchObject({ code: "aborted" });
    expect((await store.get("key"))?.body).toEqual(new Uint8Array([1]));
  });

  test("expires with its entry", async () => {
    const { version } = await store.put("key", large(), { ttlMs: 1_000 });
    await vi.waitUntil(async () => (await store.get("key")) === null, { timeout: 10_000 });
    await expect(store.put("key", large(), { ifVersion: version })).rejects.toMatchObject({ code: "conflict" });
  });

  test("that nothing points to is collected once it is old enough, and no other", async () => {
    await store.put("paused/1.json", large());
    await store.put("paused/2.json", new Uint8Array(5));
    const { bodies, jetStream } = await openBodies();
    const options = { messageBytes: 1_048_576, ttlSeconds: undefined };
    for (const key of ["paused/1.json", "paused/2.json", "gone"]) await bodies.upload(key, large(), options, never);
    await expectBodies(4);
    const isCurrent = async (key: string, id: string): Promise<boolean> =>
      (await jetStream.lastMessage(`KV_${name}`, `$KV.${name}.${key}`, never))?.headers.get(bodyHeader) === id;
    await bodies.collect(isCurrent, never);
    expect(await storedMessages()).toBe(4 * messagesOfLarge);
    await bodies.collect(isCurrent, never, 0);
    await expectBodies(1);
    expect((await store.get("paused/1.json"))?.body.byteLength).toBe(2_500_000);
  });

  test("of which a chunk is missing is corrupt, not missing", async () => {
    await store.put("key", large());
    const stream = `OBJ_${name}-bodies`;
    await manager.streams.deleteMessage(stream, (await manager.streams.info(stream)).state.first_seq);
    await expect(store.get("key")).rejects.toMatchObject({ code: "corrupt", key: "key" });
    await store.put("key", new Uint8Array(3));
    expect((await store.get("key"))?.body.byteLength).toBe(3);
  });

  test("whose entry is damaged is corrupt", async () => {
    await store.put("key", large());
    const entry = await manager.streams.getMessage(`KV_${name}`, { last_by_subj: `$KV.${name}.key` });
    const own = headers();
    own.set(bodyHeader, entry?.header.get(bodyHeader) ?? "");
    const pointer = entry?.json<{ digest: string }>();
    const damaged = [
      JSON.stringify({ ...pointer, digest: "SHA-256=AAAA" }),
      JSON.stringify({ ...pointer, size: 7 }),
      "{",
    ];
    for (const text of damaged) {
      await connection.request(`$KV.${name}.key`, text, { timeout: 5_000, headers: own });
      await expect(store.get("key")).rejects.toMatchObject({ code: "corrupt", key: "key" });
    }
  });
});
