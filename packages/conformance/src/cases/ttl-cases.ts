import { strictEqual } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

import type { CheckpointStore } from "@holdpoint/core";

import type { CaseContext, ConformanceCase } from "../conformance-case.ts";
import { bodyOf } from "../expect/body-of.ts";
import { expectMissing, expectStored } from "../expect/expect-body.ts";
import { expectKeys } from "../expect/expect-keys.ts";
import { expectRejection } from "../expect/expect-rejection.ts";
import { fail } from "../expect/fail.ts";
import { withoutRequest } from "../expect/without-request.ts";

/** Reads until the key is gone: not before its time, and not much later. */
async function expectExpiry(
  { store, settings }: CaseContext,
  key: string,
  writtenAt: number,
  ttlMs = settings.ttlMs,
): Promise<void> {
  for (;;) {
    const askedAt = performance.now();
    const found = await store.get(key);
    const ageMs = performance.now() - writtenAt;
    if (found === null) {
      // Two clocks take part, and a server may count in milliseconds of its own.
      if (ageMs < ttlMs * 0.9)
        throw fail(`${key} must live for ${ttlMs} ms; it was gone after ${Math.round(ageMs)} ms`);
      return;
    }
    if (askedAt - writtenAt > ttlMs + settings.expiryGraceMs) {
      throw fail(`${key} must expire after ${ttlMs} ms; it is still there after ${Math.round(ageMs)} ms`);
    }
    await sleep(Math.min(50, ttlMs / 10));
  }
}

/** Waits until what was written before with the usual ttl must have expired: until a value that was written now has. */
async function usualTtlPasses(context: CaseContext): Promise<void> {
  const { store, settings } = context;
  const writtenAt = performance.now();
  const ttlMs = settings.ttlMs * 1.5;
  await store.put("marker", bodyOf("marker"), { ttlMs: Math.round(ttlMs) });
  await expectExpiry(context, "marker", writtenAt, ttlMs);
}

const longMs = 3_600_000;

