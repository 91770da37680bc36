import { randomUUID } from "node:crypto";

import { openStore } from "@holdpoint/core";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { testServer } from "@holdpoint/test-servers";
import { describe, expect, it, onTestFinished } from "vitest";

const nats = testServer("nats");

/** `level subject` of each finding. */
async function inspect(url: string): Promise<readonly string[]> {
  await using store = await openStore(url);
  return ((await store.inspect?.()) ?? []).map(({ level, subject }) => `${level} ${subject}`);
}

describe.skipIf(nats.isMissing)("inspect", () => {
  it("says where the bucket is kept", async () => {
    const url = `${nats.url}/bucket-${randomUUID().slice(0, 8)}`;
    expect(await inspect(url)).toEqual(["ok durability", "unknown sync", "ok space"]);
    expect(await inspect(`${url}-memory?storage=memory`)).toEqual(["problem durability", "ok space"]);
  });

  it("says how full the bucket is", async () => {
    const connection = await connect({ servers: new URL(nats.url).host });
    onTestFinished(() => connection.close());
    const manager = await jetstreamManager(connection);
    const name = `bucket-${randomUUID().slice(0, 8)}`;
    await using store = await openStore(`${nats.url}/${name}`);
    await store.put("a", new Uint8Array(80_000));
    const stream = `KV_${name}`;
    const { config } = await manager.streams.info(stream);
    await manager.streams.update(stream, { ...config, max_bytes: 1_000_000 });
    expect(await inspect(`${nats.url}/${name}`)).toContain("ok space");
    await manager.streams.update(stream, { ...config, max_bytes: 90_000 });
    expect(await inspect(`${nats.url}/${name}`)).toContain("warning space");
  });
});
