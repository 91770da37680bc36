import type { CheckpointStore } from "@holdpoint/core";
import { CheckpointError } from "@holdpoint/core";

import type { ConformanceCase } from "../conformance-case.ts";
import { bodyOf } from "../expect/body-of.ts";
import { expectMissing, expectStored } from "../expect/expect-body.ts";
import { expectRejection } from "../expect/expect-rejection.ts";
import { fail } from "../expect/fail.ts";
import { settlesWithin } from "../expect/settles-within.ts";
import { WorkerProcess } from "../participants/worker-process.ts";

const promptMs = 5_000;

async function expectClosed(store: CheckpointStore): Promise<void> {
  const operations: Readonly<Record<string, () => Promise<unknown>>> = {
    get: () => store.get("key"),
    put: () => store.put("key", bodyOf("after close")),
    delete: () => store.delete("key"),
    list: () => Array.fromAsync(store.list()),
    check: () => store.check(),
  };
  for (const [name, operate] of Object.entries(operations)) {
    await expectRejection(`${name} after close`, "closed", () =>
      settlesWithin(`${name} after close`, promptMs, operate()),
    );
  }
}

export const lifecycleCases: readonly ConformanceCase[] = [
  {
    id: "lifecycle/use-after-close",
    breaks: "A program that has closed its store goes on with it and hangs, or fails with an error of some library.",
    async run({ store, open }) {
      await store.put("key", bodyOf("a"));
      const other = await open();
      await other.close();
      await expectClosed(other);
      await expectStored(store, "key", bodyOf("a"));
    },
  },
  {
    id: "lifecycle/close-twice",
    breaks: "A program that shuts down on two ways at once, as on a second signal, crashes.",
    async run({ open }) {
      const store = await open();
      await Promise.all([store.close(), store.close()]);
      await store.close();
      await store[Symbol.asyncDispose]();
    },
  },
  {
    id: "lifecycle/close-unused",
    breaks: "A program that opens a store and stops before using it hangs.",
    async run({ open }) {
      const store = await open();
      await settlesWithin("close of a store that was never used", promptMs, store.close());
    },
  },
  {
    id: "lifecycle/await-using",
    breaks: "`await using` does not close the store.",
    async run({ open }) {
      let left: CheckpointStore | undefined;
      {
        await using store = await open();
        await store.put("key", bodyOf("a"));
        left = store;
      }
      await expectClosed(left);
    },
  },
  {
    id: "lifecycle/others-go-on",
    breaks: "When one part of a program closes its store, another part's stops working.",
    async run({ store, open }) {
      const [first, second] = [await open(), await open()];
      await Promise.all([store.put("a", bodyOf("a")), first.put("b", bodyOf("b")), second.put("c", bodyOf("c"))]);
      await first.close();
      await expectStored(second, "b", bodyOf("b"));
      await second.close();
      await expectStored(store, "c", bodyOf("c"));
      await store.delete("b");
      await expectMissing(store, "b");
    },
  },
  {
    id: "lifecycle/close-on-the-way",
    breaks: "A program that shuts down while a request is on its way never ends, or crashes on an unhandled rejection.",
    async run({ store, open }) {
      const closing = await open();
      const operations = [closing.get("key"), closing.put("written", bodyOf("a")), closing.check()];
      const settled = Promise.allSettled(operations);
      await settlesWithin("close while requests are on their way", promptMs, closing.close());
      for (const result of await settlesWithin("a request whose store was closed", 30_000, settled)) {
        if (result.status === "fulfilled" || CheckpointError.is(result.reason)) continue;
        throw fail(
          `a request whose store was closed must reject with a CheckpointError; got ${String(result.reason)}`,
          result.reason,
        );
      }
      const [, put] = await settled;
      if (put?.status === "fulfilled") await expectStored(store, "written", bodyOf("a"));
      await expectClosed(closing);
    },
  },
  {
    id: "lifecycle/process-ends",
    breaks: "An actor that has finished does not end, because its store keeps a socket or a timer.",
    needsHarness: "worker",
    async run({ harness, namespace }) {
      if (harness.worker === undefined) throw fail("the harness has no worker");
      const child = new WorkerProcess(harness.worker);
      try {
        await child.ask({ kind: "use once", namespace });
        await child.exits(promptMs);
      } finally {
        await child.kill();
      }
    },
  },
];
