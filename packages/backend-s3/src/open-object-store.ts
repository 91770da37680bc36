import type { CheckpointStore, StoreOptions } from "@holdpoint/core";
import { createStore } from "@holdpoint/core/driver";

import { S3Driver } from "./s3-driver.ts";
import type { S3DriverSettings } from "./s3-driver.ts";

/** Makes a store of an S3 client, after asking the server whether and how it can be used. */
export async function openObjectStore(settings: S3DriverSettings, options: StoreOptions): Promise<CheckpointStore> {
  const driver = new S3Driver(settings);
  try {
    await createStore(driver, options).check();
    // Anew, because a store takes over what its driver declares when it is made, and the check has found that out.
    return createStore(driver, options);
  } catch (error) {
    await driver.close();
    throw error;
  }
}
