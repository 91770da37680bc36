import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import type { CheckpointStore } from "@holdpoint/core";
import { openStore } from "@holdpoint/core";
import { createHolds, SeenVersions } from "@holdpoint/core/holds";
import type { CountingProxy } from "@holdpoint/test-servers";
import { startCountingProxy } from "@holdpoint/test-servers";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import type { StoreUnderTest } from "../every-store.ts";
import { storesUnderTest, temporaryDirectory } from "../every-store.ts";

const kib = 1_024;
const mib = 1_024 * kib;
const execute = promisify(execFile);

/** How many requests a listing of a few hundred keys takes at most. NATS makes and removes a consumer for it; on Redis, versions are another. */
const mostPages = 3;

// Members of a cluster tell clients their own addresses, so what is asked there does not pass a proxy.
const stores = storesUnderTest.filter(({ name }) => name !== "redis (cluster)");

describe.each(stores)("$name", (store) => {
  describe.skipIf(store.isMissing)("with its real server", () => {
    it("is asked once for each operation", async () => {
      await using setup = await openThroughProxy(store);
      const { opened, requestsOf } = setup;
      const body = new Uint8Array(kib);
      // The first one may bring a script's text.
      let { version } = await opened.put("warm-up", body);
      await opened.put("warm-up", body, { ifVersion: version });
      expect(
        await requestsOf(async () => {
          ({ version } = await opened.put("once", body, { ifAbsent: true }));
        }),
      ).toBe(1);
      expect(await requestsOf(() => opened.get("once"))).toBe(1);
      expect(await requestsOf(() => opened.put("once", body, { ifVersion: version }))).toBe(1);
    });

    it("is asked once for a question, twice for an answer, and three times to act with a receipt", async () => {
      await using setup = await openThroughProxy(store);
      const { opened, requestsOf } = setup;
      const holds = createHolds(opened);
      const ask = { message: "Refund 5000?" };
      expect(await requestsOf(() => holds.open("a", { ask }))).toBe(1);
      expect(await requestsOf(() => holds.answer("a", { decision: "approve" }))).toBe(2);
      expect(await requestsOf(() => holds.act("a", () => "paid"))).toBe(3);

      // Work that lasts shows that it lives: it looks at the document, and raises the counter beside it.
      await holds.open("b", { ask });
      await holds.answer("b", { decision: "approve" });
      const counter = "hold-leases/b.json";
      const asked = { document: 0, counter: 0 };
      const watched = countCalls(opened, (key) => (asked[key === counter ? "counter" : "document"] += 1));
      let removed = 0;
      // The first one may bring a script's text.
      for (const key of ["warm-up", "warm-up-again"]) {
        await opened.put(key, new Uint8Array(1));
        removed = await requestsOf(() => opened.delete(key));
      }
      const requests = await requestsOf(() =>
        createHolds(watched).act("b", () => vi.waitUntil(() => asked.counter >= 2, { timeout: 60_000 }), {
          leaseMs: 300,
        }),
      );
      // The counter is taken away in the end.
      const raised = asked.counter - 1;
      expect(asked.document).toBe(3 + raised);
      expect(requests).toBe(3 + 2 * raised + removed);
      expect(await opened.get(counter)).toBeNull();
    });

    it("is not asked again for what a listing has seen before", async () => {
      await using setup = await openThroughProxy(store);
      const { opened, requestsOf } = setup;
      const questions = 250;
      let read = 0;
      const watched = countCalls(opened, () => (read += 1));
      const holds = createHolds(watched);
      const seen = new SeenVersions();
      const ids = Array.from({ length: questions }, (_, index) => `hold-${index}`);
      await Promise.all(ids.map((id) => holds.open(id, { ask: { message: "?" } })));
      const look = async (): Promise<{ readonly listed: number; readonly read: number; readonly requests: number }> => {
        read = 0;
        let listed = 0;
        const requests = await requestsOf(async () => {
          for await (const _ of holds.list({ seen })) listed += 1;
        });
        return { listed, read, requests };
      };
      expect(await look()).toMatchObject({ listed: questions, read: questions });
      const unchanged = await look();
      expect(unchanged).toMatchObject({ listed: 0, read: 0 });
      expect(unchanged.requests).toBeLessThanOrEqual(mostPages);
      await holds.answer("hold-7", { decision: "approve" });
      expect(await look()).toEqual({ listed: 1, read: 1, requests: unchanged.requests + 1 });
    });

    it("is sent each byte once, and little besides", async () => {
      await using setup = await openThroughProxy(store);
      const { opened, proxy } = setup;
      for (const sizeBytes of [0, 64 * kib, 4 * mib]) {
        proxy.reset();
        await opened.put(`bytes-${sizeBytes}`, new Uint8Array(sizeBytes));
        const besides = proxy.sentBytes() - sizeBytes;
        expect(besides).toBeGreaterThan(0);
        // Above a megabyte, NATS takes a value in parts, each with a head of its own.
        expect(besides).toBeLessThanOrEqual(2 * kib + sizeBytes / 500);
        proxy.reset();
        await opened.get(`bytes-${sizeBytes}`);
        expect(proxy.sentBytes()).toBeLessThanOrEqual(2 * kib + sizeBytes / 500);
      }
    });

    it("holds few connections with 256 operations in flight", async () => {
      await using setup = await openThroughProxy(store);
      const { opened, proxy } = setup;
      const keys = Array.from({ length: 256 }, (_, index) => `connections/${index}`);
      await Promise.all(keys.map((key) => opened.put(key, new Uint8Array(kib), { ifAbsent: true })));
      await Promise.all(keys.map((key) => opened.get(key)));
      // HTTP/1.1 and PostgreSQL take one for each request under way; the others send everything over one.
      const limits: Partial<Record<typeof store.protocol & string, number>> = { http: 50, postgres: 10 };
      expect(proxy.mostConnections()).toBeLessThanOrEqual(limits[store.protocol ?? "http"] ?? 1);
    });

    // `pg` reads a result as text, out of a buffer that it doubles until all of it has arrived: in base64 43 MiB, for which
    // there were buffers of 64 and 32 MiB and all before, then the text, then the bytes.
    const most = store.name === "postgres" ? { put: 3, get: 7 } : { put: 3, get: 3 };
    it.each([
      ["put", most.put],
      ["get", most.get],
    ])("for a %s of a 32 MiB document needs at most %i times its memory", async (operation, times) => {
      useEnvironment(store);
      const url = store.url();
      const sizeBytes = 32 * mib;
      if (operation === "get") await prepare(url, sizeBytes);
      expect(await peakMemory(operation, url, sizeBytes, store.environment)).toBeLessThanOrEqual(times * sizeBytes);
    });

    it("for a get that does not want a 32 MiB document needs next to nothing of its memory", async () => {
      useEnvironment(store);
      const url = store.url();
      const sizeBytes = 32 * mib;
      await prepare(url, sizeBytes);
      expect(await peakMemory("look", url, sizeBytes, store.environment)).toBeLessThanOrEqual(sizeBytes / 8);
    });
  });
});

