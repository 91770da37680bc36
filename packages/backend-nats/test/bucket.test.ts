import { randomUUID } from "node:crypto";

import { CheckpointError, openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { jetstreamManager } from "@nats-io/jetstream";
import type { JetStreamManager, StreamConfig } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { testServer } from "@holdpoint/test-servers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const nats = testServer("nats");

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function textOf(store: CheckpointStore, key: string): Promise<string | undefined> {
  const found = await store.get(key);
  return found === null ? undefined : new TextDecoder().decode(found.body);
}

async function keysOf(store: CheckpointStore): Promise<string[]> {
  const entries = await Array.fromAsync(store.list());
  return entries.map(({ key }) => key).toSorted();
}

async function refusal(url: string): Promise<CheckpointError> {
  const error: unknown = await openStore(url).then(
    (store) => store.close(),
    (problem: unknown) => problem,
  );
  if (!CheckpointError.is(error)) throw new Error("the store was opened", { cause: error });
  return error;
}

describe.skipIf(nats.isMissing)("the bucket", () => {
  let connection: NatsConnection;
  let manager: JetStreamManager;

  beforeAll(async () => {
    connection = await connect({ servers: new URL(nats.url).host });
    manager = await jetstreamManager(connection);
  });

  afterAll(async () => {
    await connection?.close();
  });

  const newBucket = (): string => `bucket-${randomUUID().slice(0, 8)}`;

  /** What an operator has made for other purposes. */
  async function makeBucket(settings: Partial<StreamConfig>): Promise<string> {
    const name = newBucket();
    await manager.streams.add({
      name: `KV_${name}`,
      subjects: [`$KV.${name}.>`],
      max_msgs_per_subject: 1,
      discard: "new",
      allow_rollup_hdrs: true,
      ...settings,
    });
    return name;
  }

  test("is created once, whoever comes first, with the settings of a KV bucket", async () => {
    const name = newBucket();
    const stores = await Promise.all(Array.from({ length: 6 }, () => openStore(`${nats.url}/${name}`)));
    await Promise.all(stores.map((store) => store.close()));
    const { config } = await manager.streams.info(`KV_${name}`);
    expect(config).toMatchObject({
      max_msgs_per_subject: 1,
      discard: "new",
      storage: "file",
      num_replicas: 1,
      max_age: 0,
      deny_delete: true,
      allow_rollup_hdrs: true,
      allow_msg_ttl: true,
    });
  });

  test("holds what official clients read, and the other way round", async () => {
    const name = newBucket();
    await using store = await openStore(`${nats.url}/${name}`);
    const kv = await new Kvm(connection).open(name);
    const { version } = await store.put("paused/msg-123.json", bytes("ours"));
    const entry = await kv.get("paused/msg-123.json");
    expect(entry?.string()).toBe("ours");
    expect(String(entry?.revision)).toBe(version);

    await kv.put("paused/msg-123.json", "theirs");
    expect(await textOf(store, "paused/msg-123.json")).toBe("theirs");
    await expect(store.put("paused/msg-123.json", bytes("late"), { ifVersion: version })).rejects.toMatchObject({
      code: "conflict",
    });

    await kv.delete("paused/msg-123.json");
    expect(await store.get("paused/msg-123.json")).toBeNull();
    expect(await store.delete("paused/msg-123.json")).toBe(false);
    expect(await keysOf(store)).toEqual([]);
    await store.put("paused/msg-123.json", bytes("again"), { ifAbsent: true });
    await store.delete("paused/msg-123.json");
    expect((await kv.get("paused/msg-123.json"))?.operation).toBe("PURGE");
  });

  test("may hold keys that are not ours, which are not listed under a name that reads another", async () => {
    const name = newBucket();
    await using store = await openStore(`${nats.url}/${name}`);
    const kv = await new Kvm(connection).open(name);
    await kv.put("=41", "theirs");
    await kv.put("=zz", "theirs");
    await store.put("A", bytes("ours"));
    expect(await keysOf(store)).toEqual(["A"]);
  });

  test("tells watchers of a write and of a deletion", async () => {
    const name = newBucket();
    await using store = await openStore(`${nats.url}/${name}`);
    const kv = await new Kvm(connection).open(name);
    const seen: string[] = [];
    const watch = await kv.watch();
    const watching = (async () => {
      for await (const entry of watch) {
        seen.push(`${entry.operation} ${entry.key}`);
        if (seen.length === 2) break;
      }
    })();
    await store.put("key", bytes("a"));
    await store.delete("key");
    await watching;
    expect(seen).toEqual(["PUT key", "PURGE key"]);
  });

  test.each<[string, Partial<StreamConfig>, RegExp]>([
    ["removes values after a time", { max_age: 3_600_000_000_000 }, /max_age/u],
    ["removes the oldest when it is full", { discard: "old", max_bytes: 1_000_000 }, /discard: old/u],
    ["keeps values in memory", { storage: "memory" }, /storage=memory/u],
    ["forgets what consumers have read", { retention: "interest" }, /retention/u],
    ["refuses updates", { discard: "new", discard_new_per_subject: true }, /discard_new_per_subject/u],
    ["acknowledges nothing", { no_ack: true }, /no_ack/u],
    ["takes only tiny values", { max_msg_size: 1_000 }, /max_msg_size/u],
    ["rewrites subjects", { subject_transform: { src: ">", dest: "other.>" } }, /rewrites subjects/u],
  ])("that %s is refused", async (_what, settings, message) => {
    const name = await makeBucket(settings);
    const error = await refusal(`${nats.url}/${name}`);
    expect(error).toMatchObject({ code: "unsupported", retryable: false });
    expect(error.message).toMatch(message);
  });

  test("that covers other subjects is refused", async () => {
    const name = newBucket();
    await manager.streams.add({ name: `KV_${name}`, subjects: [`elsewhere.${name}.>`] });
    expect((await refusal(`${nats.url}/${name}`)).message).toContain("does not cover");
  });

  test("that is a mirror is refused", async () => {
    const [name, mirror] = [await makeBucket({}), newBucket()];
    await manager.streams.add({ name: `KV_${mirror}`, mirror: { name: `KV_${name}` } });
    expect((await refusal(`${nats.url}/${mirror}`)).message).toContain("is a mirror");
  });

  test("with another number of replicas than asked for is refused", async () => {
    const name = await makeBucket({});
    expect((await refusal(`${nats.url}/${name}?replicas=3`)).message).toContain("it has 1 replicas, not the 3");
  });

  test("in memory is accepted by who asks for it", async () => {
    const name = newBucket();
    await using store = await openStore(`${nats.url}/${name}?storage=memory`);
    await store.put("key", bytes("a"));
    expect((await manager.streams.info(`KV_${name}`)).config.storage).toBe("memory");
  });

  test("without per-message TTL gets it", async () => {
    const name = await makeBucket({});
    await using store = await openStore(`${nats.url}/${name}`);
    expect(store.capabilities.ttl).toBe(true);
  });

  test("without per-message TTL that may not be changed makes a store without", async () => {
    const name = await makeBucket({});
    await using store = await openStore(`${nats.url}/${name}?create=false`);
    expect(store.capabilities.ttl).toBe(false);
    await expect(store.put("key", bytes("a"), { ttlMs: 1_000 })).rejects.toMatchObject({ code: "unsupported" });
    await store.put("key", bytes("a"));
    expect(await store.delete("key")).toBe(true);
    expect(await keysOf(store)).toEqual([]);
  });

  // https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-43.md
  test("with a history does not bring older values back", async () => {
    const name = await makeBucket({ max_msgs_per_subject: 5 });
    await using store = await openStore(`${nats.url}/${name}`);
    for (const value of ["1", "2", "3"]) await store.put("deleted", bytes(value));
    await store.delete("deleted");
    for (const value of ["1", "2"]) await store.put("expiring", bytes(value));
    const { version } = await store.put("expiring", bytes("3"), { ttlMs: 1_000 });
    await vi.waitUntil(async () => (await store.get("expiring"))?.version !== version, { timeout: 10_000 });
    expect(await store.get("expiring")).toBeNull();
    expect(await store.get("deleted")).toBeNull();
    expect(await keysOf(store)).toEqual([]);
  });

  test("with a history and without rollups has no TTL", async () => {
    const name = await makeBucket({ max_msgs_per_subject: 5, allow_rollup_hdrs: false });
    await using store = await openStore(`${nats.url}/${name}`);
    expect(store.capabilities.ttl).toBe(false);
    await store.put("key", bytes("1"));
    expect(await store.delete("key")).toBe(true);
    expect(await store.get("key")).toBeNull();
    await store.put("key", bytes("2"), { ifAbsent: true });
  });

  test("that leaves markers where values expire takes a new value after them", async () => {
    const name = await makeBucket({ allow_msg_ttl: true, subject_delete_marker_ttl: 3_600_000_000_000 });
    await using store = await openStore(`${nats.url}/${name}`);
    const { version } = await store.put("key", bytes("1"), { ttlMs: 1_000 });
    await vi.waitUntil(async () => (await store.get("key")) === null, { timeout: 10_000 });
    // The marker is there, and is no value.
    await vi.waitUntil(async () => (await manager.streams.info(`KV_${name}`)).state.last_seq > Number(version));
    expect(await keysOf(store)).toEqual([]);
    expect(await store.delete("key")).toBe(false);
    await expect(store.put("key", bytes("2"), { ifVersion: version })).rejects.toMatchObject({ code: "conflict" });
    await store.put("key", bytes("2"), { ifAbsent: true });
    expect(await textOf(store, "key")).toBe("2");
  });

  test("that vanishes under an open store is reported, not made anew", async () => {
    const name = newBucket();
    await using store = await openStore(`${nats.url}/${name}`);
    await store.put("key", bytes("a"));
    await manager.streams.delete(`KV_${name}`);
    await expect(store.get("key")).rejects.toMatchObject({ code: "not-found" });
    await expect(store.put("key", bytes("b"))).rejects.toMatchObject({ code: "not-found", outcome: "not-applied" });
    await expect(Array.fromAsync(store.list())).rejects.toMatchObject({ code: "not-found" });
    await expect(store.check()).rejects.toMatchObject({ code: "not-found" });
  });

  test("that is full says so at once", async () => {
    const name = await makeBucket({ max_bytes: 20_000 });
    await using store = await openStore(`${nats.url}/${name}`);
    await store.put("key", bytes("a"));
    const error: unknown = await store.put("more", new Uint8Array(30_000)).catch((problem: unknown) => problem);
    expect(error).toMatchObject({ code: "unavailable", retryable: false, outcome: "not-applied" });
    expect((error as Error).message).toContain("maximum bytes exceeded");
    expect(await textOf(store, "key")).toBe("a");
  });

  test("that takes smaller messages than the server keeps larger values elsewhere", async () => {
    const name = await makeBucket({ max_msg_size: 10_000 });
    await using store = await openStore(`${nats.url}/${name}`);
    const body = new Uint8Array(50_000).map((_, index) => index);
    await store.put("key", body);
    expect((await store.get("key"))?.body).toEqual(body);
  });

  test("shared by two prefixes keeps them apart", async () => {
    const name = newBucket();
    await using one = await openStore(`${nats.url}/${name}?prefix=team-a.`);
    await using other = await openStore(`${nats.url}/${name}?prefix=team-b.`);
    await one.put("..", bytes("a"));
    await one.put("x", bytes("a"));
    await other.put("x", bytes("b"));
    expect(await keysOf(one)).toEqual(["..", "x"]);
    expect(await keysOf(other)).toEqual(["x"]);
    expect(await textOf(other, "x")).toBe("b");
  });
});
