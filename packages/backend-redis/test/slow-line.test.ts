import { randomUUID } from "node:crypto";

import { openStore } from "@holdpoint/core";
import { Redis } from "ioredis";
import { expect, test } from "vitest";

import { createRedisStore } from "../src/index.ts";
import { redis } from "./test-server.ts";
import { startThrottlingProxy } from "./throttling-proxy.ts";

const bytesPerSecond = 64 * 1024;
// Sixteen seconds on this line.
const large = new Uint8Array(1024 * 1024);
const small = new Uint8Array(10);

test.skipIf(redis.isMissing)("a large write that was given up holds up nothing that comes after it", async () => {
  await using proxy = await startThrottlingProxy(redis.url, bytesPerSecond);
  await using store = await openStore(`redis://127.0.0.1:${proxy.port}?prefix=${randomUUID()}:`);
  const { version } = await store.put("small", small);
  for (const end of ["its deadline", "its caller"]) {
    const options = end === "its caller" ? { signal: AbortSignal.timeout(300) } : { timeoutMs: 300 };
    const givenUp = store.put("large", large, options);
    // In flight on the same connection, they are settled on another.
    const meanwhile = [store.get("small"), store.put(`beside ${end}`, small, { ifAbsent: true })];
    await expect(givenUp).rejects.toMatchObject({ outcome: "unknown" });
    const givenUpAt = performance.now();
    expect(await store.get("small")).toMatchObject({ version });
    await Promise.all(meanwhile);
    expect(await store.get("large")).toBeNull();
    expect(performance.now() - givenUpAt).toBeLessThan(5_000);
  }
});

test.skipIf(redis.isMissing)("the connection of a client that was handed in is not ended", async () => {
  await using proxy = await startThrottlingProxy(redis.url, 20 * bytesPerSecond);
  const client = new Redis(proxy.port, "127.0.0.1");
  let closes = 0;
  client.on("close", () => (closes += 1));
  await using store = await createRedisStore({ client, prefix: `${randomUUID()}:` });
  await expect(store.put("large", large, { timeoutMs: 100 })).rejects.toMatchObject({ outcome: "unknown" });
  expect(await store.get("large")).toMatchObject({ body: large });
  expect(closes).toBe(0);
  client.disconnect();
});
