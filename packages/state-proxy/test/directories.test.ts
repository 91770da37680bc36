import { openStore } from "@holdpoint/core";
import type { CheckpointStore } from "@holdpoint/core";
import { startCountingProxy } from "@holdpoint/test-servers";
import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";

import { storesUnderTest } from "../../../test/every-store.ts";
import { everyStore, removePlaces } from "./every-store.ts";

afterAll(removePlaces);

// What means something to a server or to an escaping, what makes long names, and what looks like one that was escaped.
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b", "/", ".", "=", "%", "_", "-", " ", "é", "=2F", "%2E", "v1.0/") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("=long/", "=end", "=dir/", ".json/", "%+/", "x".repeat(90), "🙂".repeat(12)),
  },
);
const key = fc
  .array(piece, { minLength: 1, maxLength: 9 })
  .map((pieces) => pieces.join(""))
  .filter((text) => Buffer.byteLength(text) <= 512);

/** Whether one is a directory of another, which MinIO cannot have where names are keys. */
function clash(one: string, other: string): boolean {
  return one !== other && (one.startsWith(`${other}/`) || other.startsWith(`${one}/`));
}

function grouped(keys: readonly string[], prefix: string): ReadonlySet<string> {
  const inside = keys.filter((each) => each.startsWith(prefix));
  return new Set(
    inside.map((each) => {
      const slash = each.indexOf("/", prefix.length);
      return slash < 0 ? each : each.slice(0, slash + 1);
    }),
  );
}

async function listed(store: CheckpointStore, prefix: string): Promise<readonly string[]> {
  const entries = await Array.fromAsync(store.listDirectory?.({ prefix }) ?? []);
  for (const entry of entries) {
    const slash = entry.key.indexOf("/", prefix.length);
    expect(entry.isDirectory).toBe(slash === entry.key.length - 1 && slash >= prefix.length);
  }
  return entries.map((entry) => entry.key);
}

const withNames = everyStore.map((store) => ({ store, name: store.name, names: "its own names", rules: "" }));
const places = [
  ...withNames,
  ...withNames
    .filter(({ name }) => /^(?:s3|minio|gs)$/u.test(name))
    .map(({ store, name }) => ({ store, name, names: "a connector's names", rules: "state-proxy" })),
];

describe.each(places)("listing by directories on $name with $names", ({ name, store: kind, rules }) => {
  const { isMissing, open, place } = kind;
  it.skipIf(isMissing)("shows what grouping all keys shows", async () => {
    const quick = name === "memory" || name === "file";
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(key, { maxLength: 12 }), fc.nat(), async (candidates, cut) => {
        const at = new URL(await place());
        if (rules !== "") at.searchParams.set("prefixRules", rules);
        await using store = await open(at.href);
        const keys: string[] = [];
        for (const candidate of candidates) {
          if (rules !== "" && keys.some((other) => clash(other, candidate))) continue;
          keys.push(candidate);
          await store.put(candidate, new Uint8Array());
        }
        const [first = ""] = keys;
        const within = first.slice(0, cut % (first.length + 1));
        const directories = keys.flatMap((each) => each.slice(0, each.lastIndexOf("/") + 1));
        for (const prefix of new Set(["", ...directories, ...(within.isWellFormed() ? [within] : [])])) {
          const found = await listed(store, prefix);
          expect(new Set(found)).toEqual(grouped(keys, prefix));
          expect(found).toHaveLength(new Set(found).size);
        }
        for (const each of keys) await store.delete(each);
      }),
      { numRuns: quick ? 60 : 12 },
    );
  });
});

describe.each(storesUnderTest.filter(({ name }) => ["minio", "s3", "gs", "postgres"].includes(name)))(
  "listing by directories on $name",
  (store) => {
    it.skipIf(store.isMissing)("asks for a page, and not for what is inside of directories", async () => {
      await using proxy = await startCountingProxy({ target: store.address, protocol: store.protocol ?? "http" });
      for (const [variable, value] of Object.entries(store.environment)) {
        vi.stubEnv(variable, variable === "STORAGE_EMULATOR_HOST" ? proxy.url : value);
      }
      await using opened = await openStore(store.url(proxy.url));
      const keys = Array.from({ length: 2500 }, (_, index) => `deep/${index % 2}/key-${index}`);
      for (let first = 0; first < keys.length; first += 50) {
        await Promise.all(keys.slice(first, first + 50).map((each) => opened.put(each, new Uint8Array())));
      }
      await opened.put("shallow", new Uint8Array());
      const asked = async (prefix: string): Promise<number> => {
        proxy.reset();
        await listed(opened, prefix);
        return proxy.count();
      };
      expect(new Set(await listed(opened, ""))).toEqual(new Set(["deep/", "shallow"]));
      // PostgreSQL's pages are of rows: one more for each directory that is longer than a page.
      expect(await asked("")).toBe(store.name === "postgres" ? 2 : 1);
      expect(await asked("deep/")).toBe(store.name === "postgres" ? 3 : 1);
      expect(await listed(opened, "deep/0/")).toHaveLength(1250);
      vi.unstubAllEnvs();
    });
  },
);
