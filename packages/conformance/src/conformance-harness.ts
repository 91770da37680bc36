import type { CheckpointStore, StoreOptions } from "@holdpoint/core";

import type { FaultProxySettings } from "./faults/fault-proxy.ts";

/**
 * How the suite reaches the store under test. Only `open` is required.
 *
 * @throws whatever hinders it: the case that asked for it fails with that
 * @example
 * ```ts
 * const harness: ConformanceHarness = {
 *   open: (namespace, options) => openStore(`acme://shelf-7/${namespace}/`, options),
 *   worker: { module: new URL("./acme-worker.ts", import.meta.url), argument: { shelf: 7 } },
 * };
 * ```
 */
export interface ConformanceHarness {
  /**
   * Opens a fresh client. The same namespace is the same data, also after every client was closed; two namespaces never
   * share data. A namespace is at most 32 characters of `a-z`, `0-9` and `-`. The suite closes what it has opened, and
   * leaves the data behind.
   */
  open(namespace: string, options?: StoreOptions): Promise<CheckpointStore>;

  /**
   * How another process opens the same store. Without it, races run between several clients in one process, and the
   * cases that need a process of their own are left out.
   *
   * @default no other processes
   */
  readonly worker?: ConformanceWorkerModule | undefined;

  /**
   * Damages what is stored under a key in a way that the store must notice, as a failing disk or a stranger would.
   * Give it if stored values have a form of their own that can be damaged.
   *
   * @default the cases about damaged values are left out
   */
  corrupt?(namespace: string, key: string): Promise<void>;

  /**
   * Passwords and tokens that `open` uses. None of them may show in a location or an error.
   *
   * @default []
   */
  readonly secrets?: readonly string[] | undefined;

  /**
   * How the store is reached through a proxy that cuts connections, answers with errors, or falls silent.
   *
   * @default the cases about faults are left out
   */
  readonly faults?: ConformanceFaults | undefined;
}

/**
 * How the suite puts itself between the store and its server.
 *
 * @throws whatever hinders it: the case that asked for it fails with that
 */
export interface ConformanceFaults extends FaultProxySettings {
  /** As {@link ConformanceHarness.open}, with `address` (the target with another host and port) for the server's. */
  open(namespace: string, address: string, options?: StoreOptions): Promise<CheckpointStore>;
  /**
   * How another process opens the store through the proxy at `address`, as {@link ConformanceHarness.worker} without it.
   *
   * @default the histories under faults are those of several clients in one process
   */
  worker?(address: string): ConformanceWorkerModule;
  /**
   * The server's own passing errors that the store must outlive, by the names that the proxy has for them.
   *
   * @default all that the proxy knows of the protocol
   */
  readonly passingErrors?: readonly string[] | undefined;
}

/** A module that exports `openStore(namespace, argument): Promise<CheckpointStore>`. */
export interface ConformanceWorkerModule {
  readonly module: URL;
  /**
   * Given to `openStore` as its second argument; anything that JSON can carry.
   *
   * @default null
   */
  readonly argument?: unknown;
}

/**
 * The signature of `openStore` in the worker's module.
 *
 * @example
 * ```ts
 * export const openStore: OpenWorkerStore = (namespace, argument) => createAcmeStore({ ...(argument as AcmeOptions), namespace });
 * ```
 */
export type OpenWorkerStore = (namespace: string, argument: unknown) => Promise<CheckpointStore>;
