import { describe, expect, it, onTestFinished, vi } from "vitest";

import type { Capabilities } from "./capabilities.ts";
import type { CheckpointDriver, DriverFailure, DriverRecord, DriverWrite } from "./checkpoint-driver.ts";
import { PreconditionFailedError } from "./checkpoint-driver.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { createStore } from "./create-store.ts";
import { storeTracing } from "./operation-trace.ts";
import type { StoreFinding } from "./store-finding.ts";

class Lost extends Error {}
class Busy extends Error {}

/** What the next request meets: it is answered, refused at once, applied but its answer lost, or lost before. */
type Fate = "answered" | "busy" | "lost after" | "lost before" | "hangs after";

/** A driver over one map, whose requests meet the fates that a test gives; what it leaves out is the network's part. */
class FatedDriver implements CheckpointDriver {
  readonly backend = "fated";
  readonly location = "fated://here";
  readonly capabilities: Capabilities = { conditionalDelete: true, ttl: false, uniqueVersions: true, maxBodyBytes: 8 };
  readonly requests: string[] = [];
  readonly records = new Map<string, DriverRecord>();
  readonly fates: Fate[];
  /** Runs after each applied write, as another client might. */
  meanwhile: () => void = () => {};
  #versions = 0;

  constructor(...fates: readonly Fate[]) {
    this.fates = [...fates];
  }

  async read(key: string): Promise<DriverRecord | null> {
    return await this.#meet("read", () => this.records.get(key) ?? null);
  }

  async write(key: string, body: Uint8Array, write: DriverWrite): Promise<{ readonly version: string }> {
    return await this.#meet("write", () => {
      const current = this.records.get(key);
      const { precondition, writeId } = write;
      if (precondition.kind === "absent" && current !== undefined) throw new PreconditionFailedError();
      if (precondition.kind === "version" && current?.version !== precondition.version)
        throw new PreconditionFailedError();
      this.#versions += 1;
      const version = `v${this.#versions}`;
      this.records.set(key, { body: body.slice(), version, writeId });
      this.meanwhile();
      return { version };
    });
  }

  async remove(key: string, ifVersion: string | undefined): Promise<boolean> {
    return await this.#meet("remove", () => {
      const current = this.records.get(key);
      if (current !== undefined && ifVersion !== undefined && current.version !== ifVersion) {
        throw new PreconditionFailedError();
      }
      const removed = this.records.delete(key);
      this.meanwhile();
      return removed;
    });
  }

  async *list(): AsyncIterable<readonly { key: string }[]> {
    for (const key of this.records.keys()) {
      await this.#meet("list", () => undefined);
      yield [{ key }];
    }
  }

  async check(): Promise<void> {
    await this.#meet("check", () => undefined);
  }

  async close(): Promise<void> {}

  classify(error: unknown): DriverFailure {
    if (error instanceof Busy)
      return { code: "unavailable", retryable: true, outcome: "not-applied", message: "the server is busy" };
    return { code: "unavailable", retryable: true, outcome: "unknown", message: "the connection broke" };
  }

  async #meet<Result>(request: string, apply: () => Result): Promise<Result> {
    this.requests.push(request);
    const fate = this.fates.shift() ?? "answered";
    if (fate === "busy") throw new Busy();
    if (fate === "lost before") throw new Lost();
    const result = apply();
    if (fate === "lost after") throw new Lost();
    if (fate === "hangs after") return await new Promise<Result>(() => {});
    return result;
  }
}

const body = new Uint8Array([1, 2, 3]);
const other = new Uint8Array([9]);

