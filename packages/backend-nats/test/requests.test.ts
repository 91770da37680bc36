import { randomUUID } from "node:crypto";

import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { startCountingProxy, testServer } from "@holdpoint/test-servers";
import type { CountingProxy } from "@holdpoint/test-servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const nats = testServer("nats");
const body = new Uint8Array([1, 2, 3]);

describe.skipIf(nats.isMissing)("what passes on the wire", () => {
  let proxy: CountingProxy;
  let store: CheckpointStore;
  let stream: string;

  beforeAll(async () => {
    proxy = await startCountingProxy({ target: nats.url, protocol: "nats" });
    const bucket = `cost-${randomUUID().slice(0, 8)}`;
    stream = `KV_${bucket}`;
    store = await openStore(`nats://127.0.0.1:${proxy.port}/${bucket}`);
  });

  afterAll(async () => {
    await store?.close();
    await proxy?.[Symbol.asyncDispose]();
  });

  /** The operations of the messages that `work` sends. */
  async function messagesOf(work: () => Promise<unknown>): Promise<readonly string[]> {
    proxy.reset();
    await work();
    return proxy.requests().map((request) =>
      request
        .replace(/^H?PUB /u, "")
        .replace(/^\$KV\..*$/u, "write")
        .replace(`$JS.API.STREAM.MSG.GET.${stream}`, "read")
        .replace("$JS.API.", ""),
    );
  }

  test("is one message for a write, with any condition", async () => {
    expect(await messagesOf(() => store.put("any", body))).toEqual(["write"]);
    expect(await messagesOf(() => store.put("created", body, { ifAbsent: true }))).toEqual(["write"]);
    const { version } = await store.put("created", body);
    expect(await messagesOf(() => store.put("created", body, { ifVersion: version }))).toEqual(["write"]);
    expect(await messagesOf(() => store.put("created", body, { ttlMs: 60_000 }))).toEqual(["write"]);
  });

  test("is one message for a read, whether there is a value or not", async () => {
    expect(await messagesOf(() => store.get("any"))).toEqual(["read"]);
    expect(await messagesOf(() => store.get("missing"))).toEqual(["read"]);
  });

  test("is one message for an update that fails, and two for a creation that fails", async () => {
    const { version } = await store.put("conflict", body);
    await store.put("conflict", body);
    const fails = (work: Promise<unknown>): Promise<void> => expect(work).rejects.toMatchObject({ code: "conflict" });
    expect(await messagesOf(() => fails(store.put("conflict", body, { ifVersion: version })))).toEqual(["write"]);
    // It might be a mark of a deletion that stands in the way.
    expect(await messagesOf(() => fails(store.put("conflict", body, { ifAbsent: true })))).toEqual(["write", "read"]);
  });

  test("is nothing for a version that no value ever had", async () => {
    const attempt = store.put("any", body, { ifVersion: "0" });
    expect(await messagesOf(() => expect(attempt).rejects.toMatchObject({ code: "conflict" }))).toEqual([]);
  });

  test("is one message for a conditional deletion, and two for another", async () => {
    const { version } = await store.put("deleted", body);
    expect(await messagesOf(() => store.delete("deleted", { ifVersion: version }))).toEqual(["write"]);
    await store.put("deleted", body);
    expect(await messagesOf(() => store.delete("deleted"))).toEqual(["read", "write"]);
    expect(await messagesOf(() => store.delete("deleted"))).toEqual(["read"]);
  });

  test("is three messages for a creation after a deletion", async () => {
    await store.put("again", body);
    await store.delete("again");
    const create = (): Promise<unknown> => store.put("again", body, { ifAbsent: true });
    expect(await messagesOf(create)).toEqual(["write", "read", "write"]);
  });

  test("is a few messages for a listing, however many keys there are", async () => {
    await Promise.all(Array.from({ length: 1_500 }, (_, index) => store.put(`many/${index}`, body)));
    const messages = await messagesOf(() => Array.fromAsync(store.list()));
    expect(messages.map((message) => message.split(".").slice(0, 2).join("."))).toEqual([
      "CONSUMER.CREATE",
      "CONSUMER.MSG",
      "CONSUMER.MSG",
      "CONSUMER.DELETE",
    ]);
  });
});
