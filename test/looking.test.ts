import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { startCountingProxy } from "@holdpoint/test-servers";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { storesUnderTest } from "./every-store.ts";
import type { StoreUnderTest } from "./every-store.ts";

/** A request that changes something, in each protocol. */
const changes = {
  http: /^(?:PUT|POST|PATCH|DELETE) /u,
  redis: /^(?:SET|EVAL|EVALSHA|DEL|UNLINK|EXPIRE|PEXPIRE) /u,
  nats: /PUB (?:\$JS\.API\.STREAM\.(?:CREATE|UPDATE|DELETE|PURGE|MSG\.DELETE)\.|\$KV\.|\$O\.)/u,
  postgres: /^(?:CREATE|ALTER|DROP|INSERT|UPDATE|DELETE|GRANT)\b/iu,
};

/** The URL of a place that is not there: another bucket, or another table. */
const misspelt: Readonly<Record<string, (url: string) => string>> = {
  s3: (url) => url.replace("//holdpoint", "//holdpiont"),
  gs: (url) => url.replace("//holdpoint", "//holdpiont"),
  minio: (url) => url.replace("/holdpoint/", "/holdpiont/"),
  nats: (url) => url.replace("/holdpoint?", "/holdpiont?"),
  postgres: (url) => `${url}&table=holdpiont_checkpoints`,
};

interface Watched extends AsyncDisposable {
  open(url: string): Promise<CheckpointStore>;
  readonly changed: () => readonly string[];
}

/** The store's server behind a proxy that sees what is asked of it. */
async function watch(store: StoreUnderTest): Promise<Watched & { readonly url: string }> {
  for (const [name, value] of Object.entries(store.environment)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { protocol = "http", address } = store;
  const proxy = await startCountingProxy({ target: address, protocol });
  const url = new URL(store.url(proxy.url));
  if (url.protocol === "gs:") url.searchParams.set("endpoint", proxy.url);
  return {
    url: url.href,
    open: async (from) => await openStore(from, { access: "read" }),
    changed: () => proxy.requests().filter((request) => changes[protocol].test(request)),
    [Symbol.asyncDispose]: async () => await proxy[Symbol.asyncDispose](),
  };
}

describe.each(storesUnderTest)("$name, opened to look", (store) => {
  it.skipIf(store.isMissing)("shows what is there, and changes nothing", async () => {
    await using watched = await watch(store);
    // Straight to the server, so that what the proxy sees is the reader's.
    const place = new URL(watched.url);
    const direct = new URL(store.url());
    direct.pathname = place.pathname;
    for (const [name, value] of place.searchParams) if (name === "prefix") direct.searchParams.set(name, value);
    await using writer = await openStore(direct.href);
    await writer.put("paused/a.json", new Uint8Array(3));
    await using reader = await watched.open(watched.url);
    expect(await Array.fromAsync(reader.list(), ({ key }) => key)).toEqual(["paused/a.json"]);
    expect((await reader.get("paused/a.json"))?.body).toHaveLength(3);
    expect(await reader.get("paused/b.json")).toBeNull();
    await reader.check();
    await reader.inspect?.();
    await expect(reader.put("paused/a.json", new Uint8Array(1))).rejects.toMatchObject({ code: "unsupported" });
    await expect(reader.delete("paused/a.json")).rejects.toMatchObject({ code: "unsupported" });
    expect(watched.changed()).toEqual([]);
  });

  const elsewhere = misspelt[store.name];
  it.skipIf(store.isMissing || elsewhere === undefined)("says of a misspelt place that it is not there", async () => {
    await using watched = await watch(store);
    const url = elsewhere?.(watched.url) ?? "";
    expect(url).not.toBe(watched.url);
    // Twice: the first time has not made it.
    for (const _ of ["once", "again"]) {
      await expect(watched.open(url)).rejects.toMatchObject({ code: "not-found" });
    }
    expect(watched.changed()).toEqual([]);
  });
});
