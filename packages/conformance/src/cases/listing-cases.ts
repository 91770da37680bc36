import { deepStrictEqual, strictEqual } from "node:assert/strict";

import type { ConformanceCase } from "../conformance-case.ts";
import { bodyOf, noiseOf } from "../expect/body-of.ts";
import { expectDirectory } from "../expect/expect-directory.ts";
import { expectKeys } from "../expect/expect-keys.ts";
import { expectRejection } from "../expect/expect-rejection.ts";
import { expectVersions } from "../expect/expect-versions.ts";
import { fail } from "../expect/fail.ts";
import { forEachConcurrently } from "../expect/for-each-concurrently.ts";
import { settlesWithin } from "../expect/settles-within.ts";

// Each is the start of some, but as a pattern would select others too.
const patternPrefixes = [
  "*",
  "?",
  "a*",
  "a?",
  "[ab]",
  "a[b",
  "a.",
  "a.*",
  ">",
  "a.>",
  "{a",
  "^a",
  "a|",
  "\\",
  "a\\*",
  "%",
  "a_",
  "$",
];

export const listingCases: readonly ConformanceCase[] = [
  {
    id: "listing/empty-store",
    breaks: "An empty store is an error, or shows what belongs to others.",
    async run({ store }) {
      await expectKeys(store, []);
      await expectKeys(store, [], "paused/");
    },
  },
  {
    id: "listing/sees-writes-and-deletes",
    breaks: "An operator does not see a task that is paused, or sees one that is gone.",
    async run({ store, open }) {
      const other = await open();
      await store.put("a", bodyOf("1"));
      await expectKeys(store, ["a"]);
      await store.put("b", new Uint8Array(0));
      await store.put("a", bodyOf("2"));
      await expectKeys(other, ["a", "b"]);
      await store.delete("a");
      await expectKeys(other, ["b"]);
      await store.delete("b");
      await expectKeys(store, []);
    },
  },
  {
    id: "listing/past-one-page",
    breaks: "Tasks beyond the server's page size are invisible to operators and to retention.",
    async run({ open, longListing }) {
      const { namespace, keys } = await longListing();
      const store = await open(namespace);
      await expectKeys(store, keys);
      await expectKeys(store, keys, "page/");
    },
  },
  {
    id: "listing/prefix",
    breaks: "A listing of one group of tasks shows others, or not all.",
    async run({ open, longListing }) {
      const { namespace, keys } = await longListing();
      const store = await open(namespace);
      for (const prefix of [
        "page/0",
        "page/0000",
        "page/00010",
        "page/00010.json",
        "p",
        "page/00010.jsonx",
        "page/x",
        "page",
        "age",
      ]) {
        await expectKeys(
          store,
          keys.filter((key) => key.startsWith(prefix)),
          prefix,
        );
      }
    },
  },
  {
    id: "listing/prefix-is-not-a-pattern",
    breaks: "A prefix with a pattern character shows, and lets retention remove, tasks that it does not name.",
    async run({ store, settings }) {
      const keys = [
        ...patternPrefixes.map((prefix) => `${prefix}/key`),
        "a",
        "ab",
        "abc",
        "a.b",
        "a/b",
        "b",
        "axkey",
        "a_b",
      ];
      await forEachConcurrently(keys, settings.concurrency, (key) => store.put(key, bodyOf(key)));
      for (const prefix of patternPrefixes) {
        await expectKeys(
          store,
          keys.filter((key) => key.startsWith(prefix)),
          prefix,
        );
      }
    },
  },
  {
    id: "listing/empty-prefix",
    breaks: "Asking for everything shows nothing, or asking for nothing in particular shows only a part.",
    async run({ store }) {
      const keys = ["a", "b/c", "b/d/e", "f.json"];
      for (const key of keys) await store.put(key, bodyOf(key));
      await expectKeys(store, keys);
      await expectKeys(store, keys, "");
      deepStrictEqual((await Array.fromAsync(store.list({ prefix: undefined }))).length, keys.length);
    },
  },
  {
    id: "listing/entries",
    breaks: "An operator is shown sizes and times that are not the values' own.",
    async run({ store }) {
      const sizes: Record<string, number> = { empty: 0, "one/byte": 1, "some/bytes": 1000 };
      for (const [key, sizeBytes] of Object.entries(sizes)) await store.put(key, new Uint8Array(sizeBytes));
      for (const { key, sizeBytes, modifiedAt, version } of await expectKeys(store, Object.keys(sizes))) {
        const found = version === undefined ? null : await store.get(key);
        if (found !== null) strictEqual(version, found.version, `the version of ${key}`);
        if (sizeBytes !== undefined) strictEqual(sizeBytes, sizes[key], `the size of ${key}`);
        if (modifiedAt === undefined) continue;
        const distanceMs = Math.abs(modifiedAt.getTime() - Date.now());
        if (!(distanceMs < 86_400_000))
          throw fail(`modifiedAt of ${key} must be when it was written; it is ${String(modifiedAt)}`);
      }
    },
  },
  {
    id: "listing/versions",
    breaks: "Whoever reads only what has changed misses an answer, or reads everything each time.",
    needs: "listsVersions",
    async run({ store, open }) {
      const other = await open();
      const large = noiseOf(Math.min(store.capabilities.maxBodyBytes, 1_500_000));
      const bodies = { changed: bodyOf("1"), "in/a/directory": bodyOf("1"), large };
      for (const [key, body] of Object.entries(bodies)) await store.put(key, body);
      const before = await expectVersions(other, Object.keys(bodies));
      const { version } = await store.put("changed", bodyOf("2"), { ifVersion: before.get("changed") });
      await store.put("large", large.subarray(1), { ifVersion: before.get("large") });
      const after = await expectVersions(other, Object.keys(bodies));
      strictEqual(after.get("changed"), version, "the listed version must be the one that put returned");
      for (const key of Object.keys(bodies)) {
        const hasChanged = key === "changed" || key === "large";
        if ((after.get(key) === before.get(key)) !== hasChanged) continue;
        throw fail(`the version of ${key} must ${hasChanged ? "change" : "stay"} from one listing to the next`);
      }
      await store.delete("changed");
      await expectVersions(
        other,
        Object.keys(bodies).filter((key) => key !== "changed"),
      );
    },
  },
  {
    id: "listing/versions-past-one-page",
    breaks: "Whoever reads only what has changed overlooks what is not on the first page.",
    needs: "listsVersions",
    async run({ open, longListing, settings }) {
      const { namespace, keys } = await longListing();
      const store = await open(namespace);
      const versions = await expectVersions(store, keys, 0);
      const some = keys.filter((_, index) => index % 100 === 0 || index === keys.length - 1);
      await forEachConcurrently(some, settings.concurrency, async (key) => {
        strictEqual(versions.get(key), (await store.get(key))?.version, `the version of ${key}`);
      });
    },
  },
  {
    id: "listing/directories",
    breaks: "Who walks through the store as through folders does not find a task, or finds a folder of nothing.",
    async run({ store, open }) {
      // None is a directory of another: where objects are named by their keys, MinIO lists no "d/x" beside a "d".
      const keys = ["a", "d/x", "d/y/z", "d/y/w", "dd/1", "e.json", "%/%2F/1", "deep/er/and/deeper"];
      for (const key of keys) await store.put(key, bodyOf(key));
      const other = await open();
      await expectDirectory(other, undefined, ["%/", "a", "d/", "dd/", "deep/", "e.json"]);
      await expectDirectory(other, "d", ["d/", "dd/", "deep/"]);
      await expectDirectory(other, "d/", ["d/x", "d/y/"]);
      await expectDirectory(other, "d/y/", ["d/y/w", "d/y/z"]);
      await expectDirectory(other, "%/", ["%/%2F/"]);
      await expectDirectory(other, "deep/er/an", ["deep/er/and/"]);
      await expectDirectory(other, "none/", []);
      await store.delete("d/y/z");
      await store.delete("dd/1");
      await expectDirectory(other, "d", ["d/", "deep/"]);
      await expectDirectory(other, "d/y/", ["d/y/w"]);
    },
  },
  {
    id: "listing/directories-past-one-page",
    breaks: "A folder with many tasks is shown more than once, or shows only some of them.",
    async run({ open, longListing }) {
      const { namespace, keys } = await longListing();
      const store = await open(namespace);
      await expectDirectory(store, "page/", keys);
      await expectDirectory(store, "", ["page/"]);
    },
  },
  {
    id: "listing/during-writes",
    breaks: "On a busy store, a listing leaves out or repeats tasks that were there all the time.",
    async run({ open, longListing }) {
      const { namespace, keys } = await longListing();
      const [store, writer] = [await open(namespace), await open(namespace)];
      const listed = new AbortController();
      let written = 0;
      const churn = async (lane: number): Promise<void> => {
        for (let round = 0; !listed.signal.aborted; round += 1) {
          const added = `page/${String(round).padStart(5, "0")}-added-by-${lane}`;
          await writer.put(added, bodyOf("added"));
          const overwritten = keys[(round * 7 + lane * 331) % keys.length]!;
          await writer.put(overwritten, bodyOf(overwritten));
          await writer.delete(added);
          written += 1;
        }
      };
      const churning = Promise.all([0, 1, 2].map(churn));
      try {
        for (let listing = 0; listing < 3; listing += 1) {
          const before = written;
          const seen = new Map<string, number>();
          for await (const { key } of store.list()) {
            seen.set(key, (seen.get(key) ?? 0) + 1);
            // Lets the writers in, also where a whole page is there at once.
            if (seen.size % 100 === 0) await nextWrite(() => written > before + seen.size / 200);
          }
          const missing = keys.filter((key) => !seen.has(key));
          if (missing.length > 0)
            throw fail(`a listing left out ${missing.length} keys that were there, for example ${missing[0]}`);
          for (const [key, times] of seen) {
            if (times > 1) throw fail(`a listing returned ${key} ${times} times`);
          }
        }
      } finally {
        listed.abort();
        await churning;
      }
    },
  },
  {
    id: "listing/left-early",
    breaks: "A program that only wants the first tasks cannot use or close the store afterwards.",
    async run({ open, longListing }) {
      const { namespace, keys } = await longListing();
      const store = await open(namespace);
      for (let round = 0; round < 5; round += 1) {
        for await (const { key } of store.list({ prefix: "page/" })) {
          if (key.startsWith("page/")) break;
        }
      }
      const iterator = store.list()[Symbol.asyncIterator]();
      await iterator.next();
      await settlesWithin("leaving a listing", 5_000, Promise.resolve(iterator.return?.()));
      strictEqual((await iterator.next()).done, true, "a listing that was left must have ended");
      await expectKeys(store, keys);
      await settlesWithin("close after listings were left", 5_000, store.close());
    },
  },
  {
    id: "listing/several-at-once",
    breaks: "Two listings at the same time take tasks from each other.",
    async run({ open, longListing }) {
      const { namespace, keys } = await longListing();
      const store = await open(namespace);
      await Promise.all([
        expectKeys(store, keys),
        expectKeys(store, keys, "page/"),
        expectKeys(await open(namespace), keys),
      ]);
    },
  },
  {
    id: "listing/invalid-prefix-is-refused",
    breaks: "A broken prefix shows everything, and retention removes it.",
    async run({ store }) {
      await store.put("a", bodyOf("a"));
      for (const value of ["\ud800", "a".repeat(513), null, 7]) {
        const prefix = value as string;
        await expectRejection(`list with the prefix ${String(value).slice(0, 10)}`, "invalid-argument", () =>
          Array.fromAsync(store.list({ prefix })),
        );
      }
    },
  },
  {
    id: "listing/while-deleting",
    breaks: "Retention, which removes what it lists while it lists, misses tasks.",
    async run({ open, longListing, settings }) {
      const { namespace, keys } = await longListing();
      const store = await open(namespace);
      const removed = keys.filter((_, index) => index % 10 < 3);
      const doomed = new Set(removed);
      const seen: string[] = [];
      for await (const { key } of store.list()) {
        seen.push(key);
        if (doomed.has(key)) await store.delete(key);
      }
      deepStrictEqual(seen.toSorted(), keys.toSorted(), "a listing must show every key that it did not find removed");
      await expectKeys(
        store,
        keys.filter((key) => !doomed.has(key)),
      );
      // For the cases that read the same keys.
      await forEachConcurrently(removed, settings.concurrency, (key) => store.put(key, bodyOf(key)));
    },
  },
];

/** Waits until other tasks have made `condition` true. */
async function nextWrite(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
