import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it, onTestFinished } from "vitest";

import { createFileStore } from "../drivers/file/file-store.ts";
import { createMemoryStore } from "../drivers/memory-store.ts";

const body = new Uint8Array([1]);

it("says how long a value has left, whether it expires, and whether it is there", async () => {
  await using store = await createMemoryStore();
  await store.put("short", body, { ttlMs: 60_000 });
  await store.put("long", body);
  const leftMs = (await store.timeToLive?.("short")) ?? 0;
  expect(leftMs).toBeGreaterThan(30_000);
  expect(leftMs).toBeLessThanOrEqual(60_000);
  expect(await store.timeToLive?.("long")).toBe(Infinity);
  expect(await store.timeToLive?.("none")).toBeNull();
});

it("is refused where there is no ttl, before anything is asked", async () => {
  const directory = await mkdtemp(join(tmpdir(), "ttl-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await using store = await createFileStore({ directory });
  await expect(store.timeToLive?.("a")).rejects.toMatchObject({ code: "unsupported", operation: "get", key: "a" });
  await expect(store.timeToLive?.("")).rejects.toMatchObject({ code: "invalid-argument" });
});