describe("a write whose answer is lost", () => {
  it("is recognised as applied, with one read and no second write", async () => {
    const driver = new FatedDriver("lost after");
    const { version } = await createStore(driver).put("key", body, { ifAbsent: true });
    expect(version).toBe("v1");
    expect(driver.requests).toEqual(["write", "read"]);
  });

  it("is sent again if it was not applied", async () => {
    const driver = new FatedDriver("lost before");
    await createStore(driver).put("key", body, { ifAbsent: true });
    expect(driver.requests).toEqual(["write", "read", "write"]);
  });

  it("does not meet its own first attempt as a conflict", async () => {
    const driver = new FatedDriver("lost after", "lost before", "busy", "answered");
    await expect(createStore(driver).put("key", body, { ifAbsent: true })).resolves.toEqual({ version: "v1" });
    expect(driver.requests).toEqual(["write", "read", "read", "read"]);
  });

  it("is a conflict if another write created the key instead", async () => {
    const driver = new FatedDriver();
    const winner = createStore(driver);
    await winner.put("key", other, { ifAbsent: true });
    driver.fates.push("lost before");
    await expect(createStore(driver).put("key", body, { ifAbsent: true })).rejects.toMatchObject({
      code: "conflict",
      outcome: "not-applied",
    });
    expect(driver.records.get("key")?.body).toEqual(other);
  });

  it("is a conflict if another write replaced the very version that it was to replace", async () => {
    const driver = new FatedDriver();
    const store = createStore(driver);
    const { version } = await store.put("key", other);
    await store.put("key", other, { ifVersion: version });
    driver.fates.push("lost before");
    await expect(store.put("key", body, { ifVersion: version })).rejects.toMatchObject({ code: "conflict" });
  });

  it("is unknown, not a conflict, if it was applied and overwritten before anybody looked", async () => {
    const driver = new FatedDriver("lost after");
    const store = createStore(driver);
    driver.meanwhile = () => {
      driver.meanwhile = () => {};
      driver.records.set("key", { body: other, version: "v9", writeId: "somebody=v1" });
    };
    await expect(store.put("key", body, { ifAbsent: true })).rejects.toMatchObject({
      code: "unavailable",
      outcome: "unknown",
      message: expect.stringContaining("unknown whether the write was applied"),
    });
  });

  it("is read back until the deadline, past the number of attempts", async () => {
    const driver = new FatedDriver("lost after", ...Array.from({ length: 9 }, (): Fate => "busy"));
    const shortest = vi.spyOn(Math, "random").mockReturnValue(0.001);
    onTestFinished(() => shortest.mockRestore());
    const store = createStore(driver, { maxAttempts: 2 });
    await expect(store.put("key", body, { ifAbsent: true })).resolves.toEqual({ version: "v1" });
  });

  it("is unknown if it cannot be read back", async () => {
    const driver = new FatedDriver("lost after", ...Array.from({ length: 99 }, (): Fate => "lost before"));
    const put = createStore(driver).put("key", body, { ifAbsent: true, timeoutMs: 100 });
    await expect(put).rejects.toMatchObject({ outcome: "unknown" });
  });

  it("is unknown if the caller aborts while it is on its way", async () => {
    const driver = new FatedDriver("hangs after");
    const controller = new AbortController();
    const put = createStore(driver).put("key", body, { signal: controller.signal });
    controller.abort();
    await expect(put).rejects.toMatchObject({ code: "aborted", outcome: "unknown" });
  });
});

describe("a deletion whose answer is lost", () => {
  it("is unknown, not a conflict, if it was applied and the key was written again before anybody looked", async () => {
    const driver = new FatedDriver();
    const store = createStore(driver);
    const { version } = await store.put("key", body);
    driver.fates.push("lost after");
    driver.meanwhile = () => {
      driver.meanwhile = () => {};
      driver.records.set("key", { body: other, version: "v9", writeId: `${crypto.randomUUID()}-` });
    };
    const deletion = store.delete("key", { ifVersion: version });
    await expect(deletion).rejects.toMatchObject({ code: "unavailable", outcome: "unknown" });
    expect(driver.records.get("key")?.body).toEqual(other);
  });

  it("is a conflict if another write replaced the very version that it was to remove", async () => {
    const driver = new FatedDriver();
    const store = createStore(driver);
    const { version } = await store.put("key", body);
    await store.put("key", other, { ifVersion: version });
    driver.fates.push("lost before");
    const deletion = store.delete("key", { ifVersion: version });
    await expect(deletion).rejects.toMatchObject({ code: "conflict", outcome: "not-applied" });
  });
});