export const ttlCases: readonly ConformanceCase[] = [
  {
    id: "ttl/expires",
    breaks: "Resumed tasks pile up for ever, or paused ones vanish early.",
    needs: "ttl",
    async run(context) {
      const { store, settings } = context;
      const { ttlMs } = settings;
      const writtenAt = performance.now();
      await Promise.all([
        store.put("plain", bodyOf("a"), { ttlMs }),
        store.put("created", bodyOf("b"), { ttlMs, ifAbsent: true }),
        store.put("kept", bodyOf("c")),
      ]);
      await Promise.all(["plain", "created"].map((key) => expectExpiry(context, key, writtenAt)));
      await expectStored(store, "kept", bodyOf("c"));
      await expectKeys(store, ["kept"]);
    },
  },
  {
    id: "ttl/expired-is-absent",
    breaks: "The id of an expired task cannot be used again, or an old answer reaches the new task.",
    needs: "ttl",
    async run(context) {
      const { store, settings } = context;
      const { ttlMs } = settings;
      const keys = ["updated", "deleted", "created"];
      const writtenAt = performance.now();
      const written = await Promise.all(keys.map((key) => store.put(key, bodyOf("first"), { ttlMs })));
      await Promise.all(keys.map((key) => expectExpiry(context, key, writtenAt)));
      const ifVersion = written[0]?.version;
      await expectRejection("an update of an expired key", "conflict", () =>
        store.put("updated", bodyOf("2"), { ifVersion }),
      );
      await expectMissing(store, "updated");
      strictEqual(await store.delete("deleted"), false, "delete of an expired key");
      await store.put("created", bodyOf("second"), { ifAbsent: true });
      await expectStored(store, "created", bodyOf("second"));
      await expectKeys(store, ["created"]);
    },
  },
  {
    id: "ttl/conditional-update-sets-it",
    breaks: "A resumed task, which is written with a condition and a time to live, is kept for ever.",
    needs: "ttl",
    async run(context) {
      const { store, settings } = context;
      const { ttlMs } = settings;
      const [never, late] = await Promise.all([
        store.put("never", bodyOf("1")),
        store.put("late", bodyOf("1"), { ttlMs: longMs }),
      ]);
      const writtenAt = performance.now();
      await Promise.all([
        store.put("never", bodyOf("2"), { ttlMs, ifVersion: never.version }),
        store.put("late", bodyOf("2"), { ttlMs, ifVersion: late.version }),
      ]);
      await Promise.all(["never", "late"].map((key) => expectExpiry(context, key, writtenAt)));
    },
  },
  {
    id: "ttl/write-without-clears-it",
    breaks: "A task that is paused again expires with the time to live of its past.",
    needs: "ttl",
    async run(context) {
      const { store, settings } = context;
      const { ttlMs } = settings;
      const conditional = await store.put("conditional", bodyOf("1"), { ttlMs });
      await store.put("plain", bodyOf("1"), { ttlMs });
      await store.put("extended", bodyOf("1"), { ttlMs });
      await store.put("deleted", bodyOf("1"), { ttlMs });
      await store.put("conditional", bodyOf("2"), { ifVersion: conditional.version });
      await store.put("plain", bodyOf("2"));
      await store.put("extended", bodyOf("2"), { ttlMs: longMs });
      await store.delete("deleted");
      await store.put("deleted", bodyOf("2"), { ifAbsent: true });
      await usualTtlPasses(context);
      for (const key of ["conditional", "plain", "extended", "deleted"]) await expectStored(store, key, bodyOf("2"));
    },
  },
  {
    id: "ttl/failed-condition-keeps-it",
    breaks: "An attempt that was refused has changed when the task expires.",
    needs: "ttl",
    async run(context) {
      const { store, settings } = context;
      const { ttlMs } = settings;
      await store.put("kept", bodyOf("1"));
      const writtenAt = performance.now();
      await store.put("expiring", bodyOf("1"), { ttlMs });
      const attempts: [string, Parameters<CheckpointStore["put"]>[2]][] = [
        ["kept", { ttlMs, ifAbsent: true }],
        ["expiring", { ifAbsent: true }],
        ["expiring", { ifAbsent: true, ttlMs: longMs }],
      ];
      for (const [key, options] of attempts) {
        const [attempt] = await Promise.allSettled([store.put(key, bodyOf("2"), options)]);
        // That it must be refused is for the group on conditions to say.
        if (attempt.status === "fulfilled") return;
      }
      await usualTtlPasses(context);
      await expectExpiry(context, "expiring", writtenAt);
      await expectStored(store, "kept", bodyOf("1"));
    },
  },
  {
    id: "ttl/durable-read-keeps-it",
    breaks: "A message that is delivered again keeps its task for ever, or ends it early.",
    needs: "ttl",
    async run(context) {
      const { store, settings } = context;
      await store.put("kept", bodyOf("1"));
      await store.get("kept", { durable: true });
      const writtenAt = performance.now();
      await store.put("expiring", bodyOf("1"), { ttlMs: settings.ttlMs });
      await store.get("expiring", { durable: true });
      await expectExpiry(context, "expiring", writtenAt);
      await usualTtlPasses(context);
      await expectStored(store, "kept", bodyOf("1"));
    },
  },
  {
    id: "ttl/long",
    breaks: "A retention of weeks ends at once, because it does not fit into a timer or a field.",
    needs: "ttl",
    async run(context) {
      const { store } = context;
      const days = [25, 90, 400].map((count) => count * 86_400_000);
      await Promise.all(days.map((ttlMs) => store.put(`for/${ttlMs}`, bodyOf("a"), { ttlMs })));
      await usualTtlPasses(context);
      await Promise.all(days.map((ttlMs) => expectStored(store, `for/${ttlMs}`, bodyOf("a"))));
    },
  },
  {
    id: "ttl/time-left",
    breaks: "A mount says of a file that it stays, and it expires; or the other way round.",
    needs: "ttl",
    async run({ store, settings }) {
      // What was not made of a driver need not have it.
      if (store.timeToLive === undefined) return;
      const { version } = await store.put("expiring", bodyOf("a"), { ttlMs: longMs });
      await store.put("kept", bodyOf("a"));
      const leftMs = await store.timeToLive("expiring");
      // Two clocks take part, and a server may count in seconds.
      if (leftMs === null || leftMs > longMs + settings.expiryGraceMs || leftMs < longMs * 0.9) {
        throw fail(`timeToLive of what was just written for ${longMs} ms must be that; it is ${String(leftMs)}`);
      }
      strictEqual(await store.timeToLive("kept"), Infinity, "timeToLive of what does not expire");
      strictEqual(await store.timeToLive("missing"), null, "timeToLive of what is not there");
      await store.put("expiring", bodyOf("b"), { ifVersion: version });
      strictEqual(await store.timeToLive("expiring"), Infinity, "timeToLive of what expires no more");
      await store.delete("expiring");
      strictEqual(await store.timeToLive("expiring"), null, "timeToLive of what was removed");
    },
  },
  {
    id: "ttl/invalid-is-refused",
    breaks: "A wrong time to live removes a task at once, or keeps it for ever.",
    needs: "ttl",
    async run({ store }) {
      const { version } = await store.put("key", bodyOf("a"));
      for (const value of [0, -1, 0.5, 1.5, Number.NaN, Infinity, -Infinity, 2 ** 60, "1000", null]) {
        const ttlMs = value as number;
        await withoutRequest(`ttlMs ${String(value)}`, () =>
          expectRejection(`put with ttlMs ${String(value)}`, "invalid-argument", () =>
            store.put("key", bodyOf("b"), { ttlMs, ifVersion: version }),
          ),
        );
      }
      await expectStored(store, "key", bodyOf("a"));
    },
  },
];
