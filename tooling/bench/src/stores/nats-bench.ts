import { openStore } from "@holdpoint/core";
import { Kvm } from "@nats-io/kv";
import type { KV } from "@nats-io/kv";
import { Objm } from "@nats-io/obj";
import type { ObjectStore } from "@nats-io/obj";
import { connect } from "@nats-io/transport-node";

import { holdpointName, limitName } from "../contestant.ts";
import type { PlainStore } from "../plain-store.ts";
import { holdpointStore } from "../plain-store.ts";
import { closeAll, startBenchServer } from "./bench-server.ts";
import type { BackendUnderTest } from "./bench-server.ts";

/** NATS JetStream beside its own KV and object store clients. */
export async function openNatsBench(): Promise<BackendUnderTest> {
  const server = await startBenchServer("nats");
  const { host } = new URL(server.url);
  const store = await openStore(`${server.url}/holdpoint`);
  const contestants = [
    await createBareNats(limitName, "", host, false),
    await createBareNats("bare, as it comes", "reads from any replica, which may lag", host, true),
    holdpointStore(holdpointName, store),
  ];
  return {
    name: "nats",
    server: server.origin,
    store,
    contestants,
    url: `${server.url}/child`,
    address: server.url,
    environment: {},
    [Symbol.asyncDispose]: async () => {
      await closeAll(contestants);
      await server[Symbol.asyncDispose]();
    },
  };
}

// Above this a value does not fit into a message together with its headers, and goes to the object store.
const largestMessageBytes = 1_000_000;

/** What is too large for one message is an object, and the KV entry, under its condition, is the object's name. */
async function createBareNats(name: string, lacks: string, host: string, readsReplicas: boolean): Promise<PlainStore> {
  const connection = await connect({ servers: host, noAsyncTraces: true });
  const bucket = readsReplicas ? "plain" : "bare";
  // Without direct reads the client asks the stream's leader, as whoever must not read an old value has to.
  const kv = await new Kvm(connection).create(bucket, { allow_direct: readsReplicas });
  const objects = await new Objm(connection).create(`${bucket}-objects`);
  let count = 0;
  const place = async (key: string, bytes: Uint8Array): Promise<Uint8Array> => {
    if (bytes.byteLength <= largestMessageBytes) return bytes;
    count += 1;
    const object = `${nameOf(key)}.${count}`;
    await objects.putBlob({ name: object }, bytes);
    return Buffer.from(object);
  };
  const isLarge = new Set<string>();
  return {
    name,
    lacks,
    create: async (key, { bytes }) => {
      if (bytes.byteLength > largestMessageBytes) isLarge.add(key);
      return String(await kv.create(nameOf(key), await place(key, bytes)));
    },
    read: async (key) => {
      const entry = await kv.get(nameOf(key));
      if (entry === null) throw new Error("it is missing");
      const version = String(entry.revision);
      if (!isLarge.has(key)) return { content: entry.value, version };
      return { content: (await objects.getBlob(entry.string())) ?? "", version };
    },
    update: async (key, { bytes }, version) => {
      const old = isLarge.has(key) ? await kv.get(nameOf(key)) : null;
      await kv.update(nameOf(key), await place(key, bytes), Number(version));
      if (old !== null) await objects.delete(old.string());
    },
    remove: async (key) => await removeEntry(kv, objects, nameOf(key), isLarge.delete(key)),
    list: async (prefix) => {
      let found = 0;
      for await (const _ of await kv.keys(`${nameOf(prefix)}>`)) found += 1;
      return found;
    },
    close: () => connection.close(),
  };
}

function nameOf(key: string): string {
  return key.replace("/", ".");
}

async function removeEntry(kv: KV, objects: ObjectStore, key: string, isLarge: boolean): Promise<void> {
  const entry = isLarge ? await kv.get(key) : null;
  await kv.purge(key);
  if (entry !== null) await objects.delete(entry.string());
}
