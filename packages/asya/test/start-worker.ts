import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

import type { WorkerOrder, WorkerReport } from "./ledger-worker.ts";

/** A process that carries out one order at a time. */
export interface LedgerWorker {
  readonly process: ChildProcess;
  /** Resolves to `undefined` if the process is killed with the order in hand. */
  order(order: WorkerOrder): Promise<WorkerReport | undefined>;
  stop(): Promise<void>;
}

/** Starts a worker on a store and waits until it can take orders. */
export async function startWorker(storeUrl: string): Promise<LedgerWorker> {
  const child = fork(new URL("./ledger-worker.ts", import.meta.url), [storeUrl]);
  const ended = once(child, "exit");
  await Promise.race([
    once(child, "message"),
    ended.then(() => {
      throw new Error("the worker ended before it was ready");
    }),
  ]);
  return {
    process: child,
    order: async (order) => {
      const report = once(child, "message").then(([message]) => message as WorkerReport);
      // A worker that was killed a moment ago still counts as connected: the failure to reach it is its end, as below.
      child.send(order, () => undefined);
      return await Promise.race([report, ended.then(() => undefined)]);
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
