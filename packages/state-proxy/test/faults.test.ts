import { startFaultProxy } from "@holdpoint/conformance";
import type { RequestFault } from "@holdpoint/conformance";
import { openStore } from "@holdpoint/core";
import type { CheckpointStore, StoreOptions } from "@holdpoint/core";
import { afterEach, describe, expect, it, vi } from "vitest";

import { storesUnderTest } from "../../../test/every-store.ts";
import type { StoreUnderTest } from "../../../test/every-store.ts";
import { PythonMount, pythonIsMissing } from "./python-mount.ts";
import type { ServedMount } from "./served-mount.ts";
import { ask, serveMount } from "./served-mount.ts";

// A cluster's members tell clients their own addresses, so that what is asked there would not pass a proxy.
const stores = storesUnderTest.filter(({ name }) => name !== "redis (cluster)");

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The same place, directly and behind a proxy. */
function openBehind({
  environment,
  url,
}: Pick<StoreUnderTest, "environment"> & { readonly url: (address?: string) => string }) {
  const prefixed = new URL(url());
  return async (address: string | undefined, options?: StoreOptions): Promise<CheckpointStore> => {
    for (const [variable, value] of Object.entries(environment)) {
      vi.stubEnv(variable, variable === "STORAGE_EMULATOR_HOST" ? (address ?? value) : value);
    }
    const place = new URL(url(address));
    place.pathname = prefixed.pathname;
    place.searchParams.delete("prefix");
    const prefix = prefixed.searchParams.get("prefix");
    if (prefix !== null) place.searchParams.set("prefix", prefix);
    return await openStore(place, options);
  };
}

describe.each(stores)("between the connector and $name", (store) => {
  const { isMissing, address, protocol } = store;

  it.skipIf(isMissing || pythonIsMissing)("an answer that is lost makes no conflict, and no second write", async () => {
    const open = openBehind({ environment: store.environment, url: (at) => store.url(at) });
    await using proxy = await startFaultProxy({ target: address, protocol });
    await using mount = await serveMount(await open(proxy.address), { mode: "cas" });
    await using direct = await open(undefined);
    const faults: readonly RequestFault[] = ["cut-before-request", "cut-after-commit", "cut-within-answer"];
    expect((await ask(mount, "PUT", "/keys/k", { body: "0" })).status).toBe(204);
    for (const [index, fault] of faults.entries()) {
      proxy.nextWrite(fault);
      expect((await ask(mount, "PUT", "/keys/k", { body: String(index + 1) })).status).toBe(204);
      proxy.nextRead(fault);
      const read = await ask(mount, "GET", "/keys/k");
      expect({ status: read.status, body: String(read.body) }).toEqual({ status: 200, body: String(index + 1) });
      expect(Buffer.from((await direct.get("k"))?.body ?? []).toString()).toBe(String(index + 1));
      proxy.nextWrite(fault);
      const created = await ask(mount, "PUT", `/keys/new-${index}`, { body: "1", headers: { "If-None-Match": "*" } });
      expect(created.status).toBe(204);
    }
    expect(proxy.waiting).toBe(0);
  });

  it.skipIf(isMissing || pythonIsMissing)(
    "a server that is gone or silent is told in Python's words, and forgotten once it is back",
    async () => {
      const open = openBehind({ environment: store.environment, url: (at) => store.url(at) });
      await using proxy = await startFaultProxy({ target: address, protocol });
      const impatient = { timeoutMs: 1500, attemptTimeoutMs: 500, maxAttempts: 2 };
      await using mount = await serveMount(await open(proxy.address, impatient), { mode: "cas" });
      await using python = new PythonMount(mount.socketPath);
      await python.write("k", "before");
      for (const fault of ["refuse", "blackhole"] as const) {
        proxy.always(fault);
        const unreachable = { raised: expect.stringMatching(/^(?:Connection|Timeout)Error$/u) as string };
        await expect(python.read("k")).rejects.toMatchObject(unreachable);
        await expect(python.write("k", "meanwhile")).rejects.toMatchObject(unreachable);
        await expect(python.stat("k")).rejects.toMatchObject(unreachable);
        await expect(python.listdir("")).rejects.toMatchObject(unreachable);
        await expect(python.remove("k")).rejects.toMatchObject(unreachable);
        // The connector itself is well.
        expect((await ask(mount, "GET", "/healthz")).status).toBe(200);
        await proxy.clear();
        await expect
          .poll(() => python.read("k").then(String, (error: Error) => error.message), { timeout: 60_000 })
          .toBe("before");
      }
      await python.write("k", "after");
      expect(String(await python.read("k"))).toBe("after");
    },
  );

  it.skipIf(isMissing || pythonIsMissing)("faults at random lose no write that was acknowledged", async () => {
    const open = openBehind({ environment: store.environment, url: (at) => store.url(at) });
    await using proxy = await startFaultProxy({ target: address, protocol });
    await using stack = new AsyncDisposableStack();
    const mounts: ServedMount[] = [];
    for (let mount = 0; mount < 4; mount += 1) {
      mounts.push(stack.use(await serveMount(await open(proxy.address), { mode: "cas" })));
    }
    const [first] = mounts;
    if (first === undefined) throw new Error("no mount");
    expect((await ask(first, "PUT", "/keys/counter", { body: "0" })).status).toBe(204);
    const faults: readonly RequestFault[] = ["delay", "cut-before-request", "cut-after-commit", "cut-within-answer"];
    let requests = 0;
    proxy.choose(() => {
      requests += 1;
      // Every fifth request, each fault in its turn.
      const fault = requests % 5 === 0 ? faults[(requests / 5) % faults.length] : undefined;
      return fault === undefined ? undefined : { fault, delayMs: 20 };
    });
    const outcomes = await Promise.all(mounts.map((mount) => increment(mount, 6)));
    await proxy.clear();
    const acknowledged = outcomes.reduce((sum, outcome) => sum + outcome.acknowledged, 0);
    const unknown = outcomes.reduce((sum, outcome) => sum + outcome.unknown, 0);
    const counted = Number(String((await ask(first, "GET", "/keys/counter")).body));
    expect(acknowledged).toBe(24);
    expect(counted).toBeGreaterThanOrEqual(acknowledged);
    expect(counted).toBeLessThanOrEqual(acknowledged + unknown);
  });
});

/** Increments a number until so many writes are acknowledged; says how many may have happened besides. */
async function increment(
  mount: ServedMount,
  times: number,
): Promise<{ readonly acknowledged: number; readonly unknown: number }> {
  let acknowledged = 0;
  let unknown = 0;
  while (acknowledged < times) {
    const read = await ask(mount, "GET", "/keys/counter");
    if (read.status !== 200) continue;
    const { status = 0 } = await ask(mount, "PUT", "/keys/counter", { body: String(Number(String(read.body)) + 1) });
    if (status === 204) acknowledged += 1;
    else if (status >= 500) unknown += 1;
    else expect(status).toBe(409);
  }
  return { acknowledged, unknown };
}
