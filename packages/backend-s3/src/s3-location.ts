import { CheckpointError } from "@holdpoint/core";
import { serverAddress, settingOf, stateProxyPrefix, urlError } from "@holdpoint/core/driver";
import type { PrefixRules } from "@holdpoint/core/driver";

import { maxObjectNameBytes } from "./s3-key.ts";

const maxNameBytes = 1024;

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The bucket and prefix that a URL's own parts name, and `STATE_BUCKET` and `STATE_PREFIX` where a part is absent.
 * An empty part is absent, except that a path which ends after the bucket's slash names an empty prefix.
 *
 * @throws {CheckpointError} `invalid-argument` if neither names a bucket, or if the text is no percent-encoding
 */
export function readBucketLocation(
  scheme: string,
  parts: { readonly bucket: string; readonly prefix: string | undefined },
  environment: Environment,
): { readonly bucket: string; readonly prefix: string | undefined } {
  const bucket = decodePart(scheme, parts.bucket) || settingOf(environment, "STATE_BUCKET");
  if (bucket === undefined || bucket === "") {
    throw urlError(scheme, "it names no bucket, and STATE_BUCKET is not set either");
  }
  const prefix = parts.prefix === undefined ? settingOf(environment, "STATE_PREFIX") : decodePart(scheme, parts.prefix);
  return { bucket, prefix };
}

function decodePart(scheme: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw urlError(scheme, 'a "%" in its path is not followed by two hexadecimal digits of UTF-8');
  }
}

/**
 * What every object name of a store begins with: nothing, or the prefix and one slash.
 *
 * @throws {CheckpointError} `invalid-argument` for a prefix that some S3 server would not take, or that is too long
 */
export function namePrefixOf(
  backend: string,
  { prefix, prefixRules }: { readonly prefix?: string | undefined; readonly prefixRules?: PrefixRules | undefined },
): string {
  const isProxy = prefixRules === "state-proxy";
  const path = isProxy ? (prefix ?? "") : (prefix ?? "").replaceAll(/^\/+|\/+$/gu, "");
  if (path === "") return "";
  // What a connector has written somewhere, its server takes.
  const problem = prefixProblem(path, isProxy);
  if (problem === undefined) return stateProxyPrefix(path, "/");
  throw new CheckpointError("invalid-argument", `${backend}: the prefix ${JSON.stringify(prefix)} ${problem}.`, {
    backend,
  });
}

function prefixProblem(path: string, anySegments: boolean): string | undefined {
  if (!anySegments && path.split("/").some((segment) => segment === "" || segment === "." || segment === "..")) {
    return 'has a segment that is empty, "." or ".."; MinIO and file-backed servers refuse those';
  }
  if (!path.isWellFormed() || /[\p{Cc}\\]/u.test(path)) return "has a backslash or a character that is not printable";
  const maxBytes = maxNameBytes - maxObjectNameBytes - 1;
  const bytes = Buffer.byteLength(path);
  return bytes > maxBytes ? `has ${bytes} UTF-8 bytes; at most ${maxBytes} leave room for every key` : undefined;
}

/** The variables that both clients look up. */
export const bucketVariables = ["STATE_BUCKET", "STATE_PREFIX", "AWS_REGION", "AWS_DEFAULT_REGION"];

/** What both clients need for listings. */
export const listPermission = "s3:ListBucket on the bucket itself";

/** A server of object storage, whichever client and scheme it is reached with. */
export function objectServer(url: URL): string {
  return `object storage at ${serverAddress(url, url.protocol === "https:" ? 443 : 80)}`;
}

/** An object location for people: the prefix in percent-encoding, without the slash at its end, and the URL's query. */
export function pathForPeople(namePrefix: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const segments = namePrefix.slice(0, -1).split("/").map(encodeURIComponent);
  const path = namePrefix === "" ? "" : `/${segments.join("/")}`;
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return given.length === 0 ? path : `${path}?${given.map(([name, value]) => `${name}=${value}`).join("&")}`;
}
