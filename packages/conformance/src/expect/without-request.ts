import { AsyncLocalStorage } from "node:async_hooks";

import { storeTracing } from "@holdpoint/core";
import type { OperationTrace } from "@holdpoint/core";

import { fail } from "./fail.ts";

// Tells the requests of one caller from those of others that run at the same time.
const callers = new AsyncLocalStorage<symbol>();

/**
 * Runs `work`, during which the store must not send a request. Sees the requests of stores that publish on
 * `storeTracing`, as those made with `createStore` do.
 */
export async function withoutRequest<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const caller = Symbol(what);
  let requests = 0;
  const count = (message: unknown): void => {
    if (callers.getStore() === caller) requests += (message as OperationTrace).attempts;
  };
  storeTracing.asyncEnd.subscribe(count);
  try {
    const result = await callers.run(caller, work);
    if (requests === 0) return result;
  } finally {
    storeTracing.asyncEnd.unsubscribe(count);
  }
  throw fail(`${what} must be refused before any request; ${requests} were sent`);
}
