import { describe, expect, it } from "vitest";

import { storesUnderTest, temporaryDirectory } from "../every-store.ts";

import type { LoadLimits } from "./load-limits.ts";
import { brokenLimits } from "./load-limits.ts";
import { measureLoad } from "./run-load-command.ts";

const timeoutMs = 240_000;
const quick = { inFlight: 200, payloadBytes: 20_000, documents: [200, 1_000] } as const;
// A request costs much more here. More are in flight than there may be connections all the same.
const http = { inFlight: 120, payloadBytes: 30_000, documents: [100, 600] } as const;

// What Node opens for itself while a program runs.
const files = 8;
// HTTP/1.1 takes a connection for each request under way.
const limits: Readonly<Record<string, LoadLimits>> = {
  s3: { connections: 50, files },
  minio: { connections: 50, files },
  gs: { connections: 50, files },
  redis: { connections: 1, files },
  // One to each of three masters, and the one that asked who they are.
  "redis (cluster)": { connections: 4, files },
  nats: { connections: 1, files },
  // Its pool ends a connection that has nothing to do for some seconds, and opens it again.
  postgres: { connections: 10, opened: 20, files },
};

describe.each(storesUnderTest)("$name", (store) => {
  it.skipIf(store.isMissing)(
    "does what it should within its limits, however many tasks there are",
    async () => {
      const sizes = store.protocol === "http" ? http : quick;
      await expectWithinLimits(sizes, () => store.url(), limits[store.name], store.environment);
    },
    timeoutMs,
  );
});

describe("file", () => {
  it(
    "does what it should within its limits, however many tasks there are",
    async () => {
      await using one = await temporaryDirectory();
      await using other = await temporaryDirectory();
      const urls = [one.url, other.url];
      // Two for each of the 32 operations that may be under way, and three for each of 16 locks: SQLite's own.
      await expectWithinLimits(quick, () => urls.pop() ?? "", { connections: 0, files: 2 * 32 + 3 * 16 });
    },
    timeoutMs,
  );
});

async function expectWithinLimits(
  { documents: [few, many], ...size }: typeof quick | typeof http,
  newUrl: () => string,
  allowed: LoadLimits | undefined,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (allowed === undefined) throw new Error("A new kind of store needs its limits here.");
  const small = await measureLoad(newUrl(), { ...size, documents: few }, environment);
  const large = await measureLoad(newUrl(), { ...size, documents: many }, environment);
  expect(brokenLimits(small, large, allowed)).toEqual([]);
  expect(large.steps.map(({ name }) => name)).toEqual(["pause", "resume", "list", "prune"]);
  expect([small.exitCode, large.exitCode]).toEqual([0, 0]);
}