describe("file", () => {
  it("waits for the disk twice for a write, and shares one of the two among writes in flight", async () => {
    await using directory = await temporaryDirectory();
    const counts = await runChild<{ single: number[]; together: number; read: number; deleted: number }>(
      "fsyncs",
      directory.url,
      0,
      {},
    );
    expect(counts).toMatchObject({ read: 0, deleted: 1 });
    // One for the file and one for its directory. A third one, seldom, where the clock has to be corrected: two writes
    // in the same millisecond came in another order than their random fractions of it.
    expect(counts.single.toSorted((left, right) => left - right)[10]).toBe(2);
    expect(Math.max(...counts.single)).toBeLessThanOrEqual(3);
    expect(counts.together).toBeLessThan(32);
  });

  it.each(["put", "get"])("needs at most three times the memory of a 32 MiB document for a %s", async (operation) => {
    await using directory = await temporaryDirectory();
    const sizeBytes = 32 * mib;
    if (operation === "get") await prepare(directory.url, sizeBytes);
    expect(await peakMemory(operation, directory.url, sizeBytes, {})).toBeLessThanOrEqual(3 * sizeBytes);
  });

  it("needs next to nothing of a 32 MiB document's memory for a get that does not want it", async () => {
    await using directory = await temporaryDirectory();
    const sizeBytes = 32 * mib;
    await prepare(directory.url, sizeBytes);
    expect(await peakMemory("look", directory.url, sizeBytes, {})).toBeLessThanOrEqual(sizeBytes / 8);
  });
});

interface CountedStore extends AsyncDisposable {
  readonly opened: CheckpointStore;
  readonly proxy: CountingProxy;
  readonly requestsOf: (work: () => Promise<unknown>) => Promise<number>;
}

async function openThroughProxy(store: StoreUnderTest): Promise<CountedStore> {
  const { address, protocol = "http" } = store;
  const proxy = await startCountingProxy({ target: address, protocol });
  useEnvironment(store, proxy.url);
  const opened = await openStore(store.url(proxy.url));
  // The first operations of a connection may bring what later ones need, such as a script's text.
  await opened.put("warm-up", new Uint8Array(kib));
  await opened.get("warm-up");
  return {
    opened,
    proxy,
    requestsOf: async (work) => {
      proxy.reset();
      await work();
      return proxy.count();
    },
    [Symbol.asyncDispose]: async () => {
      await opened.close();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** Sets what a store's URL needs until the test ends. */
function useEnvironment({ environment }: StoreUnderTest, emulator?: string): void {
  for (const [name, value] of Object.entries(environment)) {
    vi.stubEnv(name, name === "STORAGE_EMULATOR_HOST" ? (emulator ?? value) : value);
  }
  onTestFinished(() => void vi.unstubAllEnvs());
}

/** The same store, with something told of the key of each operation. */
function countCalls(store: CheckpointStore, onCall: (key: string) => void): CheckpointStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      if (name !== "get" && name !== "put" && name !== "delete") return member.bind(target) as unknown;
      return async (key: string, ...rest: readonly unknown[]): Promise<unknown> => {
        onCall(key);
        return await Reflect.apply(member as CheckpointStore["get"], target, [key, ...rest] as never);
      };
    },
  });
}

async function prepare(url: string, sizeBytes: number): Promise<void> {
  await using store = await openStore(url);
  await store.put("prepared", new Uint8Array(sizeBytes));
}

/** What a process takes for whatever else it does meanwhile, at most. */
const besidesBytes = 2 * mib;

async function peakMemory(
  operation: string,
  url: string,
  sizeBytes: number,
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const { grownBytes } = await runChild<{ readonly grownBytes: number }>(operation, url, sizeBytes, environment);
  return grownBytes - besidesBytes;
}

async function runChild<Report>(
  what: string,
  url: string,
  sizeBytes: number,
  environment: Readonly<Record<string, string>>,
): Promise<Report> {
  const child = join(import.meta.dirname, "counting-child.ts");
  const { stdout } = await execute(process.execPath, ["--conditions=source", child, what, url, String(sizeBytes)], {
    env: { ...process.env, ...environment },
  });
  return JSON.parse(stdout) as Report;
}
