import type { Storage } from "@google-cloud/storage";
import type { CheckpointBackend, CheckpointStore } from "@holdpoint/core";
import { CheckpointError } from "@holdpoint/core";
import { openDriver, plainServerOf, settingOf } from "@holdpoint/core/driver";

import { GcsBucket } from "./gcs-bucket.ts";
import { GcsDriver } from "./gcs-driver.ts";
import { locationOf, placeOf } from "./gcs-location.ts";
import type { GcsStoreOptions } from "./gcs-options.ts";
import { assertBucketName, normalizeEndpoint, normalizePrefix, parseGcsUrl } from "./gcs-options.ts";
import { objectNames } from "./object-names.ts";
import { GcsTransport } from "./gcs-transport.ts";

export type { GcsStoreOptions } from "./gcs-options.ts";

declare module "@holdpoint/core" {
  interface StoreConfigs {
    gcs: GcsStoreOptions;
  }
}

/**
 * Opens a store in a bucket of Google Cloud Storage, and makes sure that it can be written to.
 *
 * @example
 * ```ts
 * await using store = await createGcsStore({ bucket: "asya-checkpoints", prefix: "team-a" });
 * ```
 * @throws {CheckpointError} `invalid-argument`; `not-found` if there is no such bucket; `permission-denied`, also if no
 * credentials are found; `unsupported` if the server ignores preconditions; `unavailable`, `timeout`
 */
export async function createGcsStore(options: GcsStoreOptions): Promise<CheckpointStore> {
  const client = await createClient(options);
  const endpoint = normalizeEndpoint(client.apiEndpoint);
  const driver = createGcsDriver(options, client, endpoint);
  return await openDriver(driver, options, plainServerOf(endpoint, "Use https: instead of http: in the endpoint."));
}

/** Google Cloud Storage as `openStore` finds it: by the scheme `gs:` or the name `gcs`. */
export const backend: CheckpointBackend<GcsStoreOptions> = {
  name: "gcs",
  schemes: ["gs"],
  parseUrl: parseGcsUrl,
  open: createGcsStore,
  variables: ["STATE_BUCKET", "STATE_PREFIX", "GCS_PROJECT", "STORAGE_EMULATOR_HOST"],
  listPermission: "storage.objects.list",
  placeOf,
};

function createGcsDriver(options: GcsStoreOptions, client: Storage, endpoint: string): GcsDriver {
  const { bucket, unsafeAllowMissingPreconditions = false } = options;
  assertBucketName(bucket);
  const prefix = normalizePrefix(options.prefix ?? "", options.prefixRules);
  const isGoogle = !client.customEndpoint || isGoogleHost(endpoint);
  const transport = new GcsTransport(client);
  return new GcsDriver({
    transport,
    bucket: new GcsBucket(transport, {
      endpoint,
      bucket,
      downloadsByXml: isGoogle && new URL(endpoint).hostname.startsWith("storage."),
    }),
    location: locationOf(options, prefix, client.customEndpoint ? endpoint : undefined),
    prefix,
    names: objectNames(options.prefixRules),
    isGoogle,
    unsafeAllowMissingPreconditions,
    isReadOnly: options.access === "read",
  });
}

async function createClient(options: GcsStoreOptions): Promise<Storage> {
  const { client, projectId } = options;
  if (client !== undefined) {
    if (options.endpoint === undefined && projectId === undefined) return client;
    throw new CheckpointError(
      "invalid-argument",
      "gcs: the options client and endpoint or projectId exclude each other; set them on the client.",
      { backend: "gcs" },
    );
  }
  const given = options.endpoint ?? settingOf(process.env, "STORAGE_EMULATOR_HOST");
  const endpoint = given === undefined ? undefined : normalizeEndpoint(given);
  // Heavy, so it is not loaded by importing this package, nor for a client that has loaded it already.
  const { Storage } = await import("@google-cloud/storage");
  return new Storage({
    ...(projectId === undefined ? {} : { projectId }),
    ...(endpoint === undefined ? {} : { apiEndpoint: endpoint, useAuthWithCustomEndpoint: isGoogleHost(endpoint) }),
  });
}

/** Whether credentials may be sent there. */
function isGoogleHost(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === "https:" && /(?:^|\.)googleapis\.com$/u.test(hostname);
}
