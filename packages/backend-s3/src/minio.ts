import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";

import type { CheckpointBackend, CheckpointStore } from "@holdpoint/core";
import { CheckpointError } from "@holdpoint/core";
import { folderPath, openDriver, plainServerOf } from "@holdpoint/core/driver";
import type { Client } from "minio";

import { objectNames } from "./object-names.ts";
import { bucketVariables, listPermission, namePrefixOf, objectServer, pathForPeople } from "./s3-location.ts";
import { MinioObjectClient } from "./minio/minio-client.ts";
import { credentialsOfEnvironment, parseMinioUrl } from "./minio/minio-options.ts";
import type { MinioStoreOptions } from "./minio/minio-options.ts";
import type { SigningCredentials } from "./read-signer.ts";
import { S3Driver } from "./s3-driver.ts";

export type { MinioStoreOptions } from "./minio/minio-options.ts";

declare module "@holdpoint/core" {
  interface StoreConfigs {
    minio: MinioStoreOptions;
  }
}

/**
 * Opens a store in a bucket of MinIO with the `minio` client, and makes sure that it can be used. It keeps the same
 * objects as a store on `s3:`, so that each reads and updates what the other wrote.
 *
 * @example
 * ```ts
 * await using store = await createMinioStore({ host: "minio.storage", bucket: "asya-checkpoints", tls: true });
 * ```
 * @throws {CheckpointError} `invalid-argument` (also if the package `minio` is not installed), `not-found` (no such
 * bucket), `permission-denied`, `unavailable`, `timeout`, `unsupported` (a server that ignores preconditions)
 */
export async function createMinioStore(options: MinioStoreOptions): Promise<CheckpointStore> {
  const { bucket } = options;
  if (typeof bucket !== "string" || bucket === "") throw invalid("bucket is missing");
  const namePrefix = namePrefixOf("minio", options);
  const { client, close, credentials } =
    options.client === undefined ? await connect(options) : lend(options, options.client);
  const host = String(Reflect.get(client, "host")).replace(/^.*:.*$/u, "[$&]");
  const authority = `${host}:${String(Reflect.get(client, "port"))}`;
  const driver = new S3Driver({
    backend: "minio",
    location: `minio://${authority}/${bucket}${pathForPeople(namePrefix, { prefixRules: options.prefixRules })}`,
    client: new MinioObjectClient(client, bucket, close, credentials),
    namePrefix,
    names: objectNames(options.prefixRules),
    unsafeAllowMissingPreconditions: options.unsafeAllowMissingPreconditions ?? false,
    isReadOnly: options.access === "read",
  });
  const plainAddress = options.client === undefined && options.tls !== true ? `http://${authority}` : undefined;
  return await openDriver(driver, options, plainServerOf(plainAddress, "Set tls=true."));
}

/** The backend of `minio:` URLs. */
export const backend: CheckpointBackend<MinioStoreOptions> = {
  name: "minio",
  schemes: ["minio"],
  parseUrl: parseMinioUrl,
  open: createMinioStore,
  variables: [...bucketVariables, "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"],
  listPermission,
  placeOf: (location) => ({
    server: objectServer(location),
    path: folderPath(location.pathname.slice(1), location.searchParams.get("prefixRules")),
  }),
};

interface Connection {
  readonly client: Client;
  readonly close: () => void;
  /** Of a client of our own. */
  readonly credentials?: SigningCredentials;
}

function lend(options: MinioStoreOptions, client: Client): Connection {
  for (const name of ["host", "port", "tls", "region", "accessKey", "secretKey", "sessionToken"] as const) {
    if (options[name] !== undefined) throw invalid(`${name} and client exclude each other: set it on the client`);
  }
  return { client, close: () => undefined };
}

async function connect(options: MinioStoreOptions): Promise<Connection> {
  const { host, port = 9000, tls = false, region = "us-east-1" } = options;
  if (host === undefined || host === "") throw invalid("host is missing");
  const given = options.accessKey !== undefined || options.secretKey !== undefined;
  const { accessKey, secretKey, sessionToken } = given ? options : credentialsOfEnvironment(process.env);
  if (!accessKey || !secretKey) {
    throw invalid(
      "it takes an access key and a secret key: set MINIO_ACCESS_KEY and MINIO_SECRET_KEY, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    );
  }
  const MinioClient = await loadMinio();
  const agent = tls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const close = (): void => agent.destroy();
  try {
    const client = new MinioClient({
      endPoint: host.replace(/^\[(.*)\]$/u, "$1"),
      port,
      useSSL: tls,
      region,
      accessKey,
      secretKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      transportAgent: agent,
    });
    return { client, close, credentials: { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken } };
  } catch (error) {
    close();
    throw invalid((error as Error).message);
  }
}

async function loadMinio(): Promise<typeof Client> {
  try {
    const minio = await import("minio");
    return minio.Client;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new CheckpointError(
      "invalid-argument",
      "minio: the package minio is not installed. Install it beside @holdpoint/backend-s3: npm install minio",
      { backend: "minio", cause: error },
    );
  }
}

function invalid(problem: string): CheckpointError {
  return new CheckpointError("invalid-argument", `minio: cannot open the store: ${problem}.`, { backend: "minio" });
}
