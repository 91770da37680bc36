import type { StoreOptions } from "@holdpoint/core";
import {
  assertPathWithoutUser,
  booleanOption,
  prefixRulesOption,
  readUrlOptions,
  settingOf,
  textOption,
  urlError,
} from "@holdpoint/core/driver";
import type { PrefixRules } from "@holdpoint/core/driver";
import type { Client } from "minio";

import { readBucketLocation } from "../s3-location.ts";
import type { Environment } from "../s3-location.ts";
import { endpointOfEnvironment } from "../s3-options.ts";

/** Options of {@link createMinioStore}. */
export interface MinioStoreOptions extends StoreOptions {
  readonly bucket: string;
  /** Path within the bucket that the store's objects are under. @default "" */
  readonly prefix?: string | undefined;
  /**
   * What comes between the prefix and the keys: `state-proxy` for what a connector of Asya's state proxy has written.
   * @default "holdpoint"
   */
  readonly prefixRules?: PrefixRules | undefined;
  /** Host name or address of the server. Needed unless there is a `client`. @default none */
  readonly host?: string | undefined;
  /** @default 9000 */
  readonly port?: number | undefined;
  /** Whether the server speaks TLS. @default false */
  readonly tls?: boolean | undefined;
  /** @default "us-east-1", which a server takes unless its own region is set */
  readonly region?: string | undefined;
  /** @default MINIO_ACCESS_KEY, or AWS_ACCESS_KEY_ID */
  readonly accessKey?: string | undefined;
  /** @default MINIO_SECRET_KEY, or AWS_SECRET_ACCESS_KEY */
  readonly secretKey?: string | undefined;
  /** Goes with temporary keys. @default AWS_SESSION_TOKEN, if the keys are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY */
  readonly sessionToken?: string | undefined;
  /**
   * Open a server although it ignores conditional writes. Two processes can then both resume a task.
   *
   * @default false
   */
  readonly unsafeAllowMissingPreconditions?: boolean | undefined;
  /** A client that you already have; it is not closed. Instead of the options from `host` to `sessionToken`. @default a new one */
  readonly client?: Client | undefined;
}

/** What the minio client signs with. */
export type MinioCredentials = Pick<MinioStoreOptions, "accessKey" | "secretKey" | "sessionToken">;

/**
 * Reads a `minio:` URL, and the environment where the URL is silent.
 *
 * @throws {CheckpointError} `invalid-argument`
 * @example
 * ```ts
 * parseMinioUrl(new URL("minio://minio.storage:9000/asya-checkpoints/team-a?tls=true"), process.env);
 * ```
 */
export function parseMinioUrl(url: URL, environment: Environment): MinioStoreOptions {
  assertPathWithoutUser(url);
  const { tls, region, ...options } = readUrlOptions(url, {
    prefixRules: prefixRulesOption,
    region: textOption,
    tls: booleanOption,
    unsafeAllowMissingPreconditions: booleanOption,
  });
  if (url.hash !== "") throw urlError("minio", 'a "#" must be written as %23');
  const server = readServer(url, environment);
  const [, bucket = "", prefix] = /^\/?([^/]*)(?:\/(.*))?$/u.exec(url.pathname) ?? [];
  return {
    ...options,
    ...server,
    ...readBucketLocation("minio", { bucket, prefix }, environment),
    ...readCredentials(url, environment),
    tls: tls ?? server.tls,
    region: region ?? settingOf(environment, "AWS_REGION") ?? settingOf(environment, "AWS_DEFAULT_REGION"),
  };
}

function readServer(url: URL, environment: Environment): Pick<MinioStoreOptions, "host" | "port" | "tls"> {
  if (url.hostname !== "") return { host: url.hostname, port: url.port === "" ? undefined : Number(url.port) };
  const text = endpointOfEnvironment(environment);
  const endpoint = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  if (endpoint?.protocol !== "http:" && endpoint?.protocol !== "https:") {
    throw urlError("minio", "it names no host, and AWS_ENDPOINT_URL is not a URL that begins with http:// or https://");
  }
  const tls = endpoint.protocol === "https:";
  return { host: endpoint.hostname, port: endpoint.port === "" ? (tls ? 443 : 80) : Number(endpoint.port), tls };
}

function readCredentials(url: URL, environment: Environment): MinioCredentials {
  if (url.username === "" && url.password === "") return credentialsOfEnvironment(environment);
  try {
    return { accessKey: decodeURIComponent(url.username), secretKey: decodeURIComponent(url.password) };
  } catch {
    throw urlError("minio", "special characters in the access key and the secret key must be percent-encoded");
  }
}

/** The first pair of variables of which either is set. */
export function credentialsOfEnvironment(environment: Environment): MinioCredentials {
  const accessKey = settingOf(environment, "MINIO_ACCESS_KEY");
  const secretKey = settingOf(environment, "MINIO_SECRET_KEY");
  if (accessKey !== undefined || secretKey !== undefined) return { accessKey, secretKey };
  return {
    accessKey: settingOf(environment, "AWS_ACCESS_KEY_ID"),
    secretKey: settingOf(environment, "AWS_SECRET_ACCESS_KEY"),
    sessionToken: settingOf(environment, "AWS_SESSION_TOKEN"),
  };
}
