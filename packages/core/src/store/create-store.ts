import { CheckpointError } from "./checkpoint-error.ts";
import type { CheckpointDriver } from "./checkpoint-driver.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { systemClock } from "./clock.ts";
import { assertNodeVersion } from "./node-version.ts";
import { PortableStore } from "./portable-store.ts";
import { positiveInteger } from "./positive-integer.ts";
import { defaultAttemptTimeoutMs } from "./store-options.ts";
import type { StoreOptions } from "./store-options.ts";

/**
 * Makes a portable store of a driver: validates, refuses what is not declared, bounds and repeats requests, settles
 * writes whose answer was lost, and puts errors into words.
 *
 * @throws {CheckpointError} `invalid-argument` if an option is out of range, `unsupported` if Node.js is too old
 * @example
 * ```ts
 * export async function createAcmeStore(options: AcmeStoreOptions): Promise<CheckpointStore> {
 *   return createStore(await AcmeDriver.connect(options), options);
 * }
 * ```
 */
export function createStore(driver: CheckpointDriver, options: StoreOptions = {}): CheckpointStore {
  assertNodeVersion();
  const policy = {
    timeoutMs: positiveInteger("timeoutMs", options.timeoutMs ?? 30_000, driver.backend),
    attemptTimeoutMs: positiveInteger(
      "attemptTimeoutMs",
      options.attemptTimeoutMs ?? defaultAttemptTimeoutMs,
      driver.backend,
    ),
    maxAttempts: positiveInteger("maxAttempts", options.maxAttempts ?? 5, driver.backend),
  };
  const { access = "write" } = options;
  if (access !== "read" && access !== "write") {
    throw new CheckpointError(
      "invalid-argument",
      `${driver.backend}: access is ${JSON.stringify(access)}; expected "read" or "write".`,
      { backend: driver.backend },
    );
  }
  return new PortableStore(driver, policy, systemClock, access === "read");
}
