import { S3Client } from "@aws-sdk/client-s3";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import type { CheckpointBackend, CheckpointStore } from "@holdpoint/core";
import { CheckpointError } from "@holdpoint/core";
import { folderPath, openDriver, plainServerOf } from "@holdpoint/core/driver";

import { objectNames } from "./object-names.ts";
import { bucketVariables, listPermission, namePrefixOf, objectServer, pathForPeople } from "./s3-location.ts";
import { S3ObjectClient } from "./s3-client.ts";
import { S3Driver } from "./s3-driver.ts";
import { endpointOfEnvironment, parseS3Url } from "./s3-options.ts";
import type { S3StoreOptions } from "./s3-options.ts";

export type { S3StoreOptions } from "./s3-options.ts";

declare module "@holdpoint/core" {
  interface StoreConfigs {
    s3: S3StoreOptions;
  }
}

/**
 * Opens a store in a bucket of AWS S3 or of an S3-compatible server, and makes sure that it can be used.
 *
 * @example
 * ```ts
 * await using store = await createS3Store({ bucket: "asya-checkpoints", prefix: "team-a", region: "eu-west-1" });
 * ```
 * @throws {CheckpointError} `invalid-argument`, `not-found` (no such bucket), `permission-denied`, `unavailable`,
 * `timeout`, `unsupported` (a server that ignores preconditions)
 */
export async function createS3Store(options: S3StoreOptions): Promise<CheckpointStore> {
  const { bucket, client, kmsKeyId } = options;
  if (typeof bucket !== "string" || bucket === "") throw invalid("bucket is missing");
  const namePrefix = namePrefixOf("s3", options);
  if (kmsKeyId !== undefined && options.serverSideEncryption === "AES256") {
    throw invalid('kmsKeyId goes with serverSideEncryption "aws:kms", not "AES256"');
  }
  const config = clientConfig(options);
  const settings = {
    bucket,
    serverSideEncryption: options.serverSideEncryption ?? (kmsKeyId === undefined ? undefined : ("aws:kms" as const)),
    kmsKeyId,
    owned: client === undefined,
  };
  const endpoint = typeof config.endpoint === "string" ? config.endpoint : undefined;
  const { prefixRules } = options;
  const driver = new S3Driver({
    backend: "s3",
    location: `s3://${bucket}${pathForPeople(namePrefix, { endpoint, prefixRules })}`,
    client: new S3ObjectClient(client ?? new S3Client(config), settings),
    namePrefix,
    names: objectNames(prefixRules),
    unsafeAllowMissingPreconditions: options.unsafeAllowMissingPreconditions ?? false,
    isReadOnly: options.access === "read",
  });
  return await openDriver(driver, options, plainServerOf(endpoint, "Use https: instead of http: in the endpoint."));
}

/** The backend of `s3:` URLs. */
export const backend: CheckpointBackend<S3StoreOptions> = {
  name: "s3",
  schemes: ["s3"],
  parseUrl: parseS3Url,
  open: createS3Store,
  variables: [...bucketVariables, "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"],
  listPermission,
  placeOf: ({ hostname, pathname, searchParams }) => {
    const endpoint = searchParams.get("endpoint");
    return {
      server: endpoint === null ? "S3" : objectServer(new URL(endpoint)),
      path: folderPath(hostname + pathname, searchParams.get("prefixRules")),
    };
  },
};

function clientConfig(options: S3StoreOptions): S3ClientConfig {
  const { client, region, credentials, pathStyle } = options;
  if (client !== undefined) {
    for (const name of ["region", "endpoint", "pathStyle", "credentials"] as const) {
      if (options[name] !== undefined) throw invalid(`${name} and client exclude each other: set it on the client`);
    }
    return {};
  }
  const endpoint = options.endpoint ?? endpointOfEnvironment(process.env);
  if (endpoint !== undefined) assertEndpoint(endpoint);
  return {
    // The store retries, because only it can tell its own first attempt from somebody else's write.
    maxAttempts: 1,
    forcePathStyle: pathStyle ?? endpoint !== undefined,
    // By default the SDK adds CRC checksums that many S3-compatible servers refuse or store as part of the body. The
    // body is protected all the same: its SHA-256 is part of the signature, and its length is checked when it is read.
    // https://github.com/aws/aws-sdk-js-v3/issues/6810
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? (endpoint === undefined ? {} : { region: "us-east-1" }) : { region }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

function assertEndpoint(endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw invalid("the endpoint is not a URL that begins with http:// or https://");
  }
  // Also in the path, which is where a password with a slash in it ends up.
  if (endpoint.includes("@")) throw invalid('the endpoint may not contain credentials, nor an "@" elsewhere');
  if (url.search !== "" || url.hash !== "") throw invalid('the endpoint may not contain "?" or "#"');
}

function invalid(problem: string): CheckpointError {
  return new CheckpointError("invalid-argument", `s3: cannot open the store: ${problem}.`, { backend: "s3" });
}
