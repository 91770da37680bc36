import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";

import type { ConformanceCase } from "../conformance-case.ts";
import { bodyOf, noiseOf } from "../expect/body-of.ts";
import { expectMissing, expectStored } from "../expect/expect-body.ts";
import { fail } from "../expect/fail.ts";

export const roundTripsCases: readonly ConformanceCase[] = [
  {
    id: "round-trips/text",
    breaks: "A paused message does not come back as it was stored.",
    async run({ store }) {
      const body = bodyOf('{"id":"msg-1","payload":{"text":"grüße 👋"}}');
      await store.put("paused/msg-1.json", body);
      await expectStored(store, "paused/msg-1.json", body);
    },
  },
  {
    id: "round-trips/empty-body",
    breaks: "An empty value is lost, or is taken for a missing one.",
    async run({ store }) {
      await store.put("empty", new Uint8Array(0));
      await expectStored(store, "empty", new Uint8Array(0));
      await store.put("empty", bodyOf("no longer"));
      await store.put("empty", new Uint8Array(0));
      await expectStored(store, "empty", new Uint8Array(0));
      strictEqual(await store.delete("empty"), true, "delete of an empty value must say that there was one");
    },
  },
  {
    id: "round-trips/one-mebibyte",
    breaks: "A message with an attachment is cut short or mixed up.",
    async run({ store, settings }) {
      const body = noiseOf(Math.min(1024 * 1024, settings.bodyCapBytes, store.capabilities.maxBodyBytes));
      await store.put("large", body);
      await expectStored(store, "large", body);
    },
  },
  {
    id: "round-trips/overwrite",
    breaks: "What is read after a message was replaced is the old one, or a mixture of both.",
    async run({ store }) {
      for (const body of [bodyOf("first"), noiseOf(10_000), bodyOf("x")]) {
        await store.put("key", body);
        await expectStored(store, "key", body);
      }
    },
  },
  {
    id: "round-trips/missing-is-null",
    breaks: "A task that was never paused is reported as an error of the storage, or as a paused one.",
    async run({ store }) {
      await expectMissing(store, "never/stored.json");
      await store.put("never/stored.json.bak", bodyOf("a neighbour"));
      await expectMissing(store, "never/stored.json");
      await expectMissing(store, "never");
    },
  },
  {
    id: "round-trips/durable-read",
    breaks: "A message that is delivered again changes the task that it asks about, or is told something else.",
    async run({ store }) {
      strictEqual(await store.get("key", { durable: true }), null, "a durable read of what was never there");
      await expectMissing(store, "key");
      const { version } = await store.put("key", bodyOf("first"));
      const plain = await expectStored(store, "key", bodyOf("first"));
      for (const _ of ["once", "again"]) {
        const found = await store.get("key", { durable: true });
        deepStrictEqual(found, plain, "a durable read must find what a plain one finds, and leave it as it is");
      }
      await store.put("key", bodyOf("second"), { ifVersion: version });
      strictEqual(await store.delete("key"), true);
      strictEqual(await store.get("key", { durable: true }), null, "a durable read of what was deleted");
    },
  },
  {
    id: "round-trips/delete-says-whether",
    breaks:
      "An operator who removes a task is told the wrong thing about whether it was there, or gets an error the second time.",
    async run({ store }) {
      strictEqual(await store.delete("key"), false, "delete of what was never there");
      await store.put("key", bodyOf("a"));
      strictEqual(await store.delete("key"), true, "delete of what is there");
      await expectMissing(store, "key");
      strictEqual(await store.delete("key"), false, "delete of what was deleted");
      await store.put("key", bodyOf("b"));
      await expectStored(store, "key", bodyOf("b"));
    },
  },
  {
    id: "round-trips/another-client-sees",
    breaks: "The actor that resumes does not see what the actor that paused has stored.",
    async run({ store, open }) {
      const other = await open();
      await store.put("key", bodyOf("first"));
      await expectStored(other, "key", bodyOf("first"));
      await other.put("key", bodyOf("second"));
      await expectStored(store, "key", bodyOf("second"));
      await store.delete("key");
      await expectMissing(other, "key");
    },
  },
  {
    id: "round-trips/outlives-its-client",
    breaks: "Paused messages are gone after a restart.",
    async run({ store, open }) {
      await store.put("key", bodyOf("still here"));
      await store.close();
      await expectStored(await open(), "key", bodyOf("still here"));
    },
  },
  {
    id: "round-trips/namespaces-are-apart",
    breaks: "Two teams that share a server read and overwrite each other's tasks.",
    async run({ store, open, namespace, newNamespace }) {
      // One name is a prefix of the other, which is where a separator is easily forgotten.
      for (const other of [await open(newNamespace()), await open(`${namespace}-b`)]) {
        await store.put("key", bodyOf("mine"));
        await expectMissing(other, "key");
        await other.put("key", bodyOf("theirs"));
        await expectStored(store, "key", bodyOf("mine"));
        strictEqual(await other.delete("key"), true);
        await expectStored(store, "key", bodyOf("mine"));
      }
    },
  },
  {
    id: "round-trips/many-at-once",
    breaks: "Under load, a request is answered with the value of another.",
    async run({ store }) {
      const keys = Array.from({ length: 50 }, (_, index) => `many/${index}`);
      await Promise.all(keys.map((key) => store.put(key, bodyOf(key))));
      await Promise.all(keys.map((key) => expectStored(store, key, bodyOf(key))));
      deepStrictEqual(new Set(await Promise.all(keys.map((key) => store.delete(key)))), new Set([true]));
    },
  },
  {
    id: "round-trips/modified-at",
    breaks: "Retention removes tasks by a time that is not when they were written.",
    async run({ store }) {
      await store.put("key", bodyOf("a"));
      const found = await store.get("key");
      notStrictEqual(found, null);
      const { modifiedAt } = found ?? {};
      if (modifiedAt === undefined) return;
      // A server's clock may be wrong, but not by days.
      const distanceMs = Math.abs(modifiedAt.getTime() - Date.now());
      if (!(distanceMs < 86_400_000))
        throw fail(`modifiedAt must be when the value was written; it is ${String(modifiedAt)}`);
    },
  },
  {
    id: "round-trips/check",
    breaks: "A health check reports a store that works as broken.",
    async run({ store }) {
      await store.check();
    },
  },
];
