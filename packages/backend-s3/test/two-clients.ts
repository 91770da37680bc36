import type { CheckpointStore } from "@holdpoint/core";
import type { StoreOptions } from "@holdpoint/core";
import type { PrefixRules } from "@holdpoint/core/driver";
import { createS3Store } from "@holdpoint/backend-s3";
import { createMinioStore } from "@holdpoint/backend-s3/minio";

import { anonymousAwsClient, awsClient, credentials, host, minioClient, port } from "./test-server.ts";

/** Where and as what a store is opened. */
export interface TestStoreOptions extends StoreOptions {
  readonly bucket: string;
  readonly prefix?: string;
  readonly prefixRules?: PrefixRules;
  readonly port?: number;
  readonly unsafeAllowMissingPreconditions?: boolean;
}

/** The two backends of this package behind one form, for what must hold for both. */
export const clients = {
  s3: {
    open: ({ port: at = port, ...options }: TestStoreOptions): Promise<CheckpointStore> =>
      createS3Store({ ...options, endpoint: `http://${host}:${at}`, credentials }),
    /** With a client that retries by itself, as both do by default. */
    openWithClient: ({ port: at = port, ...options }: TestStoreOptions): Promise<CheckpointStore> =>
      createS3Store({ ...options, client: awsClient({ endpoint: `http://${host}:${at}`, maxAttempts: 3 }) }),
    openAnonymously: ({ port: at = port, ...options }: TestStoreOptions): Promise<CheckpointStore> =>
      createS3Store({ ...options, client: anonymousAwsClient(`http://${host}:${at}`) }),
  },
  minio: {
    open: ({ port: at = port, ...options }: TestStoreOptions): Promise<CheckpointStore> =>
      createMinioStore({
        ...options,
        host,
        port: at,
        accessKey: credentials.accessKeyId,
        secretKey: credentials.secretAccessKey,
      }),
    openWithClient: ({ port: at = port, ...options }: TestStoreOptions): Promise<CheckpointStore> =>
      createMinioStore({ ...options, client: minioClient({ port: at }) }),
    openAnonymously: ({ port: at = port, ...options }: TestStoreOptions): Promise<CheckpointStore> =>
      createMinioStore({ ...options, client: minioClient({ port: at, anonymous: true }) }),
  },
} as const;

/** The names of {@link clients}. */
export const clientNames = ["s3", "minio"] as const;
