import { beginsWithTls } from "./begins-with-tls.ts";
import type { CheckpointDriver } from "./checkpoint-driver.ts";
import { CheckpointError } from "./checkpoint-error.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { createStore } from "./create-store.ts";
import type { PlainServer } from "./plain-server.ts";
import type { StoreOptions } from "./store-options.ts";

/**
 * Makes a store of a driver once the driver's `check` has found that it can be used; closes the driver if it cannot.
 *
 * @param plainServer if the check fails for want of a connection, this server is asked whether it begins with TLS, and
 * then the error says so
 * @throws {CheckpointError} `invalid-argument` if an option is out of range; `unsupported` if Node.js is too old; what
 * the check fails with
 * @example
 * ```ts
 * export async function createAcmeStore(options: AcmeStoreOptions): Promise<CheckpointStore> {
 *   return await openDriver(new AcmeDriver(options), options);
 * }
 * ```
 */
export async function openDriver(
  driver: CheckpointDriver,
  options: StoreOptions = {},
  plainServer?: PlainServer,
): Promise<CheckpointStore> {
  try {
    const store = createStore(driver, options);
    await store.check();
    return store;
  } catch (error) {
    // Why the store cannot be opened says more than why it cannot be closed.
    await driver.close().catch(() => undefined);
    if (plainServer === undefined || !CheckpointError.is(error, "unavailable") || !error.retryable) throw error;
    if (!(await beginsWithTls(plainServer))) throw error;
    throw new CheckpointError(
      "unavailable",
      `${driver.backend}: cannot check at ${driver.location}: the server begins with TLS, and was spoken to without. ${plainServer.remedy}`,
      { backend: driver.backend, operation: "check", cause: error },
    );
  }
}
