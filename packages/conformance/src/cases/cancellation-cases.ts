import { strictEqual } from "node:assert/strict";

import { CheckpointError } from "@holdpoint/core";
import type { CheckpointStore, OperationOptions } from "@holdpoint/core";

import type { ConformanceCase } from "../conformance-case.ts";
import { bodyOf, noiseOf } from "../expect/body-of.ts";
import { expectKeys } from "../expect/expect-keys.ts";
import { expectMissing, expectSameBytes, expectStored } from "../expect/expect-body.ts";
import { expectRejection } from "../expect/expect-rejection.ts";
import { expectUnchanged } from "../expect/expect-unchanged.ts";
import { fail } from "../expect/fail.ts";
import { settlesWithin } from "../expect/settles-within.ts";
import { withoutRequest } from "../expect/without-request.ts";

type Operation = (store: CheckpointStore, options: OperationOptions) => Promise<unknown>;

const operations: Readonly<Record<string, Operation>> = {
  get: (store, options) => store.get("present", options),
  create: (store, options) => store.put("absent", bodyOf("b"), { ifAbsent: true, ...options }),
  overwrite: (store, options) => store.put("present", bodyOf("b"), options),
  delete: (store, options) => store.delete("present", options),
  list: (store, options) => Array.fromAsync(store.list(options)),
  check: (store, options) => store.check(options),
};

// An abort needs no answer from anybody.
const promptMs = 2_000;

/** Lasts as long as a store in memory may need to finish, but no store that has to wait for anybody. */
async function withoutWaiting(): Promise<false> {
  for (let turn = 0; turn < 1000; turn += 1) await Promise.resolve();
  return false;
}

export const cancellationCases: readonly ConformanceCase[] = [
  {
    id: "cancellation/before-the-start",
    breaks: "An actor that is told to stop still changes tasks.",
    async run({ store }) {
      const { version } = await store.put("present", bodyOf("a"));
      const signal = AbortSignal.abort(new Error("told to stop"));
      for (const [name, operate] of Object.entries(operations)) {
        await withoutRequest(`${name} with a signal that has aborted`, async () => {
          const error = await expectRejection(`${name} with a signal that has aborted`, "aborted", () =>
            operate(store, { signal }),
          );
          const outcome = ["create", "overwrite", "delete"].includes(name) ? "not-applied" : undefined;
          strictEqual(error.outcome, outcome, `the outcome of ${name}`);
        });
      }
      await expectUnchanged(store, "present", bodyOf("a"), version);
      await expectKeys(store, ["present"]);
    },
  },
  {
    id: "cancellation/on-the-way",
    breaks: "An actor that is told to stop hangs until the server answers.",
    async run({ store, settings }) {
      const body = noiseOf(Math.min(1024 * 1024, settings.bodyCapBytes, store.capabilities.maxBodyBytes));
      await store.put("large", body);
      const reference = (await store.get("large"))?.body ?? body;
      const onTheWay: Readonly<Record<string, Operation>> = {
        get: (client, options) => client.get("large", options),
        put: (client, options) => client.put("written", body, { ifAbsent: true, ...options }),
        delete: (client, options) => client.delete("never stored", options),
        list: (client, options) => Array.fromAsync(client.list(options)),
        check: (client, options) => client.check(options),
      };
      for (const [name, operate] of Object.entries(onTheWay)) {
        const controller = new AbortController();
        const operation = Promise.allSettled([operate(store, { signal: controller.signal })]);
        controller.abort(new Error("told to stop"));
        const finished = await Promise.race([operation.then(() => true), withoutWaiting()]);
        const [settled] = await settlesWithin(`${name} that was aborted`, promptMs, operation);
        if (settled.status === "fulfilled") {
          if (finished) continue;
          throw fail(`${name} must reject with code aborted once its signal aborts; it went on and resolved`);
        }
        const error = await expectRejection(`${name} that was aborted`, "aborted", () =>
          Promise.reject(settled.reason),
        );
        if (name === "put" && error.outcome === "not-applied") await expectMissing(store, "written");
      }
      const written = await store.get("written");
      if (written !== null) expectSameBytes("a write that was aborted", written.body, reference);
      await expectStored(store, "large", reference);
    },
  },
  {
    id: "cancellation/of-a-listing",
    breaks: "A listing cannot be stopped.",
    async run({ store }) {
      for (const key of ["a", "b", "c"]) await store.put(key, bodyOf(key));
      const controller = new AbortController();
      const iterator = store.list({ signal: controller.signal })[Symbol.asyncIterator]();
      strictEqual((await iterator.next()).done, false);
      controller.abort(new Error("told to stop"));
      await expectRejection("the next entry of an aborted listing", "aborted", () =>
        settlesWithin("an aborted listing", promptMs, iterator.next()),
      );
      await expectKeys(store, ["a", "b", "c"]);
    },
  },
  {
    id: "cancellation/afterwards",
    breaks: "A signal that aborts after the work is done crashes the actor, or signals pile up listeners.",
    async run({ store }) {
      const controller = new AbortController();
      const { signal } = controller;
      for (let round = 0; round < 30; round += 1) {
        await store.put("key", bodyOf(String(round)), { signal });
        await store.get("key", { signal });
      }
      controller.abort(new Error("told to stop"));
      await expectStored(store, "key", bodyOf("29"));
    },
  },
  {
    id: "cancellation/deadline",
    breaks: "An operation with a deadline goes on for long after it.",
    async run({ store }) {
      await store.put("present", bodyOf("a"));
      for (const [name, operate] of Object.entries(operations)) {
        try {
          await settlesWithin(`${name} with a deadline of 1 ms`, promptMs, operate(store, { timeoutMs: 1 }));
        } catch (error) {
          // A server that is quick enough is welcome, also where it only tells what is stored after a write was given up.
          const isUnknown = CheckpointError.is(error) && error.outcome === "unknown";
          if (!CheckpointError.is(error, "timeout") && !CheckpointError.is(error, "conflict") && !isUnknown)
            throw error;
        }
      }
      const long = await store.put("long", bodyOf("a"), { timeoutMs: 2 ** 31 - 1 });
      await expectUnchanged(store, "long", bodyOf("a"), long.version);
    },
  },
  {
    id: "cancellation/invalid-deadline-is-refused",
    breaks: "A wrong setting makes every operation fail at once, or wait for ever.",
    async run({ store, namespace, open }) {
      const { version } = await store.put("present", bodyOf("a"));
      for (const value of [0, -1, 1.5, Number.NaN, Infinity, 2 ** 31, "5", null]) {
        const timeoutMs = value as number;
        for (const [name, operate] of Object.entries(operations)) {
          await withoutRequest(`${name} with timeoutMs ${String(value)}`, () =>
            expectRejection(`${name} with timeoutMs ${String(value)}`, "invalid-argument", () =>
              operate(store, { timeoutMs }),
            ),
          );
        }
      }
      await expectUnchanged(store, "present", bodyOf("a"), version);
      await expectKeys(store, ["present"]);
      for (const options of [{ timeoutMs: 0 }, { attemptTimeoutMs: -1 }, { maxAttempts: 0 }, { maxAttempts: 1.5 }]) {
        await expectRejection(`open with ${JSON.stringify(options)}`, "invalid-argument", () =>
          open(namespace, options),
        );
      }
    },
  },
];
