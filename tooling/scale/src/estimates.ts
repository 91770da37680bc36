import type { ObjectStore } from "./published.ts";
import type { BulkOperation } from "./requests.ts";
import { keysPerPage, requestsPerTask } from "./requests.ts";

/** How long an object store takes for a request of a few kilobytes: an assumption. */
const objectRequestSeconds = 0.03;
/** How many documents a listing, a prune and a copy work on at a time. */
const inFlight = 16;

const bytesPerGib = 2 ** 30;

/** What the requests of an operation cost on an object store, in USD. */
export function requestCost(store: ObjectStore, operation: BulkOperation, tasks: number): number {
  const { reads, writes, listings } = requestsPerTask(operation);
  const perTask = (writes + listings / keysPerPage) * store.thousandWrites + reads * store.thousandReads;
  return (tasks * perTask) / 1_000;
}

/** What it costs to keep so many bytes in an object store for a month, in USD. */
export function storageCost(store: ObjectStore, bytes: number): number {
  return (bytes / bytesPerGib) * store.gibMonth;
}

/** How long an operation takes on an object store with so few requests in flight, which is less than the rates allow. */
export function waitingSeconds(operation: BulkOperation, tasks: number): number {
  const { reads, writes, deletes } = requestsPerTask(operation);
  return (tasks * (reads + writes + deletes) * objectRequestSeconds) / inFlight;
}

/** How long it would take if nothing but the published rates stood in the way. */
export function fastestSeconds(store: ObjectStore, operation: BulkOperation, tasks: number): number {
  const { reads, writes, deletes } = requestsPerTask(operation);
  return tasks * Math.max(reads / store.readsPerSecond, (writes + deletes) / store.writesPerSecond);
}
