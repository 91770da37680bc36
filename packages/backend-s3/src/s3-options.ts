import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import type { StoreOptions } from "@holdpoint/core";
import {
  assertPathWithoutUser,
  booleanOption,
  choiceOption,
  prefixRulesOption,
  readUrlOptions,
  settingOf,
  textOption,
  urlError,
} from "@holdpoint/core/driver";
import type { PrefixRules } from "@holdpoint/core/driver";

import { readBucketLocation } from "./s3-location.ts";
import type { Environment } from "./s3-location.ts";

/** Options of {@link createS3Store}. */
export interface S3StoreOptions extends StoreOptions {
  readonly bucket: string;
  /** Path within the bucket that the store's objects are under. @default "" */
  readonly prefix?: string | undefined;
  /**
   * What comes between the prefix and the keys: `state-proxy` for what a connector of Asya's state proxy has written.
   * @default "holdpoint"
   */
  readonly prefixRules?: PrefixRules | undefined;
  /** @default what the SDK finds (AWS_REGION, the profile), or "us-east-1" if there is an `endpoint` */
  readonly region?: string | undefined;
  /** URL of an S3-compatible server. @default what the SDK finds (AWS_ENDPOINT_URL, the profile), or AWS itself */
  readonly endpoint?: string | undefined;
  /** Address the bucket as `endpoint/bucket` rather than as `bucket.endpoint`. @default true if there is an endpoint */
  readonly pathStyle?: boolean | undefined;
  /** @default the SDK's own chain: environment, profile, web identity (IRSA), container, instance */
  readonly credentials?: S3ClientConfig["credentials"] | undefined;
  /** Encryption at rest that is asked for with every write. @default "aws:kms" if there is a `kmsKeyId`, else the bucket's default */
  readonly serverSideEncryption?: "AES256" | "aws:kms" | undefined;
  /** Id, alias or ARN of the KMS key. @default the account's key for S3 */
  readonly kmsKeyId?: string | undefined;
  /**
   * Open a server although it ignores conditional writes. Two processes can then both resume a task.
   *
   * @default false
   */
  readonly unsafeAllowMissingPreconditions?: boolean | undefined;
  /** A client that you already have; it is not closed. Instead of `region`, `endpoint`, `pathStyle` and `credentials`. @default a new one */
  readonly client?: S3Client | undefined;
}

/**
 * Reads an `s3:` URL, and the environment where the URL is silent.
 *
 * @throws {CheckpointError} `invalid-argument`
 * @example
 * ```ts
 * parseS3Url(new URL("s3://asya-checkpoints/team-a?region=eu-west-1"), process.env);
 * ```
 */
export function parseS3Url(url: URL, environment: Environment): S3StoreOptions {
  assertPathWithoutUser(url);
  const options = readUrlOptions(url, {
    prefixRules: prefixRulesOption,
    region: textOption,
    endpoint: textOption,
    pathStyle: booleanOption,
    serverSideEncryption: choiceOption("AES256", "aws:kms"),
    kmsKeyId: textOption,
    unsafeAllowMissingPreconditions: booleanOption,
  });
  if (url.username !== "" || url.password !== "") {
    throw urlError(
      "s3",
      "it may not contain credentials; give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE or a role",
    );
  }
  if (url.port !== "") throw urlError("s3", "its host is a bucket and has no port; the server goes into endpoint=");
  if (url.hash !== "") throw urlError("s3", 'a "#" must be written as %23');
  return {
    ...options,
    ...readBucketLocation(
      "s3",
      { bucket: url.hostname, prefix: url.pathname === "" ? undefined : url.pathname.slice(1) },
      environment,
    ),
    region: options.region ?? settingOf(environment, "AWS_REGION") ?? settingOf(environment, "AWS_DEFAULT_REGION"),
    endpoint: options.endpoint ?? endpointOfEnvironment(environment),
  };
}

/**
 * The endpoint that variables name, in the order of the SDKs.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function endpointOfEnvironment(environment: Environment): string | undefined {
  if (settingOf(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.toLowerCase() === "true") return undefined;
  return settingOf(environment, "AWS_ENDPOINT_URL_S3") ?? settingOf(environment, "AWS_ENDPOINT_URL");
}