describe("retries", () => {
  it("do not wait past the deadline for the next attempt", async () => {
    const longest = vi.spyOn(Math, "random").mockReturnValue(0.999);
    onTestFinished(() => longest.mockRestore());
    const driver = new FatedDriver(...Array.from({ length: 99 }, (): Fate => "busy"));
    const startedAt = performance.now();
    // The waits are 50, 100, 200, 400 and 800 ms.
    await expect(createStore(driver, { maxAttempts: 99 }).get("key", { timeoutMs: 800 })).rejects.toMatchObject({
      code: "unavailable",
    });
    expect(performance.now() - startedAt).toBeLessThan(1_200);
  });

  it("repeat what was certainly not applied, up to the limit", async () => {
    const driver = new FatedDriver("busy", "busy", "answered");
    await createStore(driver).put("key", body);
    expect(driver.requests).toEqual(["write", "write", "write"]);
    const never = new FatedDriver("busy", "busy", "busy");
    await expect(createStore(never, { maxAttempts: 2 }).put("key", body)).rejects.toMatchObject({
      code: "unavailable",
      outcome: "not-applied",
      retryable: true,
      message: 'fated: cannot put "key" at fated://here: the server is busy.',
    });
    expect(never.requests).toHaveLength(2);
  });

  it("begin a listing anew as long as it has yielded nothing", async () => {
    const driver = new FatedDriver();
    const store = createStore(driver);
    for (const key of ["a", "b"]) await store.put(key, body);
    driver.fates.push("lost before", "busy");
    expect((await Array.fromAsync(store.list())).map(({ key }) => key)).toEqual(["a", "b"]);
    driver.fates.push("answered", "busy");
    await expect(Array.fromAsync(store.list())).rejects.toMatchObject({ code: "unavailable", retryable: true });
  });

  it("settle and go on after an attempt that hangs, within the deadline", async () => {
    const driver = new FatedDriver("hangs after");
    const store = createStore(driver, { attemptTimeoutMs: 20 });
    await expect(store.put("key", body, { ifAbsent: true })).resolves.toEqual({ version: "v1" });
  });

  it("end at the deadline", async () => {
    const driver = new FatedDriver(...Array.from({ length: 99 }, (): Fate => "hangs after"));
    const store = createStore(driver, { attemptTimeoutMs: 30, maxAttempts: 99 });
    const startedAt = performance.now();
    await expect(store.get("key", { timeoutMs: 100 })).rejects.toMatchObject({ code: "timeout" });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe("a driver that wants few at once", () => {
  /** A driver whose requests wait until a test lets one go on. */
  class SlowDriver extends FatedDriver {
    readonly maxConcurrency = 2;
    readonly begun: string[] = [];
    readonly #answers: (() => void)[] = [];

    override async read(key: string): Promise<DriverRecord | null> {
      this.begun.push(key);
      await new Promise<void>((resolve) => this.#answers.push(resolve));
      return await super.read(key);
    }

    /** Answers the request that has waited longest. */
    answer(): void {
      this.#answers.shift()?.();
    }
  }

  it("is asked in order, and never for more", async () => {
    const driver = new SlowDriver();
    const store = createStore(driver);
    const keys = ["a", "b", "c", "d", "e"];
    const reads = keys.map((key) => store.get(key));
    for (const [index] of keys.entries()) {
      await vi.waitFor(() => expect(driver.begun).toEqual(keys.slice(0, index + 2)));
      driver.answer();
    }
    await expect(Promise.all(reads)).resolves.toEqual(keys.map(() => null));
  });

  it("is not asked for what was given up meanwhile, and then for what comes next", async () => {
    const driver = new SlowDriver();
    const store = createStore(driver);
    const under = [store.get("a"), store.get("b")];
    const controller = new AbortController();
    const aborted = store.put("c", body, { signal: controller.signal });
    const late = store.put("d", body, { timeoutMs: 20 });
    const last = store.put("e", body);
    await expect(late).rejects.toMatchObject({ code: "timeout", outcome: "not-applied", retryable: true });
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ code: "aborted", outcome: "not-applied" });
    driver.answer();
    await last;
    expect([...driver.records.keys()]).toEqual(["e"]);
    driver.answer();
    await Promise.all(under);
  });

  it("is closed without those that wait", async () => {
    const driver = new SlowDriver();
    const store = createStore(driver);
    const under = [store.get("a"), store.get("b")];
    const waiting = store.get("c");
    await store.close();
    driver.answer();
    await expect(waiting).rejects.toMatchObject({ code: "closed" });
    driver.answer();
    await Promise.all(under);
    expect(driver.begun).toEqual(["a", "b"]);
  });
});

describe("before any request", () => {
  it.each([
    ["an empty key", () => ["", body, {}], "invalid-argument"],
    ["a key of 513 bytes", () => ["ä".repeat(256) + "a", body, {}], "invalid-argument"],
    ["a lone surrogate", () => ["\uD800", body, {}], "invalid-argument"],
    ["a body that is text", () => ["key", "text", {}], "invalid-argument"],
    ["a body over the limit", () => ["key", new Uint8Array(9), {}], "too-large"],
    ["two conditions", () => ["key", body, { ifAbsent: true, ifVersion: "v1" }], "invalid-argument"],
    ["an empty version", () => ["key", body, { ifVersion: "" }], "invalid-argument"],
    ["an undeclared TTL", () => ["key", body, { ttlMs: 1_000 }], "unsupported"],
    ["a negative timeout", () => ["key", body, { timeoutMs: -1 }], "invalid-argument"],
    ["an aborted signal", () => ["key", body, { signal: AbortSignal.abort() }], "aborted"],
  ])("refuses %s", async (_name, parameters, code) => {
    const driver = new FatedDriver();
    const put = createStore(driver).put(...(parameters() as Parameters<ReturnType<typeof createStore>["put"]>));
    await expect(put).rejects.toSatisfy((error) => CheckpointError.is(error, code as CheckpointError["code"]));
    expect(driver.requests).toEqual([]);
  });
});

it("hands on what a driver finds out about its server, and nothing where it has nothing to say", async () => {
  const silent = createStore(new FatedDriver());
  expect(await silent.inspect?.()).toEqual([]);
  const findings: readonly StoreFinding[] = [{ subject: "durability", level: "problem", found: "it keeps nothing" }];
  const driver = Object.assign(new FatedDriver(), { inspect: async () => findings });
  expect(await createStore(driver).inspect?.()).toEqual(findings);
});

it("traces each operation with its attempts", async () => {
  const traces: unknown[] = [];
  const subscriber = {
    start: () => {},
    end: () => {},
    asyncStart: () => {},
    asyncEnd: (trace: object) => void traces.push({ ...trace }),
    error: () => {},
  };
  storeTracing.subscribe(subscriber);
  await createStore(new FatedDriver("lost after")).put("key", body);
  storeTracing.unsubscribe(subscriber);
  expect(traces).toMatchObject([{ backend: "fated", operation: "put", key: "key", attempts: 2 }]);
});

describe("a listing in pages", () => {
  /** A driver with pages of two keys, and empty ones between them. */
  class PagesDriver extends FatedDriver {
    override async *list(): AsyncIterable<readonly { key: string }[]> {
      for await (const [entry] of super.list()) {
        yield [];
        if (entry !== undefined) yield [entry, { key: `${entry.key}-2` }];
      }
    }
  }

  async function storeOfPages(): Promise<CheckpointStore> {
    const store = createStore(new PagesDriver());
    for (const key of ["a", "b"]) await store.put(key, body);
    return store;
  }

  it("names the keys of all pages", async () => {
    const store = await storeOfPages();
    expect((await Array.fromAsync(store.list())).map(({ key }) => key)).toEqual(["a", "a-2", "b", "b-2"]);
  });

  it("ends within a page when it is aborted, or the store is closed", async () => {
    const store = await storeOfPages();
    const listed: string[] = [];
    const list = async (meanwhile: () => unknown, signal?: AbortSignal): Promise<void> => {
      for await (const { key } of store.list({ signal })) {
        listed.push(key);
        await meanwhile();
      }
    };
    const controller = new AbortController();
    await expect(list(() => controller.abort(), controller.signal)).rejects.toMatchObject({ code: "aborted" });
    await expect(list(() => store.close())).rejects.toMatchObject({ code: "closed" });
    expect(listed).toEqual(["a", "a"]);
  });
});

it("ends a listing with its deadline where a later page does not come", async () => {
  const driver = new FatedDriver();
  const store = createStore(driver);
  for (const key of ["a", "b"]) await store.put(key, body);
  driver.fates.push("answered", "hangs after");
  const listed = Array.fromAsync(store.list({ timeoutMs: 100 }));
  await expect(listed).rejects.toMatchObject({ code: "timeout" });
});
