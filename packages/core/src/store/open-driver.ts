import type { CheckpointDriver } from "./checkpoint-driver.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { createStore } from "./create-store.ts";
import type { StoreOptions } from "./store-options.ts";

/**
 * Makes a store of a driver once the driver's `check` has found that it can be used; closes the driver if it cannot.
 *
 * @throws {CheckpointError} `invalid-argument` if an option is out of range; `unsupported` if Node.js is too old; what
 * the check fails with
 * @example
 * ```ts
 * export async function createAcmeStore(options: AcmeStoreOptions): Promise<CheckpointStore> {
 *   return await openDriver(new AcmeDriver(options), options);
 * }
 * ```
 */
export async function openDriver(driver: CheckpointDriver, options: StoreOptions = {}): Promise<CheckpointStore> {
  try {
    const store = createStore(driver, options);
    await store.check();
    return store;
  } catch (error) {
    // Why the store cannot be opened says more than why it cannot be closed.
    await driver.close().catch(() => undefined);
    throw error;
  }
}
