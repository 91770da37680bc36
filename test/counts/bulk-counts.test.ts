import { createPauseLedger } from "@holdpoint/asya";
import { openStore } from "@holdpoint/core";
import { startCountingProxy } from "@holdpoint/test-servers";
import type { CountingProxy } from "@holdpoint/test-servers";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import { copyStore } from "../../packages/cli/src/copy/copy-store.ts";
import type { BulkOperation } from "../../tooling/scale/src/requests.ts";
import { requestsPerTask } from "../../tooling/scale/src/requests.ts";
import { storesUnderTest, temporaryDirectory } from "../every-store.ts";

const tasks = 60;
// With keys for one page: NATS makes a consumer for each of two prefixes, removes it again, and hands out what is deleted
// meanwhile in pages of their own.
const mostRequestsOfAListing = 16;

// Members of a cluster tell clients their own addresses, so what is asked there does not pass a proxy.
const stores = storesUnderTest.filter(({ name }) => name !== "redis (cluster)");

describe.each(stores)("$name", (store) => {
  it.skipIf(store.isMissing)("is asked as often for many tasks as docs/scale.md reckons with", async () => {
    const { address, protocol = "http" } = store;
    await using proxy = await startCountingProxy({ target: address, protocol });
    for (const [name, value] of Object.entries(store.environment)) {
      vi.stubEnv(name, name === "STORAGE_EMULATOR_HOST" ? proxy.url : value);
    }
    onTestFinished(() => void vi.unstubAllEnvs());
    await using opened = await openStore(store.url(proxy.url));
    // The first operations of a connection may bring what later ones need, such as a script's text.
    const { version } = await opened.put("warm-up", new Uint8Array(1));
    await opened.delete("warm-up", opened.capabilities.conditionalDelete ? { ifVersion: version } : {});
    const ledger = createPauseLedger(opened);
    const expectRequests = async (operation: BulkOperation, work: () => Promise<unknown>): Promise<void> => {
      proxy.reset();
      await work();
      const { conditionalDelete } = opened.capabilities;
      const { reads, writes, deletes, listings } = requestsPerTask(operation, conditionalDelete);
      const requests = proxy.count() - tasks * (writes + deletes);
      // PostgreSQL is asked in one statement for what is read at once.
      const least = listings + (protocol === "postgres" ? reads : tasks * reads);
      const most = mostRequestsOfAListing * listings + tasks * reads;
      expect({ operation, requests, isRight: requests >= least && requests <= most }).toMatchObject({ isRight: true });
      if (protocol === "http")
        expect({ operation, ...objectRequests(proxy) }).toEqual({ operation, reads, writes, deletes });
    };

    await expectRequests("pause", () => forAll((id) => ledger.pause(pauseOf(id))));
    await expectRequests("resume", () => forAll((id) => ledger.resume(answerTo(id))));
    await expectRequests("list", () => Array.fromAsync(ledger.list()));
    await using one = await temporaryDirectory();
    await using directory = await openStore(one.url);
    await expectRequests("copyFrom", () => copyStore(opened, directory));
    await expectRequests("prune", () => ledger.prune({ olderThanMs: 0 }));
    // Where nothing was removed, which on NATS is remembered for a while.
    await using empty = await openStore(store.url(proxy.url));
    await expectRequests("copyTo", () => copyStore(directory, empty));
  });
});

async function forAll(work: (id: string) => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: tasks }, (_, index) => work(`task-${index}`)));
}

/** For each task, of an object store. */
function objectRequests(proxy: CountingProxy): { reads: number; writes: number; deletes: number } {
  const count = (pattern: RegExp): number => proxy.requests().filter((request) => pattern.test(request)).length / tasks;
  return {
    reads: count(/^GET [^?]*(?:task-\d+)/u),
    writes: count(/^(?:PUT|POST) /u),
    deletes: count(/^DELETE /u),
  };
}

function pauseOf(id: string) {
  return { id, route: { prev: [], curr: "x-pause", next: ["work"] }, payload: { task: id } };
}

function answerTo(taskId: string) {
  const route = { prev: [], curr: "x-resume", next: [] };
  return { id: `resume-${taskId}`, route, headers: { "x-asya-resume-task": taskId }, payload: { approved: true } };
}
