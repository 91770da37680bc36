import type { Storage } from "@google-cloud/storage";
import type { StoreOptions } from "@holdpoint/core";
import { CheckpointError } from "@holdpoint/core";
import {
  assertPathWithoutUser,
  booleanOption,
  prefixRulesOption,
  readUrlOptions,
  settingOf,
  stateProxyPrefix,
  textOption,
  urlError,
} from "@holdpoint/core/driver";
import type { PrefixRules } from "@holdpoint/core/driver";

/** Options of {@link createGcsStore}. */
export interface GcsStoreOptions extends StoreOptions {
  /** The bucket's name. It must exist. */
  readonly bucket: string;
  /** What the names of all objects start with; a slash is added if there is none at its end. @default "" */
  readonly prefix?: string | undefined;
  /**
   * What comes between the prefix and the keys: `state-proxy` for what a connector of Asya's state proxy has written.
   * @default "holdpoint"
   */
  readonly prefixRules?: PrefixRules | undefined;
  /**
   * The project of the credentials. Objects are found without it; it spares the SDK a search for a project at start.
   *
   * @default what the SDK finds
   */
  readonly projectId?: string | undefined;
  /**
   * Where the service is: an emulator's address, or another endpoint of Google's. Credentials are only sent to
   * `googleapis.com` and its subdomains.
   *
   * @default the environment variable STORAGE_EMULATOR_HOST, which the SDK follows too, else Google's service
   */
  readonly endpoint?: string | undefined;
  /**
   * Use a server that ignores preconditions. Two writers may then overwrite each other without noticing, and a paused
   * task may be resumed twice.
   *
   * @default false
   */
  readonly unsafeAllowMissingPreconditions?: boolean | undefined;
  /**
   * A client to take endpoint and credentials from, instead of `endpoint` and `projectId`. It stays open.
   *
   * @default a new client with Application Default Credentials
   */
  readonly client?: Storage | undefined;
}

/**
 * Reads `gs://bucket/prefix?endpoint=…` and, where it is silent, the environment variables `STATE_BUCKET`,
 * `STATE_PREFIX`, `GCS_PROJECT` and `STORAGE_EMULATOR_HOST`.
 *
 * @throws {CheckpointError} `invalid-argument`
 * @example
 * ```ts
 * parseGcsUrl(new URL("gs://asya-checkpoints/team-a"), process.env); // { bucket: "asya-checkpoints", prefix: "team-a" }
 * ```
 */
export function parseGcsUrl(url: URL, environment: Readonly<Record<string, string | undefined>>): GcsStoreOptions {
  assertPathWithoutUser(url);
  if (url.username !== "" || url.password !== "" || url.port !== "") {
    throw urlError(
      "gs",
      "it has a user, a password or a port; expected gs://bucket/prefix (an emulator's address goes to endpoint=)",
    );
  }
  if (url.hash !== "") throw urlError("gs", 'it has a fragment; write "#" as %23');
  const { endpoint, projectId, ...rest } = readUrlOptions(url, {
    endpoint: textOption,
    prefixRules: prefixRulesOption,
    projectId: textOption,
    unsafeAllowMissingPreconditions: booleanOption,
  });
  const bucket = url.hostname || settingOf(environment, "STATE_BUCKET");
  if (bucket === undefined || bucket === "") {
    throw urlError("gs", "it names no bucket, nor does STATE_BUCKET; expected gs://bucket/prefix");
  }
  return {
    ...rest,
    bucket,
    prefix: decodePath(url.pathname) || settingOf(environment, "STATE_PREFIX"),
    projectId: projectId ?? settingOf(environment, "GCS_PROJECT"),
    endpoint: endpoint ?? settingOf(environment, "STORAGE_EMULATOR_HOST"),
  };
}

function decodePath(pathname: string): string {
  try {
    return decodeURIComponent(pathname.slice(1));
  } catch {
    throw urlError("gs", "its prefix is not percent-encoded UTF-8");
  }
}

/**
 * Whether a string can be a bucket's name.
 *
 * @see https://cloud.google.com/storage/docs/buckets#naming
 * @throws {CheckpointError} `invalid-argument`
 */
export function assertBucketName(bucket: unknown): asserts bucket is string {
  if (typeof bucket === "string" && /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/u.test(bucket)) return;
  throw new CheckpointError(
    "invalid-argument",
    `gcs: ${JSON.stringify(bucket)} is not the name of a bucket; expected 3 to 63 characters of a-z, 0-9, "-", "_" and ".".`,
    { backend: "gcs" },
  );
}

// An object's name has at most 1024 bytes, of which an escaped key takes at most 800.
const maxPrefixBytes = 200;

/**
 * The prefix with the slash at its end.
 *
 * @throws {CheckpointError} `invalid-argument`
 */
export function normalizePrefix(prefix: string, rules: PrefixRules = "holdpoint"): string {
  const normalized = rules === "holdpoint" && prefix.endsWith("/") ? prefix : stateProxyPrefix(prefix, "/");
  const problem =
    Buffer.byteLength(normalized) > maxPrefixBytes
      ? `is longer than ${maxPrefixBytes} bytes`
      : !normalized.isWellFormed() || /[\r\n]/u.test(normalized)
        ? "has a line break or a lone surrogate"
        : normalized.split("/").some((segment) => segment === "." || segment === "..")
          ? 'has a segment "." or ".."'
          : normalized.startsWith(".well-known/acme-challenge/")
            ? "is one that Cloud Storage keeps for itself"
            : undefined;
  if (problem === undefined) return normalized;
  throw new CheckpointError("invalid-argument", `gcs: the prefix ${JSON.stringify(prefix)} ${problem}.`, {
    backend: "gcs",
  });
}

/**
 * The endpoint as an origin with an optional path, without a slash at its end.
 *
 * @throws {CheckpointError} `invalid-argument`; the message does not repeat what may hold a password
 */
export function normalizeEndpoint(endpoint: string): string {
  // As in the SDK for Go; an emulator seldom has TLS.
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//iu.test(endpoint) ? endpoint : `http://${endpoint}`);
  if (
    url === null ||
    !/^https?:$/u.test(url.protocol) ||
    // Also in the path, which is where a password with a slash in it ends up.
    endpoint.includes("@") ||
    url.search !== "" ||
    url.hash !== ""
  ) {
    throw new CheckpointError(
      "invalid-argument",
      "gcs: the endpoint (the option endpoint, or STORAGE_EMULATOR_HOST) is not an address; expected for example http://127.0.0.1:4443, without user and password.",
      { backend: "gcs" },
    );
  }
  // Some SDKs want the path of the JSON API in STORAGE_EMULATOR_HOST, others do not.
  return (url.origin + url.pathname).replace(/\/+$/u, "").replace(/\/storage\/v1$/u, "");
}
